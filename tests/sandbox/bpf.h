// SPDX-License-Identifier: MIT
#pragma once

// The part of classic BPF that seccomp filters are made of, run here instead of in the kernel, with
// a memory of what was reached.

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BPF_PROGRAM_MAX 1024u
#define BPF_INVALID 0xdeadu /* no action of seccomp: the program is none that the kernel takes */

struct bpf_program {
    struct sock_filter code[BPF_PROGRAM_MAX];
    size_t length;
    uint32_t reached[BPF_PROGRAM_MAX];
    uint32_t taken[BPF_PROGRAM_MAX]; /* of conditional jumps: how often true; else false */
};

// The verdict on DATA: what the program returns.
uint32_t bpf_run(struct bpf_program *program, const struct seccomp_data *data);

bool bpf_is_condition(const struct sock_filter *instruction);
