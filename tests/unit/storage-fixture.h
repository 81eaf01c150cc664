// SPDX-License-Identifier: MIT
#pragma once

// A state directory of its own for each test, and the storage in it, open for "test" with a quota
// of STORAGE_FIXTURE_UNITS.

#include <stdint.h>

#include "daemon/storage/storage-file.h"
#include "daemon/storage/storage.h"

#define STORAGE_FIXTURE_UNITS 64u

extern struct storage *storage;
extern char storage_path[64]; /* of the state directory */

int storage_setup(void **state);
int storage_teardown(void **state);

// Makes the directory anew, without anything in it.
void storage_clear(void);

// Opens what is in the directory, as a start of mpyd does. Returns what storage_open() does.
int storage_start(char why[VOLUME_WHY_SIZE]);
void storage_stop(void);

// Writes the file NAME, below the state directory, behind the storage's back.
void storage_put(const char *name, const void *data, size_t size);

// A file of the app with SIZE bytes of LETTER. Returns 0 or an errno.
int storage_write_file(const char *path, char letter, size_t size);

// Runs the loop until CALLED is set.
void storage_wait(const int *called);

// Whether what is in use is what is there: counted anew.
void storage_check_count(void);
