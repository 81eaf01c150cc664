// SPDX-License-Identifier: MIT
#include "image/floor.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "image/manifest.h"
#include "image/why.h"

#define TEXT_SIZE 16 /* ten digits and a line break fit, and are all there may be */

#define REFUSE(why, ...) why_refuse(why, GUARDED_WHY_SIZE, __VA_ARGS__)

int floor_read(const char *named, const char *app, uint64_t *ret_floor,
               char why[GUARDED_WHY_SIZE]) {
    const char *directory = named ? named : FLOOR_DIRECTORY;
    CLEANUP_FD int fd = -1;
    char text[TEXT_SIZE] = "", reason[GUARDED_WHY_SIZE] = "";
    size_t size = 0;
    int r = guarded_open(named, FLOOR_DIRECTORY, &fd, reason);

    if (r == GUARDED_REFUSED) {
        return REFUSE(why, "%.100s: %.100s", directory, reason);
    }
    if (r == 0) {
        r = guarded_read(fd, app, text, sizeof(text), &size, NULL, reason);
    }
    if (r == GUARDED_ABSENT) {
        *ret_floor = 0;
        return 0;
    }
    if (r == GUARDED_REFUSED) {
        return REFUSE(why, "%.80s/%s: %.100s", directory, app, reason);
    }
    if (size > 0 && text[size - 1] == '\n') {
        text[--size] = '\0';
    }
    if (strlen(text) != size || parse_u64(text, 0, MANIFEST_COUNTER_MAX, ret_floor) < 0) {
        return REFUSE(why, "%.80s/%s: not a number from 0 to %u; put the app's least counter there",
                      directory, app, MANIFEST_COUNTER_MAX);
    }
    return 0;
}
