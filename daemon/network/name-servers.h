// SPDX-License-Identifier: MIT
#pragma once

// The system's name servers, as /etc/resolv.conf has them: resolver managers rewrite it when the
// machine moves to another network.

#include <stdbool.h>
#include <sys/stat.h>

struct ares_channeldata;

struct name_servers {
    struct stat seen; /* of the file, when its servers were taken */
    bool has_failed;  /* and was told */
};

// Notes how the file is now. Call it before CHANNEL is made, so that no change is missed.
void name_servers_init(struct name_servers *servers);

// Gives CHANNEL the file's servers if it has changed. Nothing may be in flight. While the file
// cannot be read, which is logged once, the channel keeps what it has.
void name_servers_follow(struct name_servers *servers, struct ares_channeldata *channel);
