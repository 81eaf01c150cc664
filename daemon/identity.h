// SPDX-License-Identifier: MIT
#pragma once

// Whom the processes of an app become when mpyd is started as root: two unprivileged ids of its
// own, from the range that Debian policy leaves to dynamically allocated users (as systemd's
// DynamicUser= does), chosen by the app's name so that they are the same every time.

#include <sys/types.h>

#define IDENTITY_MIN 61184u
#define IDENTITY_MAX 65519u

void identity_of(const char *name, uid_t *ret_supervisor, uid_t *ret_worker);

// The name an image file suggests for its app: its last path component up to the first dot. NAME
// has room for SIZE bytes. Returns 0, or -EINVAL if that is no name for an app.
int identity_name(const char *path, char *name, size_t size);
