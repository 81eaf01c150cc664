// SPDX-License-Identifier: MIT
#include "image/image.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "call/calls.h"
#include "call/wire.h"
#include "image/elf.h"
#include "image/layout.h"
#include "image/map.h"
#include "image/notes.h"
#include "image/sealed.h"
#include "image/why.h"

#define REFUSE(why, ...) why_refuse(why, IMAGE_WHY_SIZE, __VA_ARGS__)
#define LLU(value) ((unsigned long long)(value))

_Static_assert(MANIFEST_WHY_SIZE <= IMAGE_WHY_SIZE, "a manifest's reason is an image's reason");
_Static_assert((int)MANIFEST_REFUSED == IMAGE_REFUSED, "passed on as it is");

// What versions the image is of, before anything else of it is believed.
static int read_object(const struct elf_bytes *note, struct note_user_object *ret_object,
                       char *why) {
    const size_t versions_size = offsetof(struct note_user_object, machine);
    struct note_user_object object = {0};

    if (note->size < versions_size) {
        return REFUSE(why, "user object: %llu bytes, not %zu", LLU(note->size), sizeof(object));
    }
    memcpy(&object, note->data, versions_size);
    if (memcmp(object.magic, NOTE_MAGIC, sizeof(object.magic)) != 0) {
        return REFUSE(why, "not an mpyd image (user object: magic \"%.8s\")", object.magic);
    }
    if (object.format != NOTE_FORMAT) {
        return REFUSE(why, "built in image format %u, this mpyd reads %u", object.format,
                      NOTE_FORMAT);
    }
    if (object.abi != WIRE_ABI) {
        return REFUSE(why, "built for wire ABI %u, this mpyd speaks %u", object.abi, WIRE_ABI);
    }
    if (note->size != sizeof(object)) {
        return REFUSE(why, "user object: %llu bytes, not %zu", LLU(note->size), sizeof(object));
    }
    memcpy(&object, note->data, sizeof(object));
    if (object.micropython[sizeof(object.micropython) - 1] != '\0') {
        return REFUSE(why, "user object: the version of MicroPython does not end");
    }
    *ret_object = object;
    return 0;
}

// The user object repeats what the ELF headers say: one made for another file is noticed.
static int check_headers(const struct note_user_object *object, const struct elf *elf, char *why) {
    const struct {
        const char *name;
        uint64_t said, found;
    } fields[] = {
        {"machine", object->machine, elf->machine},
        {"entry", object->entry, elf->entry},
        {"text_start", object->text_start, elf->text.start},
        {"text_end", object->text_end, elf->text.end},
        {"data_start", object->data_start, elf->data.start},
        {"data_end", object->data_end, elf->data.end},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        if (fields[i].said != fields[i].found) {
            return REFUSE(why, "user object: %s = %#llx, the ELF headers say %#llx", fields[i].name,
                          LLU(fields[i].said), LLU(fields[i].found));
        }
    }
    return 0;
}

static int check_sizes(const struct note_user_object *object, const struct manifest *manifest,
                       char *why) {
    const struct {
        const char *name;
        uint64_t said, found;
    } fields[] = {
        {"heap_size", object->heap_size, manifest->heap_size},
        {"stack_size", object->stack_size, manifest->stack_size},
        {"arena_size", object->arena_size, manifest->arena_size},
    };

    // The manifest's are in range: manifest_parse().
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        if (fields[i].said != fields[i].found) {
            return REFUSE(why, "user object: %s = %llu, the manifest says %llu", fields[i].name,
                          LLU(fields[i].said), LLU(fields[i].found));
        }
    }
    if (object->heap_size > object->data_end - object->data_start) {
        return REFUSE(why, "user object: a heap of %llu bytes in a writable segment of %llu",
                      LLU(object->heap_size), LLU(object->data_end - object->data_start));
    }
    if (strcmp(object->micropython, manifest->micropython) != 0) {
        return REFUSE(why, "user object: MicroPython \"%s\", the manifest says \"%s\"",
                      object->micropython, manifest->micropython);
    }
    return 0;
}

static int read_calls(struct image *image, const struct elf_bytes *note, char *why) {
    const struct note_user_object *object = &image->object;
    struct note_call call, previous = {0};

    if (note->size != (uint64_t)object->n_calls * sizeof(call)) {
        return REFUSE(why, "calls: %llu bytes, not %u entries of %zu", LLU(note->size),
                      object->n_calls, sizeof(call));
    }
    for (uint32_t i = 0; i < object->n_calls; i++, previous = call) {
        const struct call_name *known;

        memcpy(&call, note->data + (size_t)i * sizeof(call), sizeof(call));
        if (i > 0 && call.number <= previous.number) {
            return REFUSE(why, "calls: number %u follows number %u", call.number, previous.number);
        }
        known = calls_find(call.number);
        if (!known) {
            return REFUSE(why, "makes call %u, which this mpyd does not have", call.number);
        }
        if (known->signature != call.signature) {
            return REFUSE(why, "makes call %u (%s) with signature %#x, this mpyd's is %#x",
                          call.number, known->name, call.signature, known->signature);
        }
        image->calls[i] = call; // each is another one that is known: no more than there are
    }
    return 0;
}

static bool is_region_name(const char name[NOTE_REGION_NAME_SIZE]) {
    size_t size = strnlen(name, NOTE_REGION_NAME_SIZE);

    return size > 0 && size < NOTE_REGION_NAME_SIZE && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz-") == size;
}

static int read_regions(struct image *image, const struct elf_bytes *note, char *why) {
    size_t n = note->size / sizeof(struct note_region);

    if (n * sizeof(struct note_region) != note->size || n > NOTE_REGIONS_MAX) {
        return REFUSE(why, "layout: %llu bytes, not up to %u entries of %zu", LLU(note->size),
                      NOTE_REGIONS_MAX, sizeof(struct note_region));
    }
    for (size_t i = 0; i < n; i++) {
        struct note_region *region = &image->regions[i];

        memcpy(region, note->data + i * sizeof(*region), sizeof(*region));
        if (!is_region_name(region->name)) {
            return REFUSE(why, "layout: entry %zu has no name, \"%.16s\"", i, region->name);
        }
        if (region->start == LAYOUT_ANYWHERE) {
            return REFUSE(why, "layout: %s begins at %#llx, where nothing is", region->name,
                          LLU(region->start));
        }
        if (strcmp(region->name, "heap") == 0 && region->size != image->object.heap_size) {
            return REFUSE(why, "layout: heap has %llu bytes, the user object says %llu",
                          LLU(region->size), LLU(image->object.heap_size));
        }
    }
    image->n_regions = n;
    return 0;
}

static int read_tools(struct image *image, const struct elf_bytes *note, char *why) {
    if (note->size >= sizeof(image->tools)) {
        return REFUSE(why, "tools: %llu bytes, more than %zu", LLU(note->size),
                      sizeof(image->tools) - 1);
    }
    if (note->size > 0 && !utf8_is_harmless((const char *)note->data, note->size)) {
        return REFUSE(why, "tools: not printable text");
    }
    (void)memcpy(image->tools, note->data ? note->data : (const uint8_t *)"", note->size);
    image->tools[note->size] = '\0';
    return 0;
}

// Whether the parts fit into each other and side by side.
static int check_layout(const struct image *image, char *why) {
    struct layout_problem problem;
    char text[LAYOUT_PROBLEM_SIZE];
    struct map map;

    map_image(image, &map);
    if (layout_check(map.regions, map.n_regions, &problem, 1) == 0) {
        return 0;
    }
    layout_describe(&problem, text);
    return REFUSE(why, "layout: %s", text);
}

int image_check_machine(const struct image *image, char why[IMAGE_WHY_SIZE]) {
    char machine[ELF_MACHINE_SIZE];

    if (!elf_is_foreign(&image->elf)) {
        return 0;
    }
    elf_describe_machine(&image->elf, machine);
    return REFUSE(why, "built for %s", machine);
}

// Of another machine only if IS_ANY; otherwise it is told that it is one, whatever else is wrong.
static int parse(const uint8_t *data, size_t size, bool is_any, struct image *ret_image,
                 char *why) {
    CLEANUP(image_done) struct image image = IMAGE_INIT;
    struct notes notes = {0};
    int r = elf_parse(data, size, &image.elf, why, IMAGE_WHY_SIZE);

    if (r == 0 && !is_any) {
        r = image_check_machine(&image, why);
    }
    if (r == 0) {
        r = notes_find(image.elf.notes, &notes, why, IMAGE_WHY_SIZE);
        image.elf.notes = (struct elf_bytes){0};
    }
    if (r == 0) {
        r = read_object(&notes.object, &image.object, why);
    }
    if (r == 0) {
        r = check_headers(&image.object, &image.elf, why);
    }
    if (r == 0) {
        r = read_calls(&image, &notes.calls, why);
    }
    if (r == 0) {
        r = manifest_parse((const char *)notes.manifest.data, notes.manifest.size, &image.manifest,
                           why);
    }
    if (r == 0) {
        r = check_sizes(&image.object, &image.manifest, why);
    }
    if (r == 0) {
        r = read_regions(&image, &notes.layout, why);
    }
    if (r == 0) {
        r = read_tools(&image, &notes.tools, why);
    }
    if (r == 0) {
        r = check_layout(&image, why);
    }
    if (r != 0) {
        return r;
    }
    image.size = size;
    *ret_image = image;
    image = (struct image)IMAGE_INIT;
    return 0;
}

int image_parse(const uint8_t *data, size_t size, struct image *ret_image,
                char why[IMAGE_WHY_SIZE]) {
    return parse(data, size, true, ret_image, why);
}

// Not SHA-256, which costs the start of an app a millisecond and more.
static void identify(const struct sealed *sealed, char ret_id[IMAGE_ID_SIZE]) {
    uint8_t hash[crypto_generichash_BYTES_MAX];

    (void)crypto_generichash(hash, sizeof(hash), sealed->data, sealed->size, NULL, 0);
    (void)sodium_bin2hex(ret_id, IMAGE_ID_SIZE, hash, IMAGE_ID_SIZE / 2);
}

int image_take(struct sealed *sealed, struct image *ret_image, char why[IMAGE_WHY_SIZE]) {
    int r = 0;

    if (sealed->size > IMAGE_SIZE_MAX) {
        return REFUSE(why, "larger than %u MiB", IMAGE_SIZE_MAX >> 20);
    }
    r = parse(sealed->data, sealed->size, false, ret_image, why);
    if (r == 0) {
        identify(sealed, ret_image->id);
        ret_image->fd = steal_fd(&sealed->fd);
    }
    return r;
}

int image_load(int fd, struct image *ret_image, char why[IMAGE_WHY_SIZE]) {
    CLEANUP(sealed_done) struct sealed sealed = SEALED_INIT;
    int r = sealed_copy(fd, IMAGE_SIZE_MAX, &sealed, why);

    return r == 0 ? image_take(&sealed, ret_image, why) : r;
}

void image_done(struct image *image) {
    image->fd = close_fd(image->fd);
    manifest_done(&image->manifest);
}
