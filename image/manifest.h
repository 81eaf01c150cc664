// SPDX-License-Identifier: MIT
#pragma once

// What an app says of itself and asks for: the JSON text in its image, checked and typed.
// mpyfreeze writes it from mpyd.toml; whatever is not of the form is refused, not guessed.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_FORMAT 1
#define MANIFEST_SIZE_MAX (256u << 10) /* bytes of JSON */
#define MANIFEST_WHY_SIZE 256          /* bytes of a reason, NUL included */

#define MANIFEST_HEAP_MIN (16u << 10)
#define MANIFEST_HEAP_MAX (512u << 20)
#define MANIFEST_STACK_MIN (16u << 10)
#define MANIFEST_STACK_MAX (4u << 20)
#define MANIFEST_STORAGE_MIN (4u << 10)
#define MANIFEST_STORAGE_MAX (1ull << 40)
#define MANIFEST_LOG_RATE_MAX 10000u
#define MANIFEST_SPAN_MIN 100u /* milliseconds */
#define MANIFEST_SPAN_MAX 3600000u
#define MANIFEST_COUNTER_MAX UINT32_MAX
#define MANIFEST_KEY_CREDENTIAL "image-key" /* image/trust.c reads it; no app does */
#define MANIFEST_CREDENTIAL_SIZE 64u        /* characters of a name */
#define MANIFEST_FILE_SIZE 32u              /* likewise, of a file that the app is given */
#define MANIFEST_FILES_MAX 32u

enum { MANIFEST_REFUSED = 1 };

// Texts of one kind; all are printable ASCII.
struct manifest_texts {
    char **items;
    size_t n_items;
};

// A module or a resource of the image: its path and its bytes.
struct manifest_part {
    char *path;
    uint64_t size;
};

struct manifest_parts {
    struct manifest_part *items;
    size_t n_items;
};

// What an app gets that asks for no number of its own, unless the configuration allows less.
#define MANIFEST_HANDLES_DEFAULT 128u
#define MANIFEST_LOG_RATE_DEFAULT 1000u /* lines a second */
#define MANIFEST_READY_DEFAULT 20000u   /* milliseconds until its first call */

struct manifest {
    uint64_t format;                            /* MANIFEST_FORMAT */
    char *name;                                 /* parse_is_app_name() */
    char *version;                              /* [0-9A-Za-z.+~-]{1,32} */
    char *description;                          /* one line for people; NULL: none */
    uint64_t counter;                           /* against downgrades: image/floor.h */
    char *entry;                                /* module run as __main__; one of modules */
    char *micropython;                          /* version of the VM */
    uint64_t heap_size, stack_size, arena_size; /* bytes */
    struct manifest_texts arguments;            /* of sys.argv, behind the name */
    char *boot;                                 /* module run just before; NULL: none */
    struct manifest_texts listen,
        connect;                       /* grants asked for; daemon/network/policy.c reads them */
    struct manifest_texts credentials; /* names of the secrets it may read */
    struct manifest_texts files;       /* manifest_is_file(): what it is to be given */
    uint64_t storage;                  /* bytes of files it wants to keep; 0: none */
    uint64_t handles;                  /* most handles it wants to hold; 0: says nothing */
    uint64_t log_rate;                 /* messages a second; 0: says nothing */
    uint64_t ready_msec;     /* it says that it is ready, by then; 0: its first call says so */
    uint64_t heartbeat_msec; /* it says that it is well, as often as that; 0: it does not */
    struct manifest_parts modules, resources;
};

// Reads the SIZE bytes of JSON at TEXT. Returns 0 and *ret_manifest, freed by manifest_done();
// MANIFEST_REFUSED with the reason in WHY, one line; or -ENOMEM.
int manifest_parse(const char *text, size_t size, struct manifest *ret_manifest,
                   char why[MANIFEST_WHY_SIZE]);

// Whether an app may be granted the credential NAME: one that can be a file's, none of our own.
bool manifest_is_credential(const char *name);

// Whether NAME can be that of a file that an app is given.
bool manifest_is_file_name(const char *name);

// Whether TEXT asks for one: "NAME", to read it, or "NAME:rw".
bool manifest_is_file(const char *text);

// Whether FILES asks for NAME; *ret_writes: to write it, too.
bool manifest_finds_file(const struct manifest_texts *files, const char *name, bool *ret_writes);

// Frees what MANIFEST owns and empties it. An empty one is fine.
void manifest_done(struct manifest *manifest);
