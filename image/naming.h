// SPDX-License-Identifier: MIT
#pragma once

// Of which app an image is, before it was read and afterwards. For the supervisor and for mpyctl
// verify: both say the same.

#include <stdbool.h>
#include <stddef.h>

#define NAMING_SIZE 32 /* of an app's name, NUL included */

// The name an image file suggests for its app: its last path component up to the first dot. NAME
// has room for SIZE bytes. Returns 0, or -EINVAL if that is no name for an app.
int naming_of_file(const char *path, char *name, size_t size);

// The app that the image PATH has to be of: GIVEN, or, if that is NULL, what its file suggests.
// Returns whether that is a name, and *ret_name, having logged if not.
bool naming_choose(const char *path, const char *given, char ret_name[NAMING_SIZE]);

// Whether the image PATH, known as an image of the app KNOWN_AS until it was read, turned out to be
// of the app NAME; logged if not. Only STRICTLY does it matter: nobody shall run with the ids of
// one app and speak in the name of another.
bool naming_check(const char *path, const char *known_as, const char *name, bool strictly);
