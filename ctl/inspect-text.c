// SPDX-License-Identifier: MIT

// mpyctl inspect, for people: a line a fact, what it is in front.

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/inspect.h"
#include "ctl/layers.h"
#include "image/envelope.h"

#define COLUMN 13
#define WIDTH 78
#define LAYERS_MAX 64u /* of a process */

// A fact of several parts, a line each: what it is stands in front of the first.
struct fact {
    const char *what;
    size_t n_parts;
};

static void part(struct fact *fact, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void part(struct fact *fact, const char *format, ...) {
    va_list arguments;

    printf("%-*s", COLUMN, fact->n_parts++ == 0 ? fact->what : "");
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
}

// Where there is none, that is a fact too.
static void end(struct fact *fact) {
    if (fact->n_parts == 0) {
        part(fact, "none");
    }
}

static void write_texts(const char *what, const struct manifest_texts *texts) {
    struct fact fact = {what, 0};

    for (size_t i = 0; i < texts->n_items; i++) {
        part(&fact, "%s", texts->items[i]);
    }
    end(&fact);
}

static void write_parts(const char *what, const struct manifest_parts *parts) {
    struct fact fact = {what, 0};

    for (size_t i = 0; i < parts->n_items; i++) {
        part(&fact, "%s (%" PRIu64 " bytes)", parts->items[i].path, parts->items[i].size);
    }
    end(&fact);
}

static void write_one(const char *what, const char *text) {
    part(&(struct fact){what, 0}, "%s", text);
}

static void write_wish(const char *what, uint64_t wish) {
    if (wish > 0) {
        part(&(struct fact){what, 0}, "%" PRIu64, wish);
    }
}

// As many words to a line as fit. NAMES[i] NULL: left out.
static void write_words(const char *what, const char *const *names, size_t n_names) {
    size_t column = 0;

    for (size_t i = 0; i < n_names; i++) {
        const char *name = names[i];

        if (!name) {
            continue;
        }
        if (column == 0 || column + 1 + strlen(name) > WIDTH) {
            printf("%s%-*s%s", column == 0 ? "" : "\n", COLUMN, column == 0 ? what : "", name);
            column = COLUMN + strlen(name);
        } else {
            printf(" %s", name);
            column += 1 + strlen(name);
        }
    }
    if (column > 0) {
        (void)putchar('\n');
    }
}

static void write_calls(const struct image *image) {
    const char *names[CALLS_VERSION];

    for (uint32_t i = 0; i < image->object.n_calls; i++) {
        names[i] = calls_find(image->calls[i].number)->name; // or it would have been refused
    }
    write_words("calls", names, image->object.n_calls);
}

static void write_layers(void) {
    static const char *const processes[] = {"SUPERVISOR", "SPAWNER", "WORKER"};
    static const char *const titles[] = {"supervisor", "spawner", "worker"};

    for (size_t i = 0; i < 3; i++) {
        const char *names[LAYERS_MAX];
        size_t n = 0;

        for (const struct layers_row *row = layers_rows; row->name; row++) {
            if (n < LAYERS_MAX && row->is_required && strcmp(row->process, processes[i]) == 0) {
                names[n++] = row->name;
            }
        }
        write_words(titles[i], names, n);
    }
}

// What can be known without a key.
static void write_outside(const struct inspection *inspection) {
    const struct image_file *file = inspection->file;
    const struct signature *signature = &inspection->signature;

    part(&(struct fact){"size", 0}, "%zu bytes", file->shipped.size);
    write_one("sha256", inspection->sha256);
    write_one("blake2b", inspection->blake2b);
    if (file->is_encrypted) {
        part(&(struct fact){"encrypted", 0}, "with key " ENVELOPE_ID_FORMAT "%s",
             (unsigned long long)file->key,
             inspection->is_locked ? "; name its file by --key-file to see what is in it" : "");
    } else {
        write_one("encrypted", "no");
    }
    if (inspection->signed_by == SIGNATURE_FILE_ABSENT) {
        write_one("signature", "none");
    } else if (inspection->signed_by == SIGNATURE_FILE_BAD) {
        part(&(struct fact){"signature", 0}, "bad: %s", inspection->why);
    } else {
        part(&(struct fact){"signature", 0}, "by key " SIGNATURE_ID_FORMAT ", not verified",
             (unsigned long long)signature->key);
    }
    if (inspection->signed_by == SIGNATURE_FILE_THERE && inspect_has_comment(inspection)) {
        write_one("comment", signature->comment);
    }
}

static void write_manifest(const struct manifest *manifest) {
    write_one("name", manifest->name);
    write_one("version", manifest->version);
    if (manifest->description) {
        write_one("description", manifest->description);
    }
    part(&(struct fact){"counter", 0}, "%" PRIu64, manifest->counter);
    write_one("entry", manifest->entry);
    if (manifest->boot) {
        write_one("boot", manifest->boot);
    }
    if (manifest->arguments.n_items > 0) {
        write_texts("arguments", &manifest->arguments);
    }
    write_one("micropython", manifest->micropython);
    write_parts("modules", &manifest->modules);
    write_parts("resources", &manifest->resources);
    write_texts("listen", &manifest->listen);
    write_texts("connect", &manifest->connect);
    write_wish("storage", manifest->storage);
    if (manifest->credentials.n_items > 0) {
        write_texts("credentials", &manifest->credentials);
    }
    if (manifest->files.n_items > 0) {
        write_texts("files", &manifest->files);
    }
    write_wish("handles", manifest->handles);
    write_wish("log_rate", manifest->log_rate);
    write_wish("ready", manifest->ready_msec);
    write_wish("heartbeat", manifest->heartbeat_msec);
}

static void write_machine(const struct elf *elf) {
    char text[ELF_MACHINE_SIZE];

    elf_describe_machine(elf, text);
    write_one("machine", elf_is_foreign(elf) ? text : elf_machine_name(elf->machine));
}

void inspect_write_text(const struct inspection *inspection) {
    const struct image *image = &inspection->file->image;

    write_outside(inspection);
    if (inspection->is_locked) {
        return;
    }
    write_manifest(&image->manifest);
    write_machine(&image->elf);
    write_calls(image);
    if (image->tools[0]) {
        write_one("tools", image->tools);
    }
    (void)puts("\nLayers of the sandbox that it does not start without, unless made optional:");
    write_layers();
}
