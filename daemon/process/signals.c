// SPDX-License-Identifier: MIT
#include "daemon/process/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

// Looks before it reaps: the spawner's number must not be given to another process while
// spawner_done() may still mean it.
static void reap(const struct signals *signals) {
    siginfo_t info;

    for (;;) {
        memset(&info, 0, sizeof(info));
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
            info.si_pid == signals->spawner) {
            return;
        }
        (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}

static int on_signal(void *context, uint32_t events) {
    struct signals *signals = context;
    struct signalfd_siginfo info;

    while (read(signals->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        int r = 0;

        if (info.ssi_signo == SIGCHLD) {
            reap(signals);
        } else {
            r = signals->on_stop(signals->context, (int)info.ssi_signo);
        }
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static void stop_signals(sigset_t *ret_set) {
    (void)sigemptyset(ret_set);
    (void)sigaddset(ret_set, SIGTERM);
    (void)sigaddset(ret_set, SIGINT);
    (void)sigaddset(ret_set, SIGHUP);
    (void)sigaddset(ret_set, SIGCHLD);
}

int signals_block(void) {
    sigset_t set;

    stop_signals(&set);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        return log_errno(errno, "cannot block signals");
    }
    return 0;
}

int signals_init(struct signals *signals, struct loop *loop, pid_t spawner,
                 int (*on_stop)(void *context, int signal), void *context) {
    CLEANUP_FD int fd = -1;
    sigset_t set;
    int r = 0;

    stop_signals(&set);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    *signals =
        (struct signals){.fd = -1, .spawner = spawner, .on_stop = on_stop, .context = context};
    r = source_new(loop, fd, EPOLLIN, on_signal, signals, &signals->source);
    if (r == 0) {
        signals->fd = steal_fd(&fd);
    }
    return r;
}

void signals_done(struct signals *signals) {
    signals->source = source_free(signals->source);
    signals->fd = close_fd(signals->fd);
}
