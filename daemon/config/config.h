// SPDX-License-Identifier: MIT
#pragma once

// What the administrator says about one app: an INI file (read by inih) whose every section and key
// is a row of the table in config.c. Whatever is not in the table or not of the form is refused.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_WHY_SIZE 512 /* bytes of a message, NUL included */
#define CONFIG_GRANTS_MAX 256u
#define CONFIG_FILES_MAX 64u
#define CONFIG_ROWS_MAX 64u
#define CONFIG_CALLS_ANY 100000000u

enum config_restart {
    CONFIG_RESTART_NO = 0,
    CONFIG_RESTART_ON_FAILURE = 1,
    CONFIG_RESTART_ALWAYS = 2,
};

enum {
    CONFIG_CPU_SAME = -1, /* supervisor and worker together on one CPU */
    CONFIG_CPU_ANY = -2,  /* wherever the kernel puts them */
};

// When a value counts that was changed while the app runs.
enum config_applies {
    CONFIG_NOW,    /* as soon as it is read */
    CONFIG_NARROW, /* likewise, if it allows no more than at the start; else as CONFIG_NEXT */
    CONFIG_NEXT,   /* with the next start of mpyd */
    CONFIG_UNIT,   /* with the next start of a unit that mpyctl enable has written anew */
};

// Grants as written, all in one file. SET and without items: the app is left nothing.
struct config_grants {
    char **items;
    const char *file; /* where they stand; kept for good */
    unsigned *lines;
    size_t n_items;
    int set;
};

// A file or a device of the machine that the app is given by a name.
struct config_given_file {
    char *name;
    char *path;       /* "": taken away again */
    const char *file; /* that said it; kept for good */
    unsigned line;
};

struct config_given {
    struct config_given_file *items;
    size_t n_items;
};

// What files say of one key, as they say it.
struct config_setting {
    char *text;       /* NULL: nothing, the default counts */
    const char *file; /* that said it last; kept for good */
    unsigned line;
};

// A row of the table, with its setting.
struct config_row {
    const char *section, *key;
    const char *text; /* what counts, the default too; NULL: as the manifest says */
    const char *file; /* NULL: a default */
    unsigned line;
    enum config_applies applies;
};

struct config {
    struct config_grants listen, connect; /* for policy_narrow(), if set */
    struct config_given given;            /* [files]: daemon/config/config-given.h */

    /* caps: the smaller of these and the manifest's wish counts */
    uint64_t handles;
    uint64_t log_rate;   /* messages a second */
    uint64_t arena_size; /* bytes */
    uint64_t heap_size;  /* bytes */
    uint64_t storage;    /* bytes */
    uint64_t doorbells;  /* rings a second, above which they are polled for */

    uint64_t calls; /* a second, above which they wait; CONFIG_CALLS_ANY: no limit */

    uint64_t quota_percent; /* of one processor, for all processes: the unit's; 0: no limit */

    /* health: the shorter of these and the manifest's counts */
    uint64_t ready_usec;
    uint64_t heartbeat_usec;
    uint64_t cpu_percent; /* of one processor within a window; 100: any share */
    uint64_t cpu_window_usec;

    uint64_t stop_usec;  /* from the request to stop until abort */
    uint64_t abort_usec; /* from abort until SIGKILL */

    uint64_t restart; /* enum config_restart */
    uint64_t restart_delay_usec;
    uint64_t restart_delay_max_usec;
    uint64_t restart_burst; /* failures within the window, after which it gives up */
    uint64_t restart_window_usec;

    uint64_t probation_usec; /* for which an update has to do well; mpyd-update asks for it */

    char *optional; /* sandbox layers that may be missing, comma separated; "" for none */
    int64_t cpu;    /* a number, or CONFIG_CPU_SAME or CONFIG_CPU_ANY */
    uint64_t spin_usec;

    uint64_t trace_payloads; /* 1: traces and crash reports show what the app transfers */

    const char *files[CONFIG_FILES_MAX]; /* those that were read, in order; kept for good */
    size_t n_files;
    struct config_setting settings[CONFIG_ROWS_MAX]; /* by row of the table */
};

// Sets every default. Returns 0 or -ENOMEM; config_done() frees what CONFIG owns.
int config_init(struct config *config);
void config_done(struct config *config);

// Reads FILE, called NAME in messages, into an initialised CONFIG. What it says counts more than
// what was read before; a list replaces the one before. Returns 0; -EINVAL with "NAME:LINE:
// message" in WHY; -ENOMEM, -EIO, or -E2BIG after CONFIG_FILES_MAX files. FILE stays open.
int config_read(struct config *config, FILE *file, const char *name, char why[CONFIG_WHY_SIZE]);

// Checks what only shows once all files are read. Returns 0, or -EINVAL as config_read() does.
int config_check(const struct config *config, char why[CONFIG_WHY_SIZE]);

// Row INDEX of the table, from 0, as CONFIG has it. False: there are no so many.
bool config_get_row(const struct config *config, size_t index, struct config_row *ret_row);

// For a configuration that is read again: exchange a row of the table, with its setting, and the
// list of files.
void config_swap_row(struct config *one, struct config *other, size_t index);
void config_swap_files(struct config *one, struct config *other);
