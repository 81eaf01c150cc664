// SPDX-License-Identifier: MIT
#include "ctl/credential.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum credential_place credential_find(const char *app, const char *name) {
    static const struct {
        const char *path;
        enum credential_place place;
    } stores[] = {
        {CREDENTIAL_STORE ".encrypted", CREDENTIAL_ENCRYPTED},
        {"/run/credstore.encrypted", CREDENTIAL_ENCRYPTED},
        {"/usr/lib/credstore.encrypted", CREDENTIAL_ENCRYPTED},
        {CREDENTIAL_STORE, CREDENTIAL_PLAIN},
        {"/run/credstore", CREDENTIAL_PLAIN},
        {"/usr/lib/credstore", CREDENTIAL_PLAIN},
    };
    char path[PATH_MAX];
    bool is_hidden = false, is_encrypted_hidden = false;

    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        bool is_encrypted = stores[i].place == CREDENTIAL_ENCRYPTED;

        (void)snprintf(path, sizeof(path), "%s/mpyd.%s.%s", stores[i].path, app, name);
        if (access(path, F_OK) == 0) {
            return is_encrypted || !is_encrypted_hidden ? stores[i].place : CREDENTIAL_UNKNOWN;
        }
        is_hidden = is_hidden || errno == EACCES;
        is_encrypted_hidden = is_encrypted_hidden || (errno == EACCES && is_encrypted);
    }
    return is_hidden ? CREDENTIAL_UNKNOWN : CREDENTIAL_ABSENT;
}
