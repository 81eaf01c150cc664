// SPDX-License-Identifier: MIT
#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sandbox/filter-rules.h"
#include "sandbox/sandbox.h"
#include "sandbox/spawner-child.h"

static void release_context(scmp_filter_ctx *context) {
    if (*context) {
        seccomp_release(*context);
    }
}

static int add_rule(scmp_filter_ctx context, const struct filter_rule *rule,
                    const uint64_t values[FILTER_VALUES]) {
    struct scmp_arg_cmp pins[FILTER_PINS];
    unsigned n = 0;

    for (; n < FILTER_PINS && rule->pins[n].mask != 0; n++) {
        const struct filter_pin *pin = &rule->pins[n];

        pins[n] = (struct scmp_arg_cmp){
            .arg = pin->index,
            .op = SCMP_CMP_MASKED_EQ,
            .datum_a = pin->mask,
            .datum_b = pin->from == FILTER_GIVEN ? pin->value : values[pin->from],
        };
    }
    return seccomp_rule_add_array(context, rule->action, rule->syscall, n, pins);
}

// Returns 0 and a context that the caller releases, or -errno.
static int build(const struct filter_table *table, const uint64_t values[FILTER_VALUES],
                 scmp_filter_ctx *ret_context) {
    CLEANUP(release_context) scmp_filter_ctx context = seccomp_init(table->otherwise);
    int r = 0;

    if (!context) {
        return -ENOMEM;
    }
    // The entries of other architectures (int 0x80, x32) end the process whatever they ask for.
    r = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    // no_new_privs is a layer of its own.
    r = r < 0 ? r : seccomp_attr_set(context, SCMP_FLTATR_CTL_NNP, 0);
    for (size_t i = 0; i < table->n_rules && r >= 0; i++) {
        r = add_rule(context, &table->rules[i], values);
    }
    if (r < 0) {
        return r;
    }
    *ret_context = steal_ptr(&context);
    return 0;
}

// The filter as the kernel takes it. A pipe, because a memfd cannot be written under
// RLIMIT_FSIZE 0; non-blocking, so that one too long for it fails rather than hangs.
static int export(scmp_filter_ctx context, struct sock_filter *filter, size_t size) {
    int ends[2] = {-1, -1};
    int r = 0;

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        return -errno;
    }
    CLEANUP_FD int output = ends[0];
    CLEANUP_FD int input = ends[1];

    r = seccomp_export_bpf(context, input);
    if (r < 0) {
        return r;
    }
    ssize_t n = read(output, filter, size * sizeof(*filter));

    if (n < 0) {
        return -errno;
    }
    // Had it not fitted, something would be left.
    if (n == 0 || (size_t)n == size * sizeof(*filter)) {
        return -E2BIG;
    }
    return (int)((size_t)n / sizeof(*filter));
}

static int make(const struct filter_table *table, const uint64_t values[FILTER_VALUES],
                struct sock_filter *filter, size_t size) {
    CLEANUP(release_context) scmp_filter_ctx context = NULL;
    int r = build(table, values, &context);

    return r < 0 ? r : export(context, filter, size);
}

int filter_worker_start(uint64_t channel_size, struct sock_filter *filter, size_t size) {
    const uint64_t values[FILTER_VALUES] = {
        [FILTER_CHANNEL_SIZE] = channel_size,
        [FILTER_EXEC_PATH] = (uintptr_t)spawner_exec.path,
        [FILTER_EXEC_ARGUMENTS] = (uintptr_t)spawner_exec.arguments,
        [FILTER_EXEC_ENVIRONMENT] = (uintptr_t)spawner_exec.environment,
    };

    return make(&filter_table_start, values, filter, size);
}

int sandbox_worker_filter(struct sock_filter *filter, size_t size) {
    const uint64_t values[FILTER_VALUES] = {0};

    return make(&filter_table_worker, values, filter, size);
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

int filter_supervisor_apply(struct confinement *c, const struct layer *layer) {
    const uint64_t values[FILTER_VALUES] = {[FILTER_OWN_PID] = (uint64_t)getpid()};
    CLEANUP(release_context) scmp_filter_ctx context = NULL;
    int r = build(&filter_table_supervisor, values, &context);

    if (r < 0) {
        (void)snprintf(c->why, sizeof(c->why), "libseccomp");
        return r;
    }
    // What is refused leaves a line in the audit log, where kernel and libseccomp can do so.
    (void)seccomp_attr_set(context, SCMP_FLTATR_CTL_LOG, 1);
    r = seccomp_load(context);
    if (r < 0) {
        (void)snprintf(c->why, sizeof(c->why), "seccomp");
    }
    return r;
}

int filter_supervisor_verify(struct confinement *c, const struct layer *layer) {
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER) {
        return -ESTALE;
    }
    CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 && errno == EPERM ? 0 : -ESTALE;
}
