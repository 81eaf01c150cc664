// SPDX-License-Identifier: MIT
#include "daemon/control-peer.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define GROUP_FILE "/etc/group"

struct control_peers control_peers_now(void) {
    struct control_peers peers = {.starter = getuid()};
    FILE *file = fopen(GROUP_FILE, "re");
    const struct group *group = NULL;

    while (file && (group = fgetgrent(file))) {
        if (strcmp(group->gr_name, CONTROL_GROUP) == 0) {
            peers.group = group->gr_gid;
            peers.has_group = true;
            break;
        }
    }
    if (file) {
        (void)fclose(file);
    }
    return peers;
}

// Whether GROUP is among the supplementary ones.
static int is_member(int fd, gid_t group, bool *ret_member) {
    CLEANUP_FREE gid_t *groups = NULL;
    socklen_t size = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) < 0 && errno != ERANGE) {
        return -errno;
    }
    groups = malloc(size + sizeof(*groups)); // none at all is no failure
    if (!groups) {
        return -ENOMEM;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) {
        return -errno;
    }
    *ret_member = false;
    for (size_t i = 0; i < size / sizeof(*groups); i++) {
        *ret_member |= groups[i] == group;
    }
    return 0;
}

int control_peer_of(int fd, const struct control_peers *peers, struct control_peer *ret_peer) {
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    bool allowed = false;
    int r = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0) {
        return -errno;
    }
    allowed = credentials.uid == 0 || credentials.uid == peers->starter ||
              (peers->has_group && credentials.gid == peers->group);
    if (!allowed && peers->has_group) {
        r = is_member(fd, peers->group, &allowed);
    }
    if (r == 0) {
        *ret_peer = (struct control_peer){credentials.uid, credentials.pid, allowed};
    }
    return r;
}
