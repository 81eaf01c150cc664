// SPDX-License-Identifier: MIT
#pragma once

// The app's own files, at /data: a file system of MicroPython over the calls of group file.

#include <stddef.h>
#include <stdint.h>

#include "py/obj.h"

// Mounts /data, and makes it the current directory if the app was granted storage. Without it every
// path there is ENODEV.
void storage_mount(void);

// os.sync(): returns once all that was changed is on disk. Raises OSError.
void storage_sync(void);

// open(PATH, MODE) in the storage: PATH is plain, of SIZE bytes. Raises OSError.
mp_obj_t storage_open(const char *path, size_t size, mp_obj_t mode);

// A directory of the storage, as os.ilistdir() goes through it: names are str if IS_STR, else
// bytes.
mp_obj_t storage_list(const char *path, size_t size, bool is_str);

// Raises what CALL, which returned RESULT, failed with; else returns RESULT.
int64_t storage_check(uint32_t call, int64_t result);
