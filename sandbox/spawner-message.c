// SPDX-License-Identifier: MIT
#include "sandbox/spawner-message.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sandbox/spawner-child.h"

int spawner_say(const struct spawner_event *event) {
    size_t size =
        offsetof(struct spawner_event, reports) + event->n_reports * sizeof(event->reports[0]);

    while (send(SPAWNER_FD_SOCKET, event, size, MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

int spawner_say_failure(uint32_t generation, int error, const char *what) {
    struct spawner_event event = {
        .kind = SPAWNER_FAILED, .generation = generation, .error = abs(error)};

    (void)snprintf(event.what, sizeof(event.what), "%s", what);
    return spawner_say(&event);
}

int spawner_take_descriptor(struct msghdr *message) {
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    int fd = -1;

    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int))) {
        memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    }
    return fd;
}
