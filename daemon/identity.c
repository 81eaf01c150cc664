// SPDX-License-Identifier: MIT
#include "daemon/identity.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"

// FNV-1a: spreads short names well, and nobody gains anything from a collision they could not have
// by choosing the other app's name.
static uint32_t hash(const char *text) {
    uint32_t value = 2166136261u;

    for (; *text != '\0'; text++) {
        value = (value ^ (unsigned char)*text) * 16777619u;
    }
    return value;
}

void identity_of(const char *name, uid_t *ret_supervisor, uid_t *ret_worker) {
    const uint32_t n_pairs = (IDENTITY_MAX - IDENTITY_MIN + 1) / 2;
    uid_t first = IDENTITY_MIN + 2 * (hash(name) % n_pairs);

    *ret_supervisor = first;
    *ret_worker = first + 1;
}

int identity_name(const char *path, char *name, size_t size) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t length = strcspn(base, ".");

    if (length >= size) {
        return -EINVAL;
    }
    memcpy(name, base, length);
    name[length] = '\0';
    return parse_is_app_name(name) ? 0 : -EINVAL;
}

bool identity_check(const char *path, const char *known_as, const char *name, bool strictly) {
    if (!strictly || strcmp(name, known_as) == 0) {
        return true;
    }
    log_error("%s: is of the app %s, not %s; where the file is called otherwise, pass --name", path,
              name, known_as);
    return false;
}
