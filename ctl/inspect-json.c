// SPDX-License-Identifier: MIT

// mpyctl inspect, for programs.

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ctl/inspect.h"
#include "ctl/json.h"
#include "ctl/layers.h"
#include "ctl/print.h"
#include "image/envelope.h"

static struct json_object *list_texts(const struct manifest_texts *texts) {
    struct json_object *list = json_new_array();

    for (size_t i = 0; i < texts->n_items; i++) {
        json_append_text(list, texts->items[i]);
    }
    return list;
}

static struct json_object *list_parts(const struct manifest_parts *parts, const char *key) {
    struct json_object *list = json_new_array();

    for (size_t i = 0; i < parts->n_items; i++) {
        struct json_object *object = json_new_object();

        json_set_text(object, key, parts->items[i].path);
        json_set_number(object, "size", parts->items[i].size);
        json_append(list, object);
    }
    return list;
}

static struct json_object *list_calls(const struct image *image) {
    struct json_object *list = json_new_array();

    for (uint32_t i = 0; i < image->object.n_calls; i++) {
        const struct note_call *call = &image->calls[i];
        struct json_object *object = json_new_object();

        json_set_number(object, "number", call->number);
        json_set_text(object, "name", calls_find(call->number)->name);
        json_set_number(object, "signature", call->signature);
        json_append(list, object);
    }
    return list;
}

static struct json_object *list_layers(void) {
    struct json_object *list = json_new_array();

    for (const struct layers_row *row = layers_rows; row->name; row++) {
        struct json_object *object = json_new_object();
        char process[16] = "";

        for (size_t i = 0; row->process[i] && i < sizeof(process) - 1; i++) {
            process[i] = (char)tolower((unsigned char)row->process[i]);
        }
        json_set_text(object, "process", process);
        json_set_text(object, "name", row->name);
        json_set_bool(object, "required", row->is_required);
        json_append(list, object);
    }
    return list;
}

static struct json_object *list_memory(const struct manifest *manifest) {
    struct json_object *memory = json_new_object();

    json_set_number(memory, "heap", manifest->heap_size);
    json_set_number(memory, "stack", manifest->stack_size);
    json_set_number(memory, "arena", manifest->arena_size);
    return memory;
}

static struct json_object *list_grants(const struct manifest *manifest) {
    struct json_object *grants = json_new_object();

    json_set(grants, "listen", list_texts(&manifest->listen));
    json_set(grants, "connect", list_texts(&manifest->connect));
    if (manifest->storage > 0) {
        json_set_number(grants, "storage", manifest->storage);
    }
    json_set(grants, "credentials", list_texts(&manifest->credentials));
    json_set(grants, "files", list_texts(&manifest->files));
    return grants;
}

static struct json_object *list_limits(const struct manifest *manifest) {
    struct json_object *limits = json_new_object();

    if (manifest->handles > 0) {
        json_set_number(limits, "handles", manifest->handles);
    }
    if (manifest->log_rate > 0) {
        json_set_number(limits, "log_rate", manifest->log_rate);
    }
    return limits;
}

static struct json_object *list_health(const struct manifest *manifest) {
    struct json_object *health = json_new_object();

    if (manifest->ready_msec > 0) {
        json_set_number(health, "ready", manifest->ready_msec);
    }
    if (manifest->heartbeat_msec > 0) {
        json_set_number(health, "heartbeat", manifest->heartbeat_msec);
    }
    return health;
}

static struct json_object *list_encryption(uint64_t key) {
    struct json_object *object = json_new_object();
    char text[32];

    (void)snprintf(text, sizeof(text), ENVELOPE_ID_FORMAT, (unsigned long long)key);
    json_set_text(object, "key", text);
    return object;
}

static struct json_object *list_signature(const struct inspection *inspection) {
    struct json_object *object = json_new_object();
    char text[32];

    if (inspection->signed_by == SIGNATURE_FILE_BAD) {
        json_set_text(object, "bad", inspection->why);
        return object;
    }
    (void)snprintf(text, sizeof(text), SIGNATURE_ID_FORMAT,
                   (unsigned long long)inspection->signature.key);
    json_set_text(object, "key", text);
    if (inspect_has_comment(inspection)) {
        json_set_text(object, "comment", inspection->signature.comment);
    }
    return object;
}

static struct json_object *list_file(const struct inspection *inspection) {
    struct json_object *file = json_new_object();

    json_set_number(file, "size", inspection->file->shipped.size);
    json_set_text(file, "sha256", inspection->sha256);
    json_set_text(file, "blake2b", inspection->blake2b);
    if (inspection->file->is_encrypted) {
        json_set(file, "encrypted", list_encryption(inspection->file->key));
    }
    if (inspection->signed_by != SIGNATURE_FILE_ABSENT) {
        json_set(file, "signature", list_signature(inspection));
    }
    return file;
}

static void set_image(struct json_object *object, const struct image *image) {
    const struct manifest *manifest = &image->manifest;

    json_set_text(object, "name", manifest->name);
    json_set_text(object, "version", manifest->version);
    if (manifest->description) {
        json_set_text(object, "description", manifest->description);
    }
    json_set_number(object, "counter", manifest->counter);
    json_set_text(object, "entry", manifest->entry);
    if (manifest->boot) {
        json_set_text(object, "boot", manifest->boot);
    }
    json_set(object, "arguments", list_texts(&manifest->arguments));
    json_set_text(object, "micropython", manifest->micropython);
    json_set_text(object, "machine", elf_machine_name(image->elf.machine));
    json_set_number(object, "abi", image->object.abi);
    json_set(object, "memory", list_memory(manifest));
    json_set(object, "grants", list_grants(manifest));
    json_set(object, "limits", list_limits(manifest));
    json_set(object, "health", list_health(manifest));
    json_set(object, "modules", list_parts(&manifest->modules, "name"));
    json_set(object, "resources", list_parts(&manifest->resources, "path"));
    json_set(object, "calls", list_calls(image));
    if (image->tools[0]) {
        json_set_text(object, "tools", image->tools);
    }
    json_set(object, "layers", list_layers());
}

void inspect_write_json(const struct inspection *inspection) {
    struct json_object *object = json_new_object();

    json_set(object, "file", list_file(inspection));
    if (!inspection->is_locked) {
        set_image(object, &inspection->file->image);
    }
    print_json(object);
}
