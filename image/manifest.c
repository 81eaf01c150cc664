// SPDX-License-Identifier: MIT
#include "image/manifest.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "call/policy-keys.h"
#include "call/wire.h"
#include "image/fields.h"
#include "image/why.h"

#define DEPTH_MAX 4    /* manifest, array, element, value */
#define GRANTS_MAX 256 /* of a kind */
#define PARTS_MAX 4096 /* modules, or resources */
#define PART_SIZE_MAX UINT32_MAX

#define ARGUMENTS_MAX 64u
#define CREDENTIALS_MAX 64u
#define DESCRIPTION_MAX 80u /* characters */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool consists_of(const char *text, const char *allowed, size_t size_max) {
    size_t size = strlen(text);

    return size > 0 && size <= size_max && strspn(text, allowed) == size;
}

static bool is_version(const char *text) {
    return consists_of(text, LETTERS DIGITS ".+~-", 32);
}

static bool is_module(const char *text) {
    return consists_of(text, LETTERS DIGITS "_-.", 200);
}

// In UTF-8, so up to four bytes a character.
static bool is_description(const char *text) {
    return text[0] && strlen(text) <= 4 * DESCRIPTION_MAX;
}

// Shown to people, never opened.
static bool is_path(const char *text) {
    return text[0] && text[0] != '/';
}

bool manifest_is_credential(const char *name) {
    return consists_of(name, LETTERS DIGITS "._-", MANIFEST_CREDENTIAL_SIZE) && name[0] != '.' &&
           strcmp(name, MANIFEST_KEY_CREDENTIAL) != 0;
}

bool manifest_is_file_name(const char *name) {
    return consists_of(name, LETTERS DIGITS "._-", MANIFEST_FILE_SIZE) && name[0] != '.';
}

static size_t file_name_size(const char *text) {
    return strcspn(text, ":");
}

bool manifest_is_file(const char *text) {
    size_t size = file_name_size(text);
    char name[MANIFEST_FILE_SIZE + 1];

    if (size >= sizeof(name) || (text[size] != '\0' && strcmp(text + size, ":rw") != 0)) {
        return false;
    }
    memcpy(name, text, size);
    name[size] = '\0';
    return manifest_is_file_name(name);
}

bool manifest_finds_file(const struct manifest_texts *files, const char *name, bool *ret_writes) {
    size_t size = strlen(name);

    for (size_t i = 0; i < files->n_items; i++) {
        const char *text = files->items[i];

        if (file_name_size(text) == size && memcmp(text, name, size) == 0) {
            *ret_writes = text[size] != '\0';
            return true;
        }
    }
    return false;
}

#define IN_PART(member) .offset = offsetof(struct manifest_part, member)

static const struct field module_fields[] = {
    {"name", FIELD_TEXT, IN_PART(path), .check = is_module},
    {"size", FIELD_NUMBER, IN_PART(size), .max = PART_SIZE_MAX},
    {NULL},
};

static const struct field resource_fields[] = {
    {"path", FIELD_TEXT, IN_PART(path), .check = is_path},
    {"size", FIELD_NUMBER, IN_PART(size), .max = PART_SIZE_MAX},
    {NULL},
};

#define AT(member) .offset = offsetof(struct manifest, member)

static const struct field memory_fields[] = {
    {"heap", FIELD_NUMBER, AT(heap_size), .min = MANIFEST_HEAP_MIN, .max = MANIFEST_HEAP_MAX},
    {"stack", FIELD_NUMBER, AT(stack_size), .min = MANIFEST_STACK_MIN, .max = MANIFEST_STACK_MAX},
    {"arena", FIELD_NUMBER, AT(arena_size), .min = WIRE_ARENA_MIN, .max = WIRE_ARENA_MAX},
    {NULL},
};

static const struct field grants_fields[] = {
    {POLICY_NAME_LISTEN, FIELD_TEXTS, AT(listen), .max = GRANTS_MAX},
    {POLICY_NAME_CONNECT, FIELD_TEXTS, AT(connect), .max = GRANTS_MAX},
    {"storage", FIELD_NUMBER, .optional = true, AT(storage), .min = MANIFEST_STORAGE_MIN,
     .max = MANIFEST_STORAGE_MAX},
    {"credentials", FIELD_TEXTS, .optional = true, AT(credentials), .max = CREDENTIALS_MAX,
     .check = manifest_is_credential},
    {"files", FIELD_TEXTS, .optional = true, AT(files), .max = MANIFEST_FILES_MAX,
     .check = manifest_is_file},
    {NULL},
};

static const struct field limits_fields[] = {
    {"handles", FIELD_NUMBER, .optional = true, AT(handles), .min = 1, .max = WIRE_HANDLES},
    {"log_rate", FIELD_NUMBER, .optional = true, AT(log_rate), .min = 1,
     .max = MANIFEST_LOG_RATE_MAX},
    {NULL},
};

static const struct field health_fields[] = {
    {"ready", FIELD_NUMBER, .optional = true, AT(ready_msec), .min = MANIFEST_SPAN_MIN,
     .max = MANIFEST_SPAN_MAX},
    {"heartbeat", FIELD_NUMBER, .optional = true, AT(heartbeat_msec), .min = MANIFEST_SPAN_MIN,
     .max = MANIFEST_SPAN_MAX},
    {NULL},
};

static const struct field manifest_fields[] = {
    {"format", FIELD_NUMBER, AT(format), .min = MANIFEST_FORMAT, .max = MANIFEST_FORMAT},
    {"name", FIELD_TEXT, AT(name), .check = parse_is_app_name},
    {"version", FIELD_TEXT, AT(version), .check = is_version},
    {"description", FIELD_UNICODE, .optional = true, AT(description), .check = is_description},
    {"counter", FIELD_NUMBER, .optional = true, AT(counter), .max = MANIFEST_COUNTER_MAX},
    {"entry", FIELD_TEXT, AT(entry), .check = is_module},
    {"boot", FIELD_TEXT, .optional = true, AT(boot), .check = is_module},
    {"micropython", FIELD_TEXT, AT(micropython), .check = is_version},
    {"arguments", FIELD_TEXTS, .optional = true, AT(arguments), .max = ARGUMENTS_MAX},
    {"memory", FIELD_OBJECT, .fields = memory_fields},
    {"grants", FIELD_OBJECT, .fields = grants_fields},
    {"limits", FIELD_OBJECT, .fields = limits_fields},
    {"health", FIELD_OBJECT, .optional = true, .fields = health_fields},
    {"modules", FIELD_OBJECTS, AT(modules), .min = 1, .max = PARTS_MAX, .fields = module_fields,
     .item_size = sizeof(struct manifest_part)},
    {"resources", FIELD_OBJECTS, AT(resources), .max = PARTS_MAX, .fields = resource_fields,
     .item_size = sizeof(struct manifest_part)},
    {NULL},
};

// The arrays are filled through the reader's own view of them.
#define SAME_LAYOUT(type)                                                                          \
    (sizeof(struct type) == sizeof(struct field_array) &&                                          \
     offsetof(struct type, items) == offsetof(struct field_array, items) &&                        \
     offsetof(struct type, n_items) == offsetof(struct field_array, n_items))
_Static_assert(SAME_LAYOUT(manifest_texts), "filled as a field_array");
_Static_assert(SAME_LAYOUT(manifest_parts), "filled as a field_array");

static void json_free(struct json_object **object) {
    (void)json_object_put(*object);
}

// A newer manifest has fields that are unknown here: what to say of it is its format.
static int check_format(struct json_object *object, char *why) {
    struct json_object *format;

    if (!json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, "format", &format) ||
        !json_object_is_type(format, json_type_int) ||
        json_object_get_int64(format) == MANIFEST_FORMAT) {
        return 0; /* right, or not of the form: field_read() says how */
    }
    return why_refuse(why, MANIFEST_WHY_SIZE, "manifest: of format %lld, this mpyd reads %d",
                      (long long)json_object_get_int64(format), MANIFEST_FORMAT);
}

static bool has_module(const struct manifest *manifest, const char *name) {
    for (size_t i = 0; i < manifest->modules.n_items; i++) {
        if (strcmp(manifest->modules.items[i].path, name) == 0) {
            return true;
        }
    }
    return false;
}

// The one that stands there twice, or NULL: with :rw and without, one of them would be ignored.
static const char *find_double(const struct manifest_texts *files) {
    for (size_t i = 0; i < files->n_items; i++) {
        size_t size = file_name_size(files->items[i]);

        for (size_t k = 0; k < i; k++) {
            if (file_name_size(files->items[k]) == size &&
                memcmp(files->items[k], files->items[i], size) == 0) {
                return files->items[i];
            }
        }
    }
    return NULL;
}

// What no single field can tell.
static int check_whole(const struct manifest *manifest, char *why) {
    if (manifest->arena_size % WIRE_PAGE != 0) {
        return why_refuse(why, MANIFEST_WHY_SIZE,
                          "manifest: memory.arena = %llu is no multiple of %u",
                          (unsigned long long)manifest->arena_size, WIRE_PAGE);
    }
    if (!has_module(manifest, manifest->entry)) {
        return why_refuse(why, MANIFEST_WHY_SIZE, "manifest: entry = \"%s\" is none of the modules",
                          manifest->entry);
    }
    if (manifest->boot && !has_module(manifest, manifest->boot)) {
        return why_refuse(why, MANIFEST_WHY_SIZE, "manifest: boot = \"%s\" is none of the modules",
                          manifest->boot);
    }
    if (find_double(&manifest->files)) {
        return why_refuse(why, MANIFEST_WHY_SIZE, "manifest: grants.files has %s twice",
                          find_double(&manifest->files));
    }
    return 0;
}

int manifest_parse(const char *text, size_t size, struct manifest *ret_manifest,
                   char why[MANIFEST_WHY_SIZE]) {
    const struct field_reader reader = {"manifest", why, MANIFEST_WHY_SIZE};
    CLEANUP(json_free) struct json_object *object = NULL;
    CLEANUP(manifest_done) struct manifest manifest = {0};
    int r;

    if (size == 0 || size > MANIFEST_SIZE_MAX) {
        return why_refuse(why, MANIFEST_WHY_SIZE, "manifest: %zu bytes; 1 to %u are allowed", size,
                          MANIFEST_SIZE_MAX);
    }
    r = field_parse(&reader, text, size, DEPTH_MAX, &object);
    if (r == 0) {
        r = check_format(object, why);
    }
    if (r == 0) {
        r = field_read(&reader, object, manifest_fields, &manifest);
    }
    if (r == 0) {
        r = check_whole(&manifest, why);
    }
    if (r != 0) {
        return r;
    }
    *ret_manifest = manifest;
    manifest = (struct manifest){0};
    return 0;
}

static void texts_done(struct manifest_texts *texts) {
    for (size_t i = 0; i < texts->n_items; i++) {
        free(texts->items[i]);
    }
    free(texts->items);
}

static void parts_done(struct manifest_parts *parts) {
    for (size_t i = 0; i < parts->n_items; i++) {
        free(parts->items[i].path);
    }
    free(parts->items);
}

void manifest_done(struct manifest *manifest) {
    free(manifest->name);
    free(manifest->version);
    free(manifest->description);
    free(manifest->entry);
    free(manifest->boot);
    free(manifest->micropython);
    texts_done(&manifest->arguments);
    texts_done(&manifest->listen);
    texts_done(&manifest->connect);
    texts_done(&manifest->credentials);
    texts_done(&manifest->files);
    parts_done(&manifest->modules);
    parts_done(&manifest->resources);
    *manifest = (struct manifest){0};
}
