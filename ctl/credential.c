// SPDX-License-Identifier: MIT
#include "ctl/credential.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

enum credential_place credential_find(const char *app, const char *name) {
    static const struct {
        const char *path;
        enum credential_place place;
    } stores[] = {
        {CREDENTIAL_STORE, CREDENTIAL_PLAIN},
        {"/run/credstore", CREDENTIAL_PLAIN},
        {"/usr/lib/credstore", CREDENTIAL_PLAIN},
        {CREDENTIAL_STORE ".encrypted", CREDENTIAL_ENCRYPTED},
        {"/run/credstore.encrypted", CREDENTIAL_ENCRYPTED},
        {"/usr/lib/credstore.encrypted", CREDENTIAL_ENCRYPTED},
    };
    char path[PATH_MAX];

    for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/mpyd.%s.%s", stores[i].path, app, name);
        if (access(path, F_OK) == 0) {
            return stores[i].place;
        }
    }
    return CREDENTIAL_ABSENT;
}
