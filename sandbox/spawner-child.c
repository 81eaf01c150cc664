// SPDX-License-Identifier: MIT

// The spawner's loop: starts, watches and kills one worker at a time. It holds no capability and
// has the worker's identity; all it knows of the outside is its socket.

#include "sandbox/spawner-child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log-journal.h"
#include "base/memory.h"
#include "base/title.h"
#include "sandbox/filter.h"
#include "sandbox/spawner-message.h"

#define LAUNCH_STACK_SIZE (64u << 10)

static char app_name[sizeof(((struct worker_options *)0)->app)];
static char *const exec_arguments[] = {app_name, NULL};
static char *const exec_environment[] = {NULL};

const struct spawner_exec spawner_exec = {
    .path = "", .arguments = exec_arguments, .environment = exec_environment};

struct spawner_state {
    const struct sandbox_options *options;
    struct worker_options worker;
    bool configured;
    int pidfd; /* of the running worker, or -1 */
    pid_t pid;
    uint32_t generation;
    const char *failed; /* the step that ends this process; NULL: send */
    struct sock_filter filter[FILTER_MAX];
    unsigned filter_length;
};

// What goes between the spawner and its vfork child, in memory that both have.
struct launch {
    struct confinement confinement;
    struct layer_report reports[LAYERS_MAX];
    uint32_t n_reports;
    volatile int error; /* errno of the failed step */
};

static int fail(struct spawner_state *state, const char *step) {
    state->failed = step;
    return -errno;
}

// The vfork child: shares the spawner's memory, so it allocates nothing and ends by exec or exit.
static int launch_child(void *argument) {
    struct launch *launch = argument;
    int r = layers_apply(&launch->confinement, launch->reports, &launch->n_reports);

    if (r < 0) {
        launch->error = -r;
        _exit(1);
    }
    (void)syscall(SYS_execveat, SPAWNER_FD_IMAGE, spawner_exec.path, spawner_exec.arguments,
                  spawner_exec.environment, AT_EMPTY_PATH);
    launch->error = errno;
    _exit(1);
}

// Returns the child's pid once it runs its image or has ended, and *ret_pidfd, owned by the caller.
static pid_t launch_worker(struct launch *launch, int *ret_pidfd) {
    static _Alignas(64) char stack[LAUNCH_STACK_SIZE];
    int pidfd = -1;
    pid_t pid = clone(launch_child, stack + sizeof(stack),
                      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, launch, &pidfd);

    if (pid < 0) {
        return -errno;
    }
    *ret_pidfd = pidfd;
    return pid;
}

static void prepare_launch(const struct spawner_state *state, bool rehearsal,
                           struct launch *ret_launch) {
    *ret_launch = (struct launch){
        .confinement = {.options = state->options,
                        .process = LAYER_WORKER,
                        .worker = &state->worker,
                        .filter = state->filter,
                        .filter_length = state->filter_length,
                        .rehearsal = rehearsal},
    };
}

static uint64_t timeval_usec(const struct timeval *time) {
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

// Waits for the child of PIDFD to end. Returns 0 or -errno. Linux tells what the child has used,
// too, where libc does not ask.
static int reap(int pidfd, siginfo_t *ret_info, uint64_t *ret_cpu_usec) {
    struct rusage usage = {0};

    *ret_info = (siginfo_t){0};
    while (syscall(SYS_waitid, P_PIDFD, pidfd, ret_info, WEXITED, &usage) < 0) {
        if (errno != EINTR) {
            return -errno;
        }
    }
    *ret_cpu_usec = timeval_usec(&usage.ru_utime) + timeval_usec(&usage.ru_stime);
    return 0;
}

static int make_filter(struct spawner_state *state) {
    int n = filter_worker_start(state->worker.channel_size, state->filter, FILTER_MAX);

    if (n < 0) {
        return n;
    }
    state->filter_length = (unsigned)n;
    return 0;
}

// Applies every layer of a worker to a child that then makes a forbidden call. It must be killed
// for it: that is how the filter, which cannot be read back, is verified. Appends to EVENT.
static int rehearse(struct spawner_state *state, struct spawner_event *event) {
    struct launch launch;
    siginfo_t info;
    uint64_t cpu_usec = 0;
    int r = 0;

    state->worker.channel_size = WIRE_CHANNEL_SIZE(WIRE_ARENA_MIN);
    r = make_filter(state);
    if (r < 0) {
        return r;
    }
    prepare_launch(state, true, &launch);
    CLEANUP_FD int pidfd = -1;
    pid_t pid = launch_worker(&launch, &pidfd);

    if (pid < 0) {
        return pid;
    }
    r = reap(pidfd, &info, &cpu_usec);
    if (r < 0) {
        return r;
    }
    bool killed = info.si_code != CLD_EXITED && info.si_status == SIGSYS;

    // The filter's row is the last; its report is missing exactly when the call was deadly.
    if (killed && launch.n_reports < LAYERS_MAX) {
        launch.reports[launch.n_reports++] = (struct layer_report){
            .name = "filter", .state = LAYER_ON, .process = LAYER_WORKER, .required = true};
    }
    for (uint32_t i = 0; i < launch.n_reports && event->n_reports < LAYERS_MAX; i++) {
        event->reports[event->n_reports++] = launch.reports[i];
    }
    return killed ? 0 : launch.error ? -launch.error : -ESTALE;
}

// Returns what is wrong with it, errno saying why, or NULL.
static const char *check_image(int image_fd) {
    struct stat st;

    if (fstat(image_fd, &st) < 0) {
        return "configure: fstat";
    }
    errno = EPERM;
    return st.st_mode & 0444 ? "configure: the image can be read" : NULL;
}

static int configure(struct spawner_state *state, const struct spawner_request *request,
                     int image_fd) {
    const char *wrong = NULL;
    int r = 0;

    if (state->pidfd >= 0 || image_fd < 0) {
        return spawner_say_failure(0, state->pidfd >= 0 ? EBUSY : EBADF, "configure");
    }
    wrong = check_image(image_fd);
    if (wrong) {
        return spawner_say_failure(0, errno, wrong);
    }
    if (image_fd != SPAWNER_FD_IMAGE && dup3(image_fd, SPAWNER_FD_IMAGE, O_CLOEXEC) < 0) {
        return spawner_say_failure(0, errno, "configure: dup3");
    }
    state->worker = request->options;
    state->worker.app[sizeof(state->worker.app) - 1] = '\0';
    memcpy(app_name, state->worker.app, sizeof(app_name));
    title_set("mpyd: spawner %s", app_name);
    r = make_filter(state);
    if (r < 0) {
        return spawner_say_failure(0, r, "configure: filter");
    }
    state->configured = true;
    memory_give_back();
    return 0;
}

static int start(struct spawner_state *state, uint32_t generation) {
    struct spawner_event event = {.kind = SPAWNER_STARTED, .generation = generation};
    struct launch launch;
    siginfo_t info;
    char what[sizeof(event.what)] = "execveat";

    if (!state->configured || state->pidfd >= 0) {
        return spawner_say_failure(generation, state->configured ? EBUSY : EINVAL, "start");
    }
    prepare_launch(state, false, &launch);
    CLEANUP_FD int pidfd = -1;
    pid_t pid = launch_worker(&launch, &pidfd);

    if (pid < 0) {
        return spawner_say_failure(generation, pid, "clone");
    }
    if (launch.error) {
        if (launch.n_reports > 0 && launch.reports[launch.n_reports - 1].state == LAYER_FAILED) {
            layer_describe(&launch.reports[launch.n_reports - 1], what, sizeof(what));
        }
        (void)reap(pidfd, &info, &event.cpu_usec);
        return spawner_say_failure(generation, launch.error, what);
    }
    state->pidfd = steal_fd(&pidfd);
    state->pid = pid;
    state->generation = generation;
    event.pid = pid;
    return spawner_say(&event);
}

static int ended(struct spawner_state *state) {
    struct spawner_event event = {
        .kind = SPAWNER_ENDED, .generation = state->generation, .pid = state->pid};
    siginfo_t info;
    int r = reap(state->pidfd, &info, &event.cpu_usec) < 0 ? fail(state, "waitid") : 0;

    state->pidfd = close_fd(state->pidfd);
    if (r < 0) {
        return r;
    }
    event.code = info.si_code;
    event.status = info.si_status;
    return spawner_say(&event);
}

static void kill_worker(struct spawner_state *state) {
    if (state->pidfd >= 0) {
        (void)syscall(SYS_pidfd_send_signal, state->pidfd, SIGKILL, NULL, 0);
    }
}

// By the clock of its process: there is no /proc here. One that has just ended is told of by its
// end.
static int measure(const struct spawner_state *state) {
    struct spawner_event event = {
        .kind = SPAWNER_USED, .generation = state->generation, .pid = state->pid};
    struct timespec used;
    clockid_t clock;

    if (state->pidfd < 0) {
        return 0;
    }
    event.error = clock_getcpuclockid(state->pid, &clock);
    if (event.error == 0) {
        event.error = clock_gettime(clock, &used) < 0 ? errno : 0;
    }
    if (event.error == 0) {
        event.cpu_usec = (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
    }
    return spawner_say(&event);
}

// Serves one request. Returns 0, -ECONNRESET when the supervisor is gone, or -errno.
static int serve(struct spawner_state *state) {
    struct spawner_request request = {0};
    struct iovec data = {.iov_base = &request, .iov_len = sizeof(request)};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(SPAWNER_FD_SOCKET, &message, MSG_CMSG_CLOEXEC);

    if (n <= 0) {
        return n == 0 ? -ECONNRESET : errno == EINTR ? 0 : fail(state, "recvmsg");
    }
    int fd = spawner_take_descriptor(&message);
    CLEANUP_FD int spare = fd == SPAWNER_FD_IMAGE ? -1 : fd;

    errno = EBADMSG;
    if ((size_t)n != sizeof(request)) {
        return fail(state, "a request");
    }
    switch (request.kind) {
    case SPAWNER_CONFIGURE:
        return configure(state, &request, fd);
    case SPAWNER_START:
        return start(state, request.generation);
    case SPAWNER_KILL:
        kill_worker(state);
        return 0;
    case SPAWNER_MEASURE:
        return measure(state);
    default:
        return fail(state, "a request");
    }
}

static int loop(struct spawner_state *state) {
    int r = 0;

    while (r == 0) {
        struct pollfd sources[] = {{.fd = SPAWNER_FD_SOCKET, .events = POLLIN},
                                   {.fd = state->pidfd, .events = POLLIN}};

        if (poll(sources, 2, -1) < 0) {
            r = errno == EINTR ? 0 : fail(state, "poll");
            continue;
        }
        if (sources[1].revents) {
            r = ended(state);
        }
        if (r == 0 && sources[0].revents) {
            r = serve(state);
        }
    }
    return r;
}

// Confines this process and tells the supervisor, either way.
static int confine(struct spawner_state *state, struct confinement *c) {
    struct spawner_event event = {.kind = SPAWNER_READY};
    int r = layers_apply(c, event.reports, &event.n_reports);

    if (r == 0) {
        r = rehearse(state, &event);
    }
    if (r < 0) {
        const struct layer_report *last =
            event.n_reports > 0 ? &event.reports[event.n_reports - 1] : NULL;

        event.kind = SPAWNER_FAILED;
        event.error = -r;
        (void)snprintf(event.what, sizeof(event.what), "rehearsal");
        if (last && last->state == LAYER_FAILED) {
            layer_describe(last, event.what, sizeof(event.what));
        }
    }
    // Before its row the socket is still at its first number.
    if (c->socket != SPAWNER_FD_SOCKET && dup3(c->socket, SPAWNER_FD_SOCKET, O_CLOEXEC) < 0) {
        return -errno;
    }
    int sent = spawner_say(&event);

    if (r == 0 && sent < 0) {
        (void)spawner_say_failure(0, sent, "send");
    }
    return r < 0 ? r : sent;
}

_Noreturn void spawner_child(struct confinement *confinement) {
    static struct spawner_state state = {.pidfd = -1};

    // Armed at once and again after the change of ids, which takes it back.
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "mpyd-spawner", 0, 0, 0);
    title_set("mpyd: spawner");
    log_journal_forget(); // and leaves the log to standard error
    state.options = confinement->options;
    int r = confine(&state, confinement);

    if (r == 0) {
        r = loop(&state);
        if (r != -ECONNRESET) {
            (void)spawner_say_failure(state.generation, r, state.failed ? state.failed : "send");
        }
    }
    // With a pid namespace this exit is the worker's end; without one the signal is.
    kill_worker(&state);
    _exit(r == -ECONNRESET ? 0 : 1);
}
