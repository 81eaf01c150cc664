// SPDX-License-Identifier: MIT
#pragma once

// Who may use the control socket: root, whoever started the supervisor, and members of one group,
// as the kernel says at the time they connect (unix(7)).

#include <stdbool.h>
#include <sys/types.h>

#define CONTROL_GROUP "mpyd"

struct control_peers {
    uid_t starter;
    gid_t group;
    bool has_group; /* there is a group of that name on this machine */
};

struct control_peer {
    uid_t uid;
    pid_t pid;
    bool allowed;
};

// Before the drop: takes the starting user, and looks the group up in /etc/group alone, so that no
// module of the name service is loaded for it. Returns 0 or -errno.
int control_peers_now(struct control_peers *ret_peers);

// Returns 0 or -errno.
int control_peer_of(int fd, const struct control_peers *peers, struct control_peer *ret_peer);
