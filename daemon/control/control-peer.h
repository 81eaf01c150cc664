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
    bool has_group;   /* there is a group of that name on this machine */
    bool is_guarded;  /* whoever could connect is root or of that group: control_peers_guard() */
    bool hides_users; /* our user namespace has no number for most users: all are CONTROL_HIDDEN */
};

#define CONTROL_HIDDEN 65534u /* the overflow uid of user_namespaces(7), as kernels are built */
#define CONTROL_WHO_SIZE 64

struct control_peer {
    uid_t uid;
    pid_t pid;
    bool allowed;
};

// Before the drop: takes the starting user, and looks the group up in /etc/group alone, so that no
// module of the name service is loaded for it. Returns 0 or -errno.
int control_peers_now(struct control_peers *ret_peers);

// Before the drop, for the socket FD that listens. In a user namespace that does not have the
// group, such as PrivateUsers= of systemd.exec(5) makes, nobody is seen to be a member of it; there
// the mode of the socket's file decides, by which the kernel has let the peer connect, if it is
// root's and gives others nothing.
void control_peers_guard(struct control_peers *peers, int fd);

// What is known of the user UID of a client, for messages: "user 1000", or, of one who has no
// number here, whether the mode of the socket lets only the group in.
void control_peers_describe(const struct control_peers *peers, uid_t uid,
                            char who[CONTROL_WHO_SIZE]);

// Returns 0 or -errno.
int control_peer_of(int fd, const struct control_peers *peers, struct control_peer *ret_peer);
