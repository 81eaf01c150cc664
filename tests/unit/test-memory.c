// SPDX-License-Identifier: MIT
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHUNKS 4096
#define CHUNK_SIZE 1000
#define FREED_KIB (CHUNKS * CHUNK_SIZE / 1024)

static long resident_kib(void) {
    FILE *file = fopen("/proc/self/smaps_rollup", "re");
    char line[128];
    long kib = -1;

    assert_non_null(file);
    while (kib < 0 && fgets(line, sizeof(line), file)) {
        (void)sscanf(line, "Rss: %ld kB", &kib);
    }
    (void)fclose(file);
    assert_true(kib > 0);
    return kib;
}

// The last chunk stays, so that the heap cannot simply shrink.
static void test_give_back_after_frees_returns_the_heap(void **state) {
    static char *chunks[CHUNKS];
    long before, after;

    for (size_t i = 0; i < CHUNKS; i++) {
        chunks[i] = malloc(CHUNK_SIZE);
        assert_non_null(chunks[i]);
        memset(chunks[i], 'x', CHUNK_SIZE);
    }
    for (size_t i = 0; i < CHUNKS - 1; i++) {
        free(chunks[i]);
    }
    before = resident_kib();
    memory_give_back();
    after = resident_kib();
    assert_true(after < before - FREED_KIB / 2);
    for (size_t i = 0; i < CHUNK_SIZE; i++) {
        assert_int_equal(chunks[CHUNKS - 1][i], 'x');
    }
    free(chunks[CHUNKS - 1]);
}

static const char constant[] = "read again from the file";
static char variable[] = "only in memory";
static const char *const relocated = constant;

static void test_give_back_at_any_time_loses_nothing(void **state) {
    char text[64] = "on the stack";

    variable[0] = 'O';
    for (int i = 0; i < 100; i++) {
        memory_give_back();
        assert_string_equal(relocated, "read again from the file");
        assert_string_equal(variable, "Only in memory");
        assert_string_equal(text, "on the stack");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_give_back_after_frees_returns_the_heap),
        cmocka_unit_test(test_give_back_at_any_time_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
