// SPDX-License-Identifier: MIT
#pragma once

// Parts of units that depend on what an app is granted: text, made of what is known of it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define UNIT_FILE_PRIVILEGED 1024u /* ports below are root's */
#define UNIT_FILE_PORTS_MAX 64u    /* more than so many in one grant are no list */

struct unit_wants {
    const char *app;
    uint64_t memory; /* bytes: of the worker, at most */
    const char *cpu; /* the number of the one to run on; NULL: any */
    uint64_t quota;  /* percent of one processor; 0: no limit */
    const char *const *credentials;
    size_t n_credentials;
    const char *const *listen; /* grants as doc/manifest.md has them */
    size_t n_listen;
};

// Whether one of the grants covers a port that only root may open.
bool unit_file_has_ports(const struct unit_wants *wants);

// Writes the drop-in of mpyd@APP.service.
void unit_file_write_service(FILE *file, const struct unit_wants *wants);

// Writes the socket unit that opens the privileged ports. Grants that name no single addresses or
// too many ports are left out: a comment says so, and *ret_left_out is one of them, or NULL.
void unit_file_write_sockets(FILE *file, const struct unit_wants *wants, const char **ret_left_out);
