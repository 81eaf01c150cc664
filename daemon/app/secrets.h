// SPDX-License-Identifier: MIT
#pragma once

// What the service manager hands the app in confidence: the files of $CREDENTIALS_DIRECTORY. They
// are read before the drop, when it is not known yet which of them the app was granted; what it was
// not is wiped as soon as that is known.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct secret;

struct secrets {
    struct secret *items;
    size_t n_items;
    char *const *granted; /* names; the caller's */
    size_t n_granted;
};

enum {
    SECRETS_DENIED = 1, /* the app was not granted it */
    SECRETS_MISSING,    /* it was, and nobody gave it */
    SECRETS_TOO_LONG,   /* more than WIRE_SECRET_MAX bytes */
};

// Reads the files in DIRECTORY (NULL: there is none). What cannot be read is told in the log and
// left out. Returns 0 or -ENOMEM. secrets_done() wipes and frees, and takes zeroed ones.
int secrets_read(const char *directory, struct secrets *ret_secrets);
void secrets_done(struct secrets *secrets);

// Wipes all but those among the N_NAMES names, which must last as long as the secrets. APP stands
// in front of what the log is told: a secret that is granted and missing.
void secrets_keep(struct secrets *secrets, const char *app, char *const *names, size_t n_names);

// The secret NAME. Returns 0, its bytes and their number, or one of the above.
int secrets_find(const struct secrets *secrets, const char *name, const uint8_t **ret_data,
                 size_t *ret_size);

// Overwrites with '*' what TEXT has of any secret of 4 bytes or more, white space around it aside.
// Returns whether there was something.
bool secrets_redact(const struct secrets *secrets, char *text);
bool secrets_redact_bytes(const struct secrets *secrets, uint8_t *bytes, size_t n_bytes);
