// SPDX-License-Identifier: MIT
#include "sandbox/filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sandbox/filter-program.h"
#include "sandbox/filter-rules.h"
#include "sandbox/sandbox.h"
#include "sandbox/spawner-child.h"

// Writes PROGRAM with the run-time VALUES put in, as the kernel takes it. Returns its length, or
// -E2BIG if there is no room for it.
static int fill(const struct filter_program *program, const uint64_t values[FILTER_VALUES],
                struct sock_filter *filter, size_t size) {
    if (program->length > size) {
        return -E2BIG;
    }
    memcpy(filter, program->code, program->length * sizeof(*filter));
    for (size_t i = 0; i < program->n_patches; i++) {
        const struct filter_patch *patch = &program->patches[i];
        uint64_t value = values[patch->from];

        filter[patch->instruction].k = (uint32_t)(patch->high_half ? value >> 32 : value);
    }
    return (int)program->length;
}

int filter_worker_start(uint64_t channel_size, struct sock_filter *filter, size_t size) {
    const uint64_t values[FILTER_VALUES] = {
        [FILTER_CHANNEL_SIZE] = channel_size,
        [FILTER_EXEC_PATH] = (uintptr_t)spawner_exec.path,
        [FILTER_EXEC_ARGUMENTS] = (uintptr_t)spawner_exec.arguments,
        [FILTER_EXEC_ENVIRONMENT] = (uintptr_t)spawner_exec.environment,
    };

    return fill(&filter_program_start, values, filter, size);
}

int sandbox_worker_filter(struct sock_filter *filter, size_t size) {
    const uint64_t values[FILTER_VALUES] = {0};

    return fill(&filter_program_worker, values, filter, size);
}

// Runs in the vfork child: the filter was made beforehand, nothing is allocated here.
int filter_worker_apply(struct confinement *c, const struct layer *layer) {
    struct sock_fprog program = {.len = (unsigned short)c->filter_length,
                                 .filter = (struct sock_filter *)c->filter};

    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
        return layer_fail(c, "seccomp");
    }
    return 0;
}

// A process under filter 1 cannot ask the kernel about it. So the spawner rehearses once: a child
// that makes a forbidden call must be killed for it. Later starts rely on seccomp(2)'s answer.
int filter_worker_verify(struct confinement *c, const struct layer *layer) {
    if (c->rehearsal) {
        (void)syscall(SYS_getppid);
        return -ESTALE;
    }
    return 0;
}

int filter_supervisor(pid_t pid, bool keeps_files, struct sock_filter *filter, size_t size) {
    const uint64_t values[FILTER_VALUES] = {[FILTER_OWN_PID] = (uint64_t)pid};

    return fill(keeps_files ? &filter_program_keeper : &filter_program_supervisor, values, filter,
                size);
}

int filter_supervisor_apply(struct confinement *c, const struct layer *layer) {
    struct sock_filter filter[FILTER_SUPERVISOR_MAX];
    int n = filter_supervisor(getpid(), c->options->state_fd > 0, filter, FILTER_SUPERVISOR_MAX);
    struct sock_fprog program = {.len = (unsigned short)n, .filter = filter};

    if (n < 0) {
        return n;
    }
    // What is refused leaves a line in the audit log.
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program) < 0) {
        return layer_fail(c, "seccomp");
    }
    return 0;
}

int filter_supervisor_verify(struct confinement *c, const struct layer *layer) {
    int mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);

    if (mode != SECCOMP_MODE_FILTER) {
        return mode < 0 ? -errno : -ESTALE;
    }
    CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 ? -ESTALE : errno == EPERM ? 0 : -errno;
}
