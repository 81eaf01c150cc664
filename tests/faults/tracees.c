// SPDX-License-Identifier: MIT
#include "tests/faults/tracees.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/faults/shared.h"

#define TRACEES_MAX 64
#define GRACE_SEC 5 /* what is left after the supervisor has this long to end */
#define NO_CLOCK 0x7fff
#define OPTIONS                                                                                    \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |      \
     PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)

struct tracee {
    pid_t pid; /* 0: free */
    enum tracees_role role;
    bool is_failing;              /* the call it is in is the one that fails */
    struct user_regs_struct regs; /* as they were when it began */
};

struct tracees {
    const struct tracees_plan *plan;
    FILE *report;
    pid_t supervisor;
    bool is_stopped;      /* asked to, since it did not come to it */
    bool watching;        /* calls still matter: stop at each */
    unsigned long n_seen; /* of the call that is to fail */
    struct tracee all[TRACEES_MAX];
};

static const char *const role_names[TRACEES_ROLES] = {"supervisor", "spawner", "launch"};

bool tracees_parse(const char *text, struct tracees_plan *plan) {
    char role[16], name[32];

    if (sscanf(text, "%15[a-z]:%31[a-z0-9_]:%lu:%d", role, name, &plan->when, &plan->error) != 4) {
        return false;
    }
    plan->number = seccomp_syscall_resolve_name(name);
    plan->has_call = true;
    for (plan->role = 0; plan->role < TRACEES_ROLES; plan->role++) {
        if (strcmp(role, role_names[plan->role]) == 0) {
            return plan->number >= 0;
        }
    }
    return false;
}

static struct tracee *find(struct tracees *tracees, pid_t pid) {
    for (size_t i = 0; i < TRACEES_MAX; i++) {
        if (tracees->all[i].pid == pid) {
            return &tracees->all[i];
        }
    }
    return NULL;
}

static struct tracee *add(struct tracees *tracees, pid_t pid, enum tracees_role role) {
    struct tracee *tracee = find(tracees, 0);

    if (!tracee) {
        (void)fprintf(stderr, "inject: too many processes\n");
        exit(2);
    }
    *tracee = (struct tracee){.pid = pid, .role = role};
    return tracee;
}

// -- a call --------------------------------------------------------------------------------------

enum { NO_OBJECT = -1, DESCRIPTOR = 16 };

// Which argument of a call is a path, or that the first is a descriptor.
static int object_argument(long number) {
    switch (number) {
    case SYS_openat:
    case SYS_newfstatat:
    case SYS_readlinkat:
        return 1;
    case SYS_open:
    case SYS_stat:
    case SYS_lstat:
    case SYS_access:
    case SYS_readlink:
    case SYS_chdir:
    case SYS_memfd_create:
        return 0;
    case SYS_read:
    case SYS_write:
    case SYS_close:
    case SYS_fcntl:
    case SYS_fstat:
    case SYS_ioctl:
    case SYS_lseek:
        return DESCRIPTOR;
    default:
        return NO_OBJECT;
    }
}

static ssize_t read_descriptor(pid_t pid, uint64_t number, char *text, size_t size) {
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, (int)number);
    return readlink(path, text, size);
}

// Not beyond the page: what follows may not be mapped.
static ssize_t read_string(pid_t pid, uint64_t address, char *text, size_t size) {
    size_t left = 4096 - (address & 4095);
    struct iovec here = {.iov_base = text, .iov_len = size};
    struct iovec there = {.iov_base = (void *)(uintptr_t)address,
                          .iov_len = size < left ? size : left};

    return process_vm_readv(pid, &here, 1, &there, 1, 0);
}

static void describe_object(pid_t pid, const struct __ptrace_syscall_info *call, char *text,
                            size_t size) {
    int i = object_argument((long)call->entry.nr);
    ssize_t n = i == NO_OBJECT    ? 0
                : i == DESCRIPTOR ? read_descriptor(pid, call->entry.args[0], text, size - 1)
                                  : read_string(pid, call->entry.args[i], text, size - 1);

    text[n > 0 ? n : 0] = '\0';
    if (call->entry.nr == SYS_newfstatat && text[0] == '\0') { // as libc writes fstat(3)
        n = read_descriptor(pid, call->entry.args[0], text, size - 1);
        text[n > 0 ? n : 0] = '\0';
    }
}

static void report_call(struct tracees *tracees, const char *word, pid_t pid,
                        const struct __ptrace_syscall_info *call) {
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)call->entry.nr);
    char object[256];

    describe_object(pid, call, object, sizeof(object));
    (void)fprintf(tracees->report, "%s %s", word, name ? name : "?");
    for (int i = 0; i < 3; i++) {
        (void)fprintf(tracees->report, " %llx", (unsigned long long)call->entry.args[i]);
    }
    (void)fprintf(tracees->report, " %s\n", object);
    free(name);
}

// clock_gettime(2) of no clock is made in place of the call: every filter lets it pass or answers
// it, and it changes nothing. close(2) closes even if it says that it failed. brk(2) tells its
// failure by the break that there is, so it is asked for that.
static void begin_failure(struct tracee *tracee) {
    struct user_regs_struct regs;

    (void)ptrace(PTRACE_GETREGS, tracee->pid, NULL, &regs);
    tracee->regs = regs;
    tracee->is_failing = true;
    if (regs.orig_rax == SYS_close) {
        return;
    }
    regs.orig_rax = regs.orig_rax == SYS_brk ? SYS_brk : SYS_clock_gettime;
    regs.rdi = NO_CLOCK;
    (void)ptrace(PTRACE_SETREGS, tracee->pid, NULL, &regs);
}

static void end_failure(struct tracee *tracee, int error) {
    struct user_regs_struct regs;

    (void)ptrace(PTRACE_GETREGS, tracee->pid, NULL, &regs);
    tracee->regs.rax =
        tracee->regs.orig_rax == SYS_brk ? regs.rax : (unsigned long long)-(long long)error;
    tracee->is_failing = false;
    (void)ptrace(PTRACE_SETREGS, tracee->pid, NULL, &tracee->regs);
}

static bool counts(const struct tracees *tracees, const struct tracee *tracee,
                   const struct __ptrace_syscall_info *call) {
    const struct tracees_plan *plan = tracees->plan;
    char object[256];

    if (!plan->has_call || tracee->role != plan->role || (int)call->entry.nr != plan->number) {
        return false;
    }
    describe_object(tracee->pid, call, object, sizeof(object));
    return !plan->object || strstr(object, plan->object);
}

static void on_entry(struct tracees *tracees, struct tracee *tracee,
                     const struct __ptrace_syscall_info *call) {
    const struct tracees_plan *plan = tracees->plan;
    char word[64];

    if (plan->list) {
        (void)snprintf(word, sizeof(word), "call %s %llu %llu", role_names[tracee->role],
                       (unsigned long long)plan->faults->n_allocations[FAULTS_SUPERVISOR],
                       (unsigned long long)plan->faults->n_allocations[FAULTS_SPAWNER]);
        report_call(tracees, word, tracee->pid, call);
    }
    if (counts(tracees, tracee, call) && ++tracees->n_seen == plan->when) {
        report_call(tracees, "failed", tracee->pid, call);
        begin_failure(tracee);
    }
}

static void on_call(struct tracees *tracees, struct tracee *tracee) {
    struct __ptrace_syscall_info call;

    if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(call), &call) <= 0) {
        return;
    }
    if (call.op == PTRACE_SYSCALL_INFO_ENTRY) {
        on_entry(tracees, tracee, &call);
    } else if (tracee->is_failing) {
        end_failure(tracee, tracees->plan->error);
        tracees->watching = false;
    }
}

// -- processes -----------------------------------------------------------------------------------

static void report_descriptors(struct tracees *tracees) {
    char path[300], what[256];
    DIR *folder;

    (void)snprintf(path, sizeof(path), "/proc/%d/fd", tracees->supervisor);
    folder = opendir(path);
    for (struct dirent *entry = folder ? readdir(folder) : NULL; entry; entry = readdir(folder)) {
        ssize_t n = readlinkat(dirfd(folder), entry->d_name, what, sizeof(what) - 1);

        if (n > 0) {
            what[n] = '\0';
            (void)fprintf(tracees->report, "descriptor %s %s\n", entry->d_name, what);
        }
    }
    if (folder) {
        (void)closedir(folder);
    }
}

static void go_on(const struct tracees *tracees, const struct tracee *tracee, int signal_number) {
    (void)ptrace(tracees->watching ? PTRACE_SYSCALL : PTRACE_CONT, tracee->pid, NULL,
                 (void *)(intptr_t)signal_number);
}

// A child may stop before its parent's stop tells whose child it is, and stays stopped until then.
static void on_child(struct tracees *tracees, const struct tracee *parent) {
    unsigned long pid = 0;
    struct tracee *child;

    (void)ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid);
    child = find(tracees, (pid_t)pid);
    if (!child) {
        child = add(tracees, (pid_t)pid, TRACEES_ROLES);
    } else {
        go_on(tracees, child, 0);
    }
    child->role = parent->role == TRACEES_SUPERVISOR ? TRACEES_SPAWNER : TRACEES_LAUNCH;
}

// The worker runs the image's code: no business of ours.
static void let_go(struct tracee *tracee) {
    (void)ptrace(PTRACE_DETACH, tracee->pid, NULL, NULL);
    tracee->pid = 0;
}

static void on_event(struct tracees *tracees, struct tracee *tracee, int event) {
    switch (event) {
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        on_child(tracees, tracee);
        break;
    case PTRACE_EVENT_EXEC:
        if (tracee->role == TRACEES_LAUNCH) {
            let_go(tracee);
            return;
        }
        break;
    case PTRACE_EVENT_EXIT:
        if (tracee->pid == tracees->supervisor) {
            report_descriptors(tracees);
        }
        break;
    default:
        break;
    }
    go_on(tracees, tracee, 0);
}

static void on_stop(struct tracees *tracees, pid_t pid, int status) {
    struct tracee *tracee = find(tracees, pid);
    int event = status >> 16;
    int signal_number = WSTOPSIG(status);

    if (!tracee) {
        add(tracees, pid, TRACEES_ROLES);
    } else if (event == PTRACE_EVENT_STOP) {
        go_on(tracees, tracee, 0);
    } else if (event) {
        on_event(tracees, tracee, event);
    } else if (signal_number == (SIGTRAP | 0x80)) {
        on_call(tracees, tracee);
        go_on(tracees, tracee, 0);
    } else {
        go_on(tracees, tracee, signal_number);
    }
}

static void on_end(struct tracees *tracees, pid_t pid, int status) {
    struct tracee *tracee = find(tracees, pid);

    if (tracee) {
        tracee->pid = 0;
    }
    if (pid == tracees->supervisor) {
        tracees->supervisor = -1;
        (void)fprintf(tracees->report, "%s %d\n", WIFEXITED(status) ? "exit" : "signal",
                      WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        (void)alarm(GRACE_SEC);
    }
}

// All that is left are children of ours by now, those that lost their parent among them.
static void kill_rest(struct tracees *tracees, const char *word) {
    char path[64];
    FILE *children;
    int pid = 0;

    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
    children = fopen(path, "re");
    while (children && fscanf(children, "%d", &pid) == 1) {
        (void)fprintf(tracees->report, "%s %d\n", word, pid);
        (void)kill(pid, SIGKILL);
    }
    if (children) {
        (void)fclose(children);
    }
}

static void on_deadline(struct tracees *tracees) {
    if (tracees->plan->stops && !tracees->is_stopped && tracees->supervisor > 0) {
        tracees->is_stopped = true;
        (void)kill(tracees->supervisor, SIGTERM);
        (void)alarm(2 * GRACE_SEC);
        return;
    }
    kill_rest(tracees, tracees->supervisor > 0 ? "hang" : "left");
    (void)alarm(GRACE_SEC); // again, for who comes to us by the end of another
}

static void begin(struct tracees *tracees) {
    int status = 0;

    if (waitpid(tracees->supervisor, &status, WUNTRACED) < 0 || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SEIZE, tracees->supervisor, NULL, OPTIONS) < 0) {
        perror("inject: ptrace");
        exit(2);
    }
    add(tracees, tracees->supervisor, TRACEES_SUPERVISOR);
    (void)kill(tracees->supervisor, SIGCONT);
}

void tracees_run(pid_t pid, const struct tracees_plan *plan, FILE *report) {
    struct tracees tracees = {.plan = plan,
                              .report = report,
                              .supervisor = pid,
                              .watching = plan->list || plan->has_call};
    pid_t who = 0;
    int status = 0;

    begin(&tracees);
    while ((who = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (who < 0) {
            on_deadline(&tracees);
        } else if (WIFSTOPPED(status)) {
            on_stop(&tracees, who, status);
        } else {
            on_end(&tracees, who, status);
        }
    }
}
