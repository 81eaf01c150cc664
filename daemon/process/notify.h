// SPDX-License-Identifier: MIT
#pragma once

// What the service manager is told, by the protocol of sd_notify(3): datagrams of NAME=VALUE lines.
// Not libsystemd, whose memory every supervisor would pay for. Where there is no manager, nobody is
// told, and nothing fails.

#include <stdint.h>

struct notify {
    int fd;                 /* -1: there is no manager */
    uint64_t watchdog_usec; /* it wants to hear of us as often as that; 0: it does not */
};
#define NOTIFY_INIT                                                                                \
    { .fd = -1 }

// Connects to $NOTIFY_SOCKET, before confinement takes the right to; reads $WATCHDOG_USEC. One that
// cannot be had is warned of. notify_done() undoes it.
void notify_open(struct notify *notify);
void notify_done(struct notify *notify);

// Sends lines such as "READY=1\nSTATUS=running". Never waits: a manager that has no room for it
// misses it.
void notify_send(const struct notify *notify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
