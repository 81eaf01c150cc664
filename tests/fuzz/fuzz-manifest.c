// SPDX-License-Identifier: MIT

// The manifest's JSON: image/manifest.c, fields.c and json-c behind them.

#include <errno.h>
#include <string.h>

#include "base/parse.h"
#include "call/wire.h"
#include "image/manifest.h"
#include "tests/fuzz/fuzz.h"

static void check_texts(const struct manifest_texts *texts) {
    for (size_t i = 0; i < texts->n_items; i++) {
        REQUIRE(texts->items[i] && is_printable_ascii(texts->items[i]));
    }
}

static void check_parts(const struct manifest_parts *parts) {
    for (size_t i = 0; i < parts->n_items; i++) {
        REQUIRE(parts->items[i].path && parts->items[i].path[0]);
        REQUIRE(is_printable_ascii(parts->items[i].path) && parts->items[i].size <= UINT32_MAX);
    }
}

static bool has_entry(const struct manifest *manifest) {
    for (size_t i = 0; i < manifest->modules.n_items; i++) {
        if (strcmp(manifest->modules.items[i].path, manifest->entry) == 0) {
            return true;
        }
    }
    return false;
}

static void check_taken(const struct manifest *manifest) {
    REQUIRE(manifest->format == MANIFEST_FORMAT && parse_is_app_name(manifest->name));
    REQUIRE(is_printable_ascii(manifest->version) && strlen(manifest->version) <= 32);
    REQUIRE(manifest->heap_size >= MANIFEST_HEAP_MIN && manifest->heap_size <= MANIFEST_HEAP_MAX);
    REQUIRE(manifest->stack_size >= MANIFEST_STACK_MIN &&
            manifest->stack_size <= MANIFEST_STACK_MAX);
    REQUIRE(manifest->arena_size >= WIRE_ARENA_MIN && manifest->arena_size <= WIRE_ARENA_MAX &&
            manifest->arena_size % WIRE_PAGE == 0);
    REQUIRE(manifest->handles <= WIRE_HANDLES && manifest->log_rate <= MANIFEST_LOG_RATE_MAX);
    REQUIRE(has_entry(manifest));
    check_texts(&manifest->arguments);
    check_texts(&manifest->listen);
    check_texts(&manifest->connect);
    check_parts(&manifest->modules);
    check_parts(&manifest->resources);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct manifest manifest = {.format = 99};
    char why[MANIFEST_WHY_SIZE];
    int r;

    memset(why, 'x', sizeof(why));
    r = manifest_parse((const char *)data, size, &manifest, why);
    REQUIRE(r == 0 || r == MANIFEST_REFUSED);
    if (r == 0) {
        check_taken(&manifest);
        manifest_done(&manifest);
        return 0;
    }
    REQUIRE(memchr(why, '\0', sizeof(why)) && is_printable_ascii(why));
    REQUIRE(strncmp(why, "manifest: ", 10) == 0 && why[10] != '\0');
    REQUIRE(manifest.format == 99 && !manifest.name);
    return 0;
}
