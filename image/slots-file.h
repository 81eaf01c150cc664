// SPDX-License-Identifier: MIT
#pragma once

// What is known of an app's slots, in the file "state" of its directory: settings, for people to
// read, for mpyd-update alone to write.

#include "image/slots.h"

#define SLOTS_FILE_NAME "state"
#define SLOTS_FILE_WHY_SIZE 320 /* bytes of a reason, NUL included */

enum { SLOTS_FILE_ABSENT = 1, SLOTS_FILE_DAMAGED = 2 };

// Reads the file of DIRECTORY. Returns 0 and *ret_slots; SLOTS_FILE_ABSENT; SLOTS_FILE_DAMAGED with
// the reason in WHY, one line; or -errno. *ret_slots is SLOTS_INIT if not 0.
int slots_file_read(int directory, struct slots *ret_slots, char why[SLOTS_FILE_WHY_SIZE]);

// As slots_file_read(), of the app APP in the directory IMAGES; without one the file is absent.
int slots_file_read_app(const char *images, const char *app, struct slots *ret_slots,
                        char why[SLOTS_FILE_WHY_SIZE]);

// Puts SLOTS in its place, for good (base/durable.h). Returns 0 or -errno, and nothing changed.
int slots_file_write(int directory, const struct slots *slots);
