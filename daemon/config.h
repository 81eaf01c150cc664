// SPDX-License-Identifier: MIT
#pragma once

// What the administrator says about one app: an INI file (read by inih) whose every section and key
// is a row of the table in config.c. Whatever is not in the table or not of the form is refused.

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_WHY_SIZE 512 /* bytes of a message, NUL included */
#define CONFIG_GRANTS_MAX 256u

enum config_restart {
    CONFIG_RESTART_NO = 0,
    CONFIG_RESTART_ON_FAILURE = 1,
    CONFIG_RESTART_ALWAYS = 2,
};

enum {
    CONFIG_CPU_SAME = -1, /* supervisor and worker together on one CPU */
    CONFIG_CPU_ANY = -2,  /* wherever the kernel puts them */
};

// Grants as written. SET and without items: the app is left nothing.
struct config_grants {
    char **items;
    unsigned *lines; /* where each of them stands */
    size_t n_items;
    int set;
};

struct config {
    struct config_grants listen, connect; /* for policy_narrow(), if set */

    /* caps: the smaller of these and the manifest's wish counts */
    uint64_t handles;
    uint64_t log_rate;   /* messages a second */
    uint64_t arena_size; /* bytes */
    uint64_t heap_size;  /* bytes */
    uint64_t doorbells;  /* rings a second, above which they are polled for */

    uint64_t stop_usec;  /* from the request to stop until abort */
    uint64_t abort_usec; /* from abort until SIGKILL */

    uint64_t restart; /* enum config_restart */
    uint64_t restart_delay_usec;
    uint64_t restart_delay_max_usec;
    uint64_t restart_burst; /* failures within the window, after which it gives up */
    uint64_t restart_window_usec;

    char *optional; /* sandbox layers that may be missing, comma separated; "" for none */
    int64_t cpu;    /* a number, or CONFIG_CPU_SAME or CONFIG_CPU_ANY */
    uint64_t spin_usec;
};

// Sets every default. Returns 0 or -ENOMEM; config_done() frees what CONFIG owns.
int config_init(struct config *config);
void config_done(struct config *config);

// Reads FILE, called NAME in messages, into an initialised CONFIG. Returns 0; -EINVAL with
// "NAME:LINE: message" in WHY; -ENOMEM or -EIO. FILE stays open.
int config_read(struct config *config, FILE *file, const char *name, char why[CONFIG_WHY_SIZE]);
