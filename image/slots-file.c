// SPDX-License-Identifier: MIT
#include "image/slots-file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/fd.h"
#include "base/parse.h"
#include "base/settings.h"
#include "image/why.h"

#define TEXT_SIZE 2048
#define SECTION "slots"
#define UNSET SLOTS_N

// -- reading -------------------------------------------------------------------------------------

static bool has_section(const char *name, size_t size) {
    static const char *const sections[] = {SECTION, "a", "b", "vendor"};

    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if (strlen(sections[i]) == size && memcmp(sections[i], name, size) == 0) {
            return true;
        }
    }
    return false;
}

static bool copy_text(const char *value, char *text, size_t size) {
    size_t length = strlen(value);

    if (length >= size) {
        return false;
    }
    memcpy(text, value, length + 1);
    return true;
}

static bool set_place(const char *value, enum slots_place *ret_place) {
    enum slots_place place = slots_find(value);

    if (place == SLOTS_N) {
        return false;
    }
    *ret_place = place;
    return true;
}

static bool set_common(struct slots *slots, const char *key, const char *value) {
    if (strcmp(key, "good") == 0) {
        return set_place(value, &slots->good);
    }
    if (strcmp(key, "trial") == 0) {
        return set_place(value, &slots->trial);
    }
    if (strcmp(key, "boots") == 0) {
        return parse_u64(value, 0, UINT32_MAX, &slots->boots) == 0;
    }
    return strcmp(key, "event") == 0 && copy_text(value, slots->event, sizeof(slots->event));
}

static bool set_verdict(struct slot *slot, const char *value) {
    for (enum slots_verdict verdict = SLOTS_NEW; verdict <= SLOTS_BAD; verdict++) {
        if (strcmp(slots_verdict_name(verdict), value) == 0) {
            slot->verdict = verdict;
            return true;
        }
    }
    return false;
}

static bool set_slot(struct slot *slot, const char *key, const char *value) {
    if (strcmp(key, "verdict") == 0) {
        return set_verdict(slot, value);
    }
    if (strcmp(key, "image") == 0) {
        return copy_text(value, slot->image, sizeof(slot->image));
    }
    if (strcmp(key, "version") == 0) {
        return copy_text(value, slot->version, sizeof(slot->version));
    }
    return strcmp(key, "counter") == 0 &&
           parse_u64(value, 0, MANIFEST_COUNTER_MAX, &slot->counter) == 0;
}

static int set(struct settings *settings, const char *section, const char *key, const char *value) {
    struct slots *slots = settings_context(settings);
    bool is_good = strcmp(section, SECTION) == 0
                       ? set_common(slots, key, value)
                       : section[0] && set_slot(&slots->slot[slots_find(section)], key, value);

    return is_good ? 0
                   : settings_complain(settings, settings_line(settings),
                                       "%.40s cannot be that, or stand here", key);
}

// A place that is named has to be filled; of the vendor's that shows when it is opened.
static bool is_filled(const struct slots *slots, enum slots_place place) {
    return place == SLOTS_NONE || place == SLOTS_VENDOR ||
           slots->slot[place].verdict != SLOTS_EMPTY;
}

static int check_together(struct settings *settings) {
    const struct slots *slots = settings_context(settings);

    if (slots->good == UNSET) {
        return settings_complain(settings, settings_line(settings), "it does not say what is good");
    }
    if (is_filled(slots, slots->good) && is_filled(slots, slots->trial) &&
        slots->trial != SLOTS_VENDOR &&
        (slots->trial == SLOTS_NONE || slots->trial != slots->good)) {
        return 0;
    }
    return settings_complain(settings, settings_line(settings), "the slots do not fit together");
}

static int read_stream(FILE *file, struct slots *slots, char *why) {
    const struct settings_form form = {has_section, set, check_together, slots};
    char reason[SETTINGS_WHY_SIZE];
    int r = settings_read(file, &form, reason);

    if (r == SETTINGS_REFUSED) {
        (void)why_refuse(why, SLOTS_FILE_WHY_SIZE, SLOTS_FILE_NAME ":%s", reason);
        return SLOTS_FILE_DAMAGED;
    }
    return r;
}

int slots_file_read(int directory, struct slots *ret_slots, char why[SLOTS_FILE_WHY_SIZE]) {
    struct slots slots = {.good = UNSET, .trial = SLOTS_NONE};
    struct stat status;
    CLEANUP_FD int fd = -1;
    int r = fd_open_kind(directory, SLOTS_FILE_NAME, S_IFREG, &fd, &status);
    FILE *file = r < 0 ? NULL : fdopen(fd, "r");

    *ret_slots = (struct slots)SLOTS_INIT;
    if (!file) {
        return r == -ENOENT ? SLOTS_FILE_ABSENT : r < 0 ? r : -errno;
    }
    (void)steal_fd(&fd);
    r = read_stream(file, &slots, why);
    (void)fclose(file);
    if (r == 0) {
        *ret_slots = slots;
    }
    return r;
}

int slots_file_read_app(const char *images, const char *app, struct slots *ret_slots,
                        char why[SLOTS_FILE_WHY_SIZE]) {
    CLEANUP_FREE char *path = NULL;
    CLEANUP_FD int directory = -1;

    *ret_slots = (struct slots)SLOTS_INIT;
    if (asprintf(&path, "%s/%s", images, app) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return errno == ENOENT ? SLOTS_FILE_ABSENT : -errno;
    }
    return slots_file_read(directory, ret_slots, why);
}

// -- writing -------------------------------------------------------------------------------------

static void write_slot(FILE *file, enum slots_place place, const struct slot *slot) {
    if (slot->verdict == SLOTS_EMPTY) {
        return;
    }
    (void)fprintf(file, "\n[%s]\nverdict = %s\nimage = %s\nversion = %s\ncounter = %" PRIu64 "\n",
                  slots_name(place), slots_verdict_name(slot->verdict), slot->image, slot->version,
                  slot->counter);
}

int slots_file_write(int directory, const struct slots *slots) {
    char text[TEXT_SIZE] = "";
    FILE *file = fmemopen(text, sizeof(text), "w");

    if (!file) {
        return -errno;
    }
    (void)fprintf(file, "[" SECTION "]\ngood = %s\ntrial = %s\nboots = %" PRIu64 "\n",
                  slots_name(slots->good), slots_name(slots->trial), slots->boots);
    if (slots->event[0]) {
        (void)fprintf(file, "event = %s\n", slots->event);
    }
    for (enum slots_place place = SLOTS_A; place < SLOTS_N; place++) {
        write_slot(file, place, &slots->slot[place]);
    }
    if (fclose(file) == EOF) {
        return -errno;
    }
    return durable_write(directory, SLOTS_FILE_NAME, text, strlen(text), 0644);
}
