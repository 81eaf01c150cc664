// SPDX-License-Identifier: MIT
#include "daemon/process/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"

#define TEXT_SIZE 768

// A path, or '@' and an abstract name. Returns the address's length, or 0 for anything else.
static socklen_t make_address(const char *name, struct sockaddr_un *ret_address) {
    size_t size = strlen(name);

    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((name[0] != '/' && name[0] != '@') || size < 2 || size >= sizeof(ret_address->sun_path)) {
        return 0;
    }
    memcpy(ret_address->sun_path, name, size);
    if (name[0] == '@') {
        ret_address->sun_path[0] = '\0';
    }
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

static int connect_to(const char *name, int *ret_fd) {
    struct sockaddr_un address;
    socklen_t size = make_address(name, &address);
    CLEANUP_FD int fd = -1;

    if (size == 0) {
        return -EINVAL;
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) < 0) {
        return -errno;
    }
    *ret_fd = steal_fd(&fd);
    return 0;
}

// $WATCHDOG_PID names whom the manager means, which is not us if somebody started us in between.
static uint64_t read_watchdog(void) {
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    uint64_t number = 0;

    if (!usec ||
        (pid && (parse_u64(pid, 0, INT32_MAX, &number) < 0 || number != (uint64_t)getpid())) ||
        parse_u64(usec, 1, UINT32_MAX, &number) < 0) {
        return 0;
    }
    return number;
}

void notify_open(struct notify *notify) {
    const char *name = getenv("NOTIFY_SOCKET");
    int r = 0;

    *notify = (struct notify)NOTIFY_INIT;
    if (!name) {
        return;
    }
    r = connect_to(name, &notify->fd);
    if (r < 0) {
        log_warning("cannot tell the service manager anything, at $NOTIFY_SOCKET=%s: %s", name,
                    strerror(-r));
        return;
    }
    notify->watchdog_usec = read_watchdog();
}

void notify_done(struct notify *notify) {
    notify->fd = close_fd(notify->fd);
}

void notify_send(const struct notify *notify, const char *format, ...) {
    char text[TEXT_SIZE];
    va_list arguments;
    int n = 0;

    if (notify->fd < 0) {
        return;
    }
    va_start(arguments, format);
    n = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (n > 0) {
        size_t size = (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;

        (void)send(notify->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}
