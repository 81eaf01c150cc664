// SPDX-License-Identifier: MIT
#include "tests/sandbox/bpf.h"

#include <string.h>

bool bpf_is_condition(const struct sock_filter *instruction) {
    return BPF_CLASS(instruction->code) == BPF_JMP && BPF_OP(instruction->code) != BPF_JA;
}

static bool compare(const struct sock_filter *instruction, uint32_t accumulator) {
    switch (BPF_OP(instruction->code)) {
    case BPF_JEQ:
        return accumulator == instruction->k;
    case BPF_JGT:
        return accumulator > instruction->k;
    case BPF_JGE:
        return accumulator >= instruction->k;
    default:
        return (accumulator & instruction->k) != 0;
    }
}

// Every instruction that libseccomp makes; each jump leads forward, so that there is an end.
uint32_t bpf_run(struct bpf_program *program, const struct seccomp_data *data) {
    uint32_t accumulator = 0;

    for (size_t at = 0; at < program->length; at++) {
        const struct sock_filter *instruction = &program->code[at];
        bool is_true = false;

        program->reached[at]++;
        switch (instruction->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (instruction->k % 4 != 0 || instruction->k > sizeof(*data) - 4) {
                return BPF_INVALID;
            }
            memcpy(&accumulator, (const char *)data + instruction->k, sizeof(accumulator));
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            accumulator &= instruction->k;
            break;
        case BPF_JMP | BPF_JA:
            at += instruction->k;
            break;
        case BPF_JMP | BPF_JEQ | BPF_K:
        case BPF_JMP | BPF_JGT | BPF_K:
        case BPF_JMP | BPF_JGE | BPF_K:
        case BPF_JMP | BPF_JSET | BPF_K:
            is_true = compare(instruction, accumulator);
            program->taken[at] += is_true;
            at += is_true ? instruction->jt : instruction->jf;
            break;
        case BPF_RET | BPF_K:
            return instruction->k;
        default:
            return BPF_INVALID;
        }
    }
    return BPF_INVALID; /* ran off its end */
}
