// SPDX-License-Identifier: MIT

// The supervisor's side: forks the spawner, asks it, and hears from it. One message a datagram.

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "sandbox/namespaces.h"
#include "sandbox/spawner-child.h"

#define SPAWNER_END_MSEC 1000 /* it has nothing to do but exit, and to kill its worker */

// A misspelt name must not pass as one layer made optional, nor go unnoticed.
static int check_optional(const char *optional) {
    for (const char *at = optional; at && *at; at += strspn(at, ", ")) {
        size_t n = strcspn(at, ", ");

        if (n > 0 && !sandbox_is_layer(at, n)) {
            log_error("no layer of the sandbox is called %.*s", (int)n, at);
            return -EINVAL;
        }
        at += n;
    }
    return 0;
}

int spawner_fork(const struct sandbox_options *options,
                 const struct spawner_descriptors *descriptors, struct spawner *ret_spawner) {
    int ends[2] = {-1, -1};
    struct confinement confinement = {
        .options = options,
        .process = LAYER_SPAWNER,
        .root = geteuid() == 0,
        .uid = geteuid() == 0 ? options->worker_uid : getuid(),
        .gid = geteuid() == 0 ? (gid_t)options->worker_uid : getgid(),
        .descriptors = descriptors,
    };
    pid_t pid = -1;
    int r = check_optional(options->optional);

    if (r < 0) {
        return r;
    }
    if (confinement.root && (options->worker_uid == 0 || options->supervisor_uid == 0 ||
                             options->worker_uid == options->supervisor_uid)) {
        return log_errno(EINVAL, "supervisor and worker need an id each, neither of them root's");
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
        return log_errno(errno, "spawner: socketpair");
    }
    CLEANUP_FD int ours = ends[0];
    CLEANUP_FD int theirs = ends[1];
    CLEANUP_FD int pidfd = -1;

    confinement.socket = theirs;
    pid = namespaces_clone(&confinement, &pidfd);
    if (pid == 0) {
        spawner_child(&confinement);
    }
    if (pid < 0) {
        return pid;
    }
    *ret_spawner =
        (struct spawner){.socket = steal_fd(&ours), .pid = pid, .pidfd = steal_fd(&pidfd)};
    return 0;
}

// The end of the socket ends the spawner. A signal may not reach it (another id, Landlock's scope);
// neither may the parent-death signal, sent with our credentials. A spawner that somebody stopped
// (SIGSTOP) ends when it goes on.
void spawner_done(struct spawner *spawner) {
    struct pollfd ended = {.fd = spawner->pidfd, .events = POLLIN};

    if (spawner->pid <= 0) {
        return;
    }
    spawner->socket = close_fd(spawner->socket);
    while (poll(&ended, 1, SPAWNER_END_MSEC) < 0 && errno == EINTR) {
    }
    if (!ended.revents) {
        (void)syscall(SYS_pidfd_send_signal, spawner->pidfd, SIGKILL, NULL, 0);
        (void)poll(&ended, 1, SPAWNER_END_MSEC);
    }
    (void)waitpid(spawner->pid, NULL, WNOHANG);
    spawner->pidfd = close_fd(spawner->pidfd);
    spawner->pid = -1;
}

static int send_request(struct spawner *spawner, const struct spawner_request *request, int fd) {
    struct iovec data = {.iov_base = (void *)request, .iov_len = sizeof(*request)};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};

    if (fd >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    }
    return sendmsg(spawner->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

// exec of a file that the worker may not read leaves it not dumpable: no core file, no ptrace and
// no /proc/PID/mem by its own id. Reading through descriptors that are open goes on.
static int take_reading_away(int image_fd) {
    struct stat st;

    if (fstat(image_fd, &st) < 0) {
        return -errno;
    }
    if ((st.st_mode & 07777) == SPAWNER_IMAGE_MODE) {
        return 0;
    }
    return fchmod(image_fd, SPAWNER_IMAGE_MODE) < 0 ? -errno : 0;
}

int spawner_configure(struct spawner *spawner, int image_fd, const struct worker_options *options) {
    struct spawner_request request = {.kind = SPAWNER_CONFIGURE, .options = *options};
    int r = take_reading_away(image_fd);

    return r < 0 ? r : send_request(spawner, &request, image_fd);
}

int spawner_start(struct spawner *spawner, uint32_t generation) {
    struct spawner_request request = {.kind = SPAWNER_START, .generation = generation};

    return send_request(spawner, &request, -1);
}

int spawner_kill(struct spawner *spawner) {
    struct spawner_request request = {.kind = SPAWNER_KILL};

    return send_request(spawner, &request, -1);
}

int spawner_measure(struct spawner *spawner) {
    struct spawner_request request = {.kind = SPAWNER_MEASURE};

    return send_request(spawner, &request, -1);
}

// They go to the log: what a spawner in wrong hands says must not be able to forge lines there.
static void make_printable(char *text, size_t size) {
    text[size - 1] = '\0';
    for (; *text; text++) {
        if (*text < ' ' || *text > '~') {
            *text = '?';
        }
    }
}

int spawner_receive(struct spawner *spawner, struct spawner_event *ret_event) {
    struct spawner_event event = {0};
    ssize_t n = recv(spawner->socket, &event, sizeof(event), MSG_DONTWAIT | MSG_TRUNC);

    // That it went without reading all requests is told once, ahead of what it had still said.
    if (n < 0 && errno == ECONNRESET) {
        n = recv(spawner->socket, &event, sizeof(event), MSG_DONTWAIT | MSG_TRUNC);
    }
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    if (n == 0) {
        return -ECONNRESET;
    }
    if ((size_t)n < offsetof(struct spawner_event, reports) || event.n_reports > LAYERS_MAX ||
        (size_t)n !=
            offsetof(struct spawner_event, reports) + event.n_reports * sizeof(event.reports[0])) {
        return -EBADMSG;
    }
    make_printable(event.what, sizeof(event.what));
    for (uint32_t i = 0; i < event.n_reports; i++) {
        make_printable(event.reports[i].name, sizeof(event.reports[i].name));
        make_printable(event.reports[i].why, sizeof(event.reports[i].why));
    }
    *ret_event = event;
    return 1;
}
