// SPDX-License-Identifier: MIT
#include "sandbox/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/spawner-child.h"

// The value of a limit that depends on the app.
#define LIMIT_MEMORY ((rlim_t)-2)
#define LIMIT_STACK ((rlim_t)-3)

static const struct limit {
    enum layer_process process;
    int resource;
    rlim_t value;
} limits[] = {
    {LAYER_SPAWNER, RLIMIT_NOFILE, 16},
    {LAYER_SPAWNER, RLIMIT_FSIZE, 0},
    /* Not 0: core(5), a core_pattern that pipes ignores every value but 1. */
    {LAYER_SPAWNER, RLIMIT_CORE, 1},
    {LAYER_SPAWNER, RLIMIT_MEMLOCK, 0},
    {LAYER_SPAWNER, RLIMIT_MSGQUEUE, 0},
    {LAYER_SPAWNER, RLIMIT_RTPRIO, 0},
    {LAYER_SPAWNER, RLIMIT_LOCKS, 0},
    /* Counted per id: in the spawner it would forbid the worker itself. */
    {LAYER_WORKER, RLIMIT_NPROC, 0},
    {LAYER_WORKER, RLIMIT_NOFILE, 4},
    {LAYER_WORKER, RLIMIT_AS, LIMIT_MEMORY},
    {LAYER_WORKER, RLIMIT_STACK, LIMIT_STACK},
};

// The value to set, never above the hard limit that is there already.
static int wanted_limit(const struct confinement *c, const struct limit *limit,
                        struct rlimit *ret_wanted) {
    struct rlimit now;
    rlim_t value = limit->value;

    if (value == LIMIT_MEMORY) {
        value = c->worker->memory_limit ? c->worker->memory_limit : RLIM_INFINITY;
    } else if (value == LIMIT_STACK) {
        value = c->worker->stack_limit ? c->worker->stack_limit : RLIM_INFINITY;
    }
    if (getrlimit((__rlimit_resource_t)limit->resource, &now) < 0) {
        return -errno;
    }
    value = value < now.rlim_max ? value : now.rlim_max;
    *ret_wanted = (struct rlimit){.rlim_cur = value, .rlim_max = value};
    return 0;
}

int limits_apply(struct confinement *c, const struct layer *layer) {
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct rlimit wanted;

        if (limits[i].process != c->process) {
            continue;
        }
        if (wanted_limit(c, &limits[i], &wanted) < 0 ||
            setrlimit((__rlimit_resource_t)limits[i].resource, &wanted) < 0) {
            return layer_fail(c, "setrlimit");
        }
    }
    return 0;
}

int limits_verify(struct confinement *c, const struct layer *layer) {
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct rlimit now = {0}, wanted = {0};

        if (limits[i].process != c->process) {
            continue;
        }
        if (wanted_limit(c, &limits[i], &wanted) < 0 ||
            getrlimit((__rlimit_resource_t)limits[i].resource, &now) < 0) {
            return -errno;
        }
        if (now.rlim_cur != wanted.rlim_cur || now.rlim_max != wanted.rlim_max) {
            return -ESTALE;
        }
    }
    return 0;
}

int cpu_apply(struct confinement *c, const struct layer *layer) {
    cpu_set_t set;

    if (c->options->cpu < 0) {
        (void)snprintf(c->why, sizeof(c->why), "not asked for");
        return LAYER_SKIP;
    }
    CPU_ZERO(&set);
    CPU_SET((size_t)c->options->cpu, &set);
    return sched_setaffinity(0, sizeof(set), &set) < 0 ? layer_fail(c, "sched_setaffinity") : 0;
}

int cpu_verify(struct confinement *c, const struct layer *layer) {
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) < 0) {
        return -errno;
    }
    return CPU_COUNT(&set) == 1 && CPU_ISSET((size_t)c->options->cpu, &set) ? 0 : -ESTALE;
}

// Moves each descriptor to its number, by way of numbers that none of them needs, and closes all
// else. The worker's four are the only ones without close-on-exec: exec itself drops the rest.
int descriptors_apply(struct confinement *c, const struct layer *layer) {
    int from[] = {[WIRE_FD_SLEEP] = c->descriptors->sleep,
                  [WIRE_FD_RING] = c->descriptors->ring,
                  [WIRE_FD_CHANNEL] = c->descriptors->channel,
                  [WIRE_FD_KERNEL] = c->descriptors->kernel,
                  [SPAWNER_FD_SOCKET] = c->socket};
    int n = sizeof(from) / sizeof(from[0]);

    for (int i = 0; i < n; i++) {
        from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, n);
        if (from[i] < 0) {
            return layer_fail(c, "fcntl F_DUPFD_CLOEXEC");
        }
    }
    for (int i = 0; i < n; i++) {
        if (dup3(from[i], i, i == SPAWNER_FD_SOCKET ? O_CLOEXEC : 0) < 0) {
            return layer_fail(c, "dup3");
        }
    }
    c->socket = SPAWNER_FD_SOCKET;
    return fd_close_from((unsigned)n) < 0 ? layer_fail(c, "close_range") : 0;
}

int descriptors_verify(struct confinement *c, const struct layer *layer) {
    DIR *directory = opendir("/proc/self/fd");
    int n = 0;

    if (!directory) {
        return layer_fail(c, "open /proc/self/fd");
    }
    errno = 0;
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        n += entry->d_name[0] != '.';
    }
    int error = errno;

    (void)closedir(directory);
    if (error) {
        return -error;
    }
    return n == SPAWNER_FD_SOCKET + 1 + 1 /* the directory */ ? 0 : -ESTALE;
}

int session_apply(struct confinement *c, const struct layer *layer) {
    sigset_t none;

    for (int i = 1; i < NSIG; i++) {
        (void)signal(i, SIG_DFL); /* fails for SIGKILL, SIGSTOP and libc's own */
    }
    (void)sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0) {
        return layer_fail(c, "sigprocmask");
    }
    return setsid() < 0 ? layer_fail(c, "setsid") : 0;
}

int session_verify(struct confinement *c, const struct layer *layer) {
    struct sigaction action;
    sigset_t mask;

    pid_t session = getsid(0);

    if (session < 0 || sigprocmask(SIG_SETMASK, NULL, &mask) < 0) {
        return -errno;
    }
    if (session != getpid()) {
        return -ESTALE;
    }
    for (int i = 1; i < NSIG; i++) {
        if (sigismember(&mask, i) == 1 ||
            (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL)) {
            return -ESTALE;
        }
    }
    return 0;
}

int parent_death_apply(struct confinement *c, const struct layer *layer) {
    return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? layer_fail(c, "PR_SET_PDEATHSIG") : 0;
}

int parent_death_verify(struct confinement *c, const struct layer *layer) {
    int signal_number = 0;

    if (prctl(PR_GET_PDEATHSIG, &signal_number, 0, 0, 0) < 0) {
        return -errno;
    }
    return signal_number == SIGKILL ? 0 : -ESTALE;
}
