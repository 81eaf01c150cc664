// SPDX-License-Identifier: MIT
// Regions that do not fit are refused, and the refusal names them and says by how much.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "image/layout.h"

#define KIB 1024ull
#define REGIONS_MAX 6
#define PROBLEMS_MAX 4

// The regions up to the first without a name, and every problem with them.
struct example {
    struct layout_region regions[REGIONS_MAX];
    const char *problems[PROBLEMS_MAX];
};

static const struct example examples[] = {
    {{{"flash", NULL, 0, 100}, {"ram", NULL, 100, 100}}, {NULL}}, // they touch
    {{{"a", NULL, 0, 0}, {"b", NULL, 0, 10}, {"c", NULL, 5, 0}}, {NULL}},
    {{{"all", NULL, 0, UINT64_MAX}, {"last", "all", UINT64_MAX - 1, 1}}, {NULL}},
    {{{"a", NULL, LAYOUT_ANYWHERE, 100}, {"b", NULL, 0, 100}}, {NULL}},
    {{{"board", NULL, 0, 100}, {"text", "board", 0, 40}, {"data", "board", 40, 60}}, {NULL}},
    // one inside another of two that overlap is no third problem
    {{{"a", NULL, 0, 20}, {"b", NULL, 19, 20}, {"inner", "b", 19, 20}},
     {"a (0 to 0x14) and b (0x13 to 0x27) overlap by 1 byte"}},
    {{{"a", NULL, 0, 100}, {"b", NULL, 10, 10}, {"c", NULL, 90, 100}},
     {"a (0 to 0x64) and b (0xa to 0x14) overlap by 10 bytes",
      "a (0 to 0x64) and c (0x5a to 0xbe) overlap by 10 bytes"}},
    {{{"outer", NULL, 100, 100}, {"low", "outer", 90, 20}, {"far", "outer", 300, 7}},
     {"low (0x5a to 0x6e) reaches out of outer (0x64 to 0xc8) by 10 bytes",
      "far (0x12c to 0x133) reaches out of outer (0x64 to 0xc8) by 7 bytes"}},
    {{{"ram", NULL, 0, 256 * KIB},
      {"kernel", "ram", LAYOUT_ANYWHERE, 200 * KIB},
      {"user", "ram", LAYOUT_ANYWHERE, 100 * KIB}},
     {"ram has 256 KiB (262144 bytes); what is within it takes 44 KiB (45056 bytes) more than "
      "that"}},
    {{{"ram", NULL, LAYOUT_ANYWHERE, 9},
      {"a", "ram", LAYOUT_ANYWHERE, UINT64_MAX},
      {"b", "ram", LAYOUT_ANYWHERE, 1}},
     {"ram has 9 bytes; what is within it takes 18446744073709551606 bytes more than that"}},
    {{{"a", NULL, 0, 1}, {"a", NULL, 8, 1}}, {"a is there twice"}},
    {{{"a", "b", 0, 1}, {"b", "c", 0, 1}, {"c", "a", 0, 1}, {"d", "nothing", 0, 1}},
     {"a is within b, which is in nothing", "b is within c, which is in nothing",
      "c is within a, which is in nothing", "d is within nothing, and there is no such region"}},
    {{{"a", "a", 0, 1}}, {"a is within a, which is in nothing"}},
    {{{"a", NULL, 0xfffffffffffff000, 8 * KIB}},
     {"a at 0xfffffffffffff000 has an impossible size, 8192"}},
};

// Linker regions of a microcontroller with 2 MiB of flash and 640 KiB of RAM, shared by a kernel
// and its user, as a guide to such a port prints them.
static const struct example microcontroller = {
    {{"flash", NULL, 0x08000000, 2048 * KIB},
     {"kflash", "flash", 0x08000000, 1024 * KIB},
     {"uflash", "flash", 0x080fa000, 1024 * KIB},
     {"ram", NULL, 0x20000000, 640 * KIB},
     {"ksram", "ram", 0x20000000, 320 * KIB},
     {"usram", "ram", 0x2004e200, 320 * KIB}},
    {"kflash (0x8000000 to 0x8100000) and uflash (0x80fa000 to 0x81fa000) overlap by 24 KiB "
     "(24576 bytes)",
     "ksram (0x20000000 to 0x20050000) and usram (0x2004e200 to 0x2009e200) overlap by 7.5 KiB "
     "(7680 bytes)"},
};

static void expect(const struct example *example) {
    struct layout_problem problems[PROBLEMS_MAX];
    size_t n_regions = 0, n_expected = 0, n_found;

    while (n_regions < REGIONS_MAX && example->regions[n_regions].name) {
        n_regions++;
    }
    while (n_expected < PROBLEMS_MAX && example->problems[n_expected]) {
        n_expected++;
    }
    n_found = layout_check(example->regions, n_regions, problems, PROBLEMS_MAX);
    for (size_t i = 0; i < n_found && i < n_expected; i++) {
        char text[LAYOUT_PROBLEM_SIZE];

        layout_describe(&problems[i], text);
        assert_string_equal(text, example->problems[i]);
    }
    assert_int_equal(n_found, n_expected);
}

static void test_check_finds_each_problem(void **state) {
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        expect(&examples[i]);
    }
}

static void test_check_microcontroller_names_both_overlaps(void **state) {
    expect(&microcontroller);
}

static void test_check_tells_how_many_where_there_is_no_room(void **state) {
    struct layout_problem problem = {.size = 42};

    assert_int_equal(layout_check(microcontroller.regions, REGIONS_MAX, &problem, 1), 2);
    assert_int_equal(problem.size, 24576);
    problem.size = 42;
    assert_int_equal(layout_check(microcontroller.regions, REGIONS_MAX, &problem, 0), 2);
    assert_int_equal(problem.size, 42);
    assert_int_equal(layout_check(NULL, 0, &problem, 1), 0);
}

// The longest names and numbers there are.
static void test_describe_fits(void **state) {
    char name[200], text[LAYOUT_PROBLEM_SIZE];
    const struct layout_region region = {name, name, 0x8000000000000000, 0x7ffffffffffffe00};

    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    for (int kind = LAYOUT_TWICE; kind <= LAYOUT_TOO_MUCH; kind++) {
        const struct layout_problem problem = {(enum layout_kind)kind, &region, &region,
                                               0x7ffffffffffffe00};

        memset(text, 'y', sizeof(text));
        layout_describe(&problem, text);
        assert_non_null(memchr(text, '\0', sizeof(text)));
        assert_true(strlen(text) + 1 < sizeof(text));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_finds_each_problem),
        cmocka_unit_test(test_check_microcontroller_names_both_overlaps),
        cmocka_unit_test(test_check_tells_how_many_where_there_is_no_room),
        cmocka_unit_test(test_describe_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
