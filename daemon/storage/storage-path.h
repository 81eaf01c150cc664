// SPDX-License-Identifier: MIT
#pragma once

// From a path of the app to a place in its storage: component by component, each opened without
// following links and on the same file system, so that whoever changes the directories meanwhile
// leads nowhere else. The app's paths are plain, "a/b/c": no "..", no "." and nothing twice; "" is
// the top.
//
// All return 0 or an errno for the app.

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct storage;

struct storage_place {
    int parent;       /* the directory, which storage_place_done() closes */
    const char *name; /* in it, part of the path; "." for the top */
    unsigned depth;   /* of what the name names; 0: the top */
};
#define STORAGE_PLACE_INIT                                                                         \
    (struct storage_place) {                                                                       \
        .parent = -1                                                                               \
    }

// The place of PATH, whose last component need not be there. PATH must outlive it.
int storage_find(const struct storage *storage, const char *path, struct storage_place *ret_place);
void storage_place_done(struct storage_place *place);

// What is at PLACE: a file or a directory. ENOENT: nothing, or nothing that is the app's.
int storage_look(const struct storage *storage, const struct storage_place *place,
                 struct stat *ret_status);

// As storage_look() for something that is in the directory PARENT, or, without NAME, open as
// PARENT.
int storage_look_at(const struct storage *storage, int parent, const char *name,
                    struct stat *ret_status);

// Opens the directory at PLACE for reading.
int storage_open_directory(const struct storage *storage, const struct storage_place *place,
                           int *ret_fd);
