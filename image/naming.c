// SPDX-License-Identifier: MIT
#include "image/naming.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"

int naming_of_file(const char *path, char *name, size_t size) {
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

bool naming_choose(const char *path, const char *given, char ret_name[NAMING_SIZE]) {
    if (given && !parse_is_app_name(given)) {
        log_error("not a name for an app: %s", given);
        return false;
    }
    if (given) {
        (void)snprintf(ret_name, NAMING_SIZE, "%s", given);
        return true;
    }
    if (naming_of_file(path, ret_name, NAMING_SIZE) < 0) {
        log_error("%s: the file is not called after an app; say which with --name", path);
        return false;
    }
    return true;
}

bool naming_check(const char *path, const char *known_as, const char *name, bool strictly) {
    if (!strictly || strcmp(name, known_as) == 0) {
        return true;
    }
    log_error("%s: is of the app %s, not %s; where the file is called otherwise, pass --name", path,
              name, known_as);
    return false;
}
