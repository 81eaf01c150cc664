// SPDX-License-Identifier: MIT
#pragma once

// Whom the processes of an app become when mpyd is started as root: two unprivileged ids of its
// own, from the range that Debian policy leaves to dynamically allocated users (as systemd's
// DynamicUser= does), chosen by the app's name so that they are the same every time. Whether
// somebody else has them is not asked: that would be a question to the network on some machines,
// asked as root. mpyd(1) says so; a service is started under ids that the service manager has found
// free.

#include <stdbool.h>
#include <sys/types.h>

#define IDENTITY_MIN 61184u
#define IDENTITY_MAX 65519u

void identity_of(const char *name, uid_t *ret_supervisor, uid_t *ret_worker);

// The name an image file suggests for its app: its last path component up to the first dot. NAME
// has room for SIZE bytes. Returns 0, or -EINVAL if that is no name for an app.
int identity_name(const char *path, char *name, size_t size);

// Whether the image PATH, known as an image of the app KNOWN_AS until it was read, turned out to be
// of the app NAME; logged if not. Only STRICTLY does it matter: nobody shall run with the ids of
// one app and speak in the name of another.
bool identity_check(const char *path, const char *known_as, const char *name, bool strictly);
