// SPDX-License-Identifier: MIT
#include "daemon/network/name-servers.h"

#include <ares.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"

#define PATH "/etc/resolv.conf" /* compiled into c-ares */

void name_servers_init(struct name_servers *servers) {
    *servers = (struct name_servers){0};
    (void)stat(PATH, &servers->seen); /* without a file, any that comes is a change */
}

static bool is_same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int error_of(int status) {
    return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
}

static int copy_servers(ares_channel from, ares_channel to) {
#if ARES_VERSION >= 0x011800
    char *list = ares_get_servers_csv(from);
    int r = list ? error_of(ares_set_servers_ports_csv(to, list)) : -ENOMEM;

    ares_free_string(list);
#else
    struct ares_addr_port_node *list = NULL;
    int r = error_of(ares_get_servers_ports(from, &list));

    if (r == 0) {
        r = error_of(ares_set_servers_ports(to, list));
    }
    ares_free_data(list);
#endif
    return r;
}

// A second channel reads the file and never asks: made by a confined process, it may lack
// /dev/urandom, and the numbers of its queries could be guessed. c-ares takes a file that it cannot
// open for an empty one, and waits for who writes into a pipe, so that is looked at first.
static int take_servers(ares_channel channel, struct stat *ret_seen) {
    CLEANUP_FD int fd = open(PATH, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct ares_options options = {0};
    ares_channel reader = NULL;
    int r = 0;

    if (fd < 0 || fstat(fd, ret_seen) < 0) {
        return -errno;
    }
    if (!S_ISREG(ret_seen->st_mode)) {
        return -EINVAL;
    }
    r = error_of(ares_init_options(&reader, &options, 0));
    if (r == 0) {
        r = copy_servers(reader, channel);
        ares_destroy(reader);
    }
    return r;
}

void name_servers_follow(struct name_servers *servers, struct ares_channeldata *channel) {
    struct stat now = {0};
    int r = 0;

    if (stat(PATH, &now) == 0 && is_same_file(&now, &servers->seen)) {
        return;
    }
    r = take_servers(channel, &now);
    if (r == 0) {
        servers->seen = now;
    } else if (!servers->has_failed) {
        (void)log_errno(r, "cannot read " PATH " anew, the name servers stay as they were");
    }
    servers->has_failed = r < 0;
}
