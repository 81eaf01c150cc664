// SPDX-License-Identifier: MIT
#pragma once

// Parts of units that depend on what an app is granted: text, made of what is known of it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define UNIT_FILE_PRIVILEGED 1024u /* ports below are root's */
#define UNIT_FILE_PORTS_MAX 64u    /* more than so many in one grant are no list */

// A file or device that the app is given.
struct unit_file {
    const char *name, *path; /* words, see below */
    bool writes, is_device;
    char group[64]; /* that may open the device; "": no other than root's */
};

struct unit_wants {
    const char *app;
    uint64_t memory; /* bytes: of the worker, at most */
    const char *cpu; /* the number of the one to run on; NULL: any */
    uint64_t quota;  /* percent of one processor; 0: no limit */
    const char *const *credentials;
    size_t n_credentials;
    uint64_t encrypted; /* bit i is set: credentials[i] is */
    const struct unit_file *files;
    size_t n_files;
    const char *const *listen; /* grants as doc/manifest.md has them */
    size_t n_listen;
};

// Whether one of the grants covers ports that only root may open, a list of them at known
// addresses.
bool unit_file_has_ports(const struct unit_wants *wants);

// A grant whose ports that only root may open are not opened: it is of a network, of too many, or
// not of the form. NULL: there is none. It points into WANTS.
const char *unit_file_left_out(const struct unit_wants *wants);

// Whether TEXT is a word in a unit file and no more: nothing in it separates, quotes, begins a line
// or stands for something else.
bool unit_file_is_word(const char *text);

// Writes the drop-in of mpyd@APP.service.
void unit_file_write_service(FILE *file, const struct unit_wants *wants);

// Writes the socket unit that opens the privileged ports, but for what is left out.
void unit_file_write_sockets(FILE *file, const struct unit_wants *wants);
