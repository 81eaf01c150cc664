// SPDX-License-Identifier: MIT
#include "ctl/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

#include "base/log.h"
#include "ctl/verb.h"

int interrupt_open(int *ret_fd) {
    sigset_t set;
    int fd;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0) {
        (void)log_errno(errno, "cannot take signals");
        return CTL_INTERNAL;
    }
    *ret_fd = fd;
    return CTL_DONE;
}
