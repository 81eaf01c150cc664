// SPDX-License-Identifier: MIT
#include "daemon/control/control-peer.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

#define GROUP_FILE "/etc/group"

// Whether LINE of a uid_map or gid_map, "INSIDE OUTSIDE COUNT", has ID.
static bool has_mapping(const char *line, id_t id) {
    char *end = NULL;
    unsigned long long inside = strtoull(line, &end, 10), count;

    (void)strtoull(end, &end, 10);
    count = strtoull(end, &end, 10);
    return id >= inside && id - inside < count;
}

// Whether our user namespace has ID by MAP (user_namespaces(7)). Where that cannot be told, it has.
static bool is_mapped(const char *map, id_t id) {
    FILE *file = fopen(map, "re");
    bool is_found = !file;
    char line[64];

    while (file && !is_found && fgets(line, sizeof(line), file)) {
        is_found = has_mapping(line, id);
    }
    if (file) {
        (void)fclose(file);
    }
    return is_found;
}

int control_peers_now(struct control_peers *ret_peers) {
    struct control_peers peers = {
        .starter = getuid(),
        .hides_users = !is_mapped("/proc/self/uid_map", CONTROL_HIDDEN),
    };
    FILE *file = fopen(GROUP_FILE, "re");
    const struct group *group = NULL;
    int r = 0;

    if (!file && errno != ENOENT) {
        return -errno;
    }
    while (file && !peers.has_group && (errno = 0, group = fgetgrent(file))) {
        peers.has_group = strcmp(group->gr_name, CONTROL_GROUP) == 0;
        peers.group = group->gr_gid;
    }
    // The end of the file is ENOENT or nothing, by version of the C library.
    r = file && !group && errno != ENOENT ? -errno : 0;
    if (file) {
        (void)fclose(file);
    }
    *ret_peers = peers;
    return r;
}

void control_peers_guard(struct control_peers *peers, int fd) {
    struct sockaddr_un address = {.sun_family = AF_UNSPEC};
    socklen_t size = sizeof(address) - 1; // leaves a NUL behind the path
    struct stat status;

    peers->is_guarded = peers->has_group && !is_mapped("/proc/self/gid_map", peers->group) &&
                        getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
                        address.sun_family == AF_UNIX && address.sun_path[0] == '/' &&
                        stat(address.sun_path, &status) == 0 && S_ISSOCK(status.st_mode) &&
                        status.st_uid == 0 && (status.st_mode & S_IRWXO) == 0;
}

void control_peers_describe(const struct control_peers *peers, uid_t uid,
                            char who[CONTROL_WHO_SIZE]) {
    if (uid != CONTROL_HIDDEN || !peers->hides_users) {
        (void)snprintf(who, CONTROL_WHO_SIZE, "user %u", uid);
    } else if (peers->is_guarded) {
        (void)snprintf(who, CONTROL_WHO_SIZE, "a user of the group " CONTROL_GROUP);
    } else {
        (void)snprintf(who, CONTROL_WHO_SIZE, "a user whose number is hidden");
    }
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
    allowed = peers->is_guarded || credentials.uid == 0 || credentials.uid == peers->starter ||
              (peers->has_group && credentials.gid == peers->group);
    if (!allowed && peers->has_group) {
        r = is_member(fd, peers->group, &allowed);
    }
    if (r == 0) {
        *ret_peer = (struct control_peer){credentials.uid, credentials.pid, allowed};
    }
    return r;
}
