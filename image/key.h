// SPDX-License-Identifier: MIT
#pragma once

// The keys that the administrator trusts, each for the apps it names: a directory of files *.key
//
//     [key]
//     public = RWSGrqPRPqdbYEjCqXNJ1wvQz++REtF25133awg0WLO0vD7g9GONrNe1
//     apps = thermostat meter-*
//
// "public" is the second line of what minisign -G made; further lines "apps" add to the first. A
// name may end in *, and be nothing but that.
//
// What an app's package brings stands in a directory of its own, in files that are named APP.key or
// APP.WHATEVER.key and name that app alone. A file of the administrator's, or a link to /dev/null,
// of the same name takes the place of one of a package.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/signature.h"

#define KEY_DIRECTORY "/etc/mpyd/keys.d"
#define KEY_PACKAGES "/usr/lib/mpyd/keys.d"
#define KEY_FILE_SIZE_MAX 16384
#define KEY_APPS_SIZE 1024 /* of the names a key is good for, NUL included */
#define KEY_WHY_SIZE 320   /* bytes of a reason, NUL included */

enum { KEY_REFUSED = 1 };

struct key {
    char *file;  /* its name in the directory */
    uint64_t id; /* as minisign numbers it */
    uint8_t public_key[SIGNATURE_KEY_SIZE];
    char apps[KEY_APPS_SIZE]; /* a blank before each name and behind the last */
};

struct keys {
    char *directory; /* or both, for people */
    bool is_absent;  /* there are no such directories */
    struct key *items;
    size_t n_items;
    size_t n_refused; /* files that count for nothing */
};

// Reads every *.key of the directory NAMED or, where that is NULL, of KEY_DIRECTORY and
// KEY_PACKAGES, which alone may be absent: then there are none. One that is not of the form, or
// that others could have written, is logged and counts for nothing. Returns 0 and *ret_keys, freed
// by keys_done(); KEY_REFUSED with the reason in WHY, one line that names the directory; or
// -ENOMEM.
int keys_read(const char *named, struct keys *ret_keys, char why[KEY_WHY_SIZE]);

// The same, with PACKAGE in place of KEY_PACKAGES; NULL: none.
int keys_read_both(const char *named, const char *package, struct keys *ret_keys,
                   char why[KEY_WHY_SIZE]);

void keys_done(struct keys *keys);

// Parses the TEXT of one file. Returns 0 and *ret_key, whose file is NULL; KEY_REFUSED with "LINE:
// message" in WHY; or -ENOMEM.
int key_parse(const char *text, size_t size, struct key *ret_key, char why[KEY_WHY_SIZE]);

// Who of KEYS signed the SIZE bytes at DATA. Returns 0 and *ret_key, one of KEYS, or KEY_REFUSED
// with the reason in WHY, which does not name the file.
int keys_find_signer(const struct keys *keys, const struct signature *signature,
                     const uint8_t *data, size_t size, const struct key **ret_key,
                     char why[KEY_WHY_SIZE]);

// Whether SIGNER, one of KEYS, is good for APP, by any of the files that have it. Returns 0, or
// KEY_REFUSED with the reason in WHY.
int keys_check_app(const struct keys *keys, const struct key *signer, const char *app,
                   char why[KEY_WHY_SIZE]);
