// SPDX-License-Identifier: MIT
// A manifest is read whole or refused with the field that is wrong.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/manifest.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static const char valid[] =
    "{\"format\":1,\"name\":\"meterd\",\"version\":\"1.0.0\",\"entry\":\"app.main\","
    "\"memory\":{\"heap\":1048576,\"stack\":65536,\"arena\":262144},"
    "\"grants\":{\"listen\":[\"tcp:127.0.0.1:8080\",\"udp:53\"],\"connect\":[\"tcp:*:*\"]},"
    "\"limits\":{\"handles\":128,\"log_rate\":100},"
    "\"modules\":[{\"name\":\"app.main\",\"size\":100},{\"name\":\"app.store\",\"size\":0}],"
    "\"resources\":[{\"path\":\"index.html\",\"size\":5}],\"micropython\":\"1.25.0\"}";

// Parses a copy without anything behind it, so that a checker sees reads beyond the end.
static int parse(const char *text, size_t size, struct manifest *manifest,
                 char why[MANIFEST_WHY_SIZE]) {
    CLEANUP_FREE char *copy = malloc(size ? size : 1);

    assert_non_null(copy);
    memcpy(copy, text, size);
    why[0] = '\0';
    return manifest_parse(copy, size, manifest, why);
}

// Not in every manifest: what is optional is read, and freed, too.
static void test_parse_gives_what_is_optional(void **state) {
    static const char text[] =
        "{\"format\":1,\"name\":\"meterd\",\"version\":\"1\",\"entry\":\"main\",\"counter\":7,"
        "\"boot\":\"first\",\"description\":\"measures \\u00b0\","
        "\"health\":{\"ready\":20000,\"heartbeat\":100},\"arguments\":[\"-v\",\"2\"],\"memory\":{"
        "\"heap\":1048576,\"stack\":65536,"
        "\"arena\":262144},\"grants\":{\"listen\":[],\"connect\":[],\"credentials\":[\"db\"],"
        "\"files\":[\"map\",\"serial:rw\"]},"
        "\"limits\":{},"
        "\"modules\":[{\"name\":\"first\",\"size\":1},{\"name\":\"main\",\"size\":1}],"
        "\"resources\":[],"
        "\"micropython\":\"1.25.0\"}";
    struct manifest manifest = {0};
    char why[MANIFEST_WHY_SIZE];
    bool writes = true;

    (void)state;
    assert_int_equal(parse(text, strlen(text), &manifest, why), 0);
    assert_int_equal(manifest.counter, 7);
    assert_int_equal(manifest.ready_msec, 20000);
    assert_int_equal(manifest.heartbeat_msec, 100);
    assert_int_equal(manifest.arguments.n_items, 2);
    assert_string_equal(manifest.arguments.items[1], "2");
    assert_string_equal(manifest.boot, "first");
    assert_string_equal(manifest.description, "measures \xc2\xb0");
    assert_int_equal(manifest.credentials.n_items, 1);
    assert_string_equal(manifest.credentials.items[0], "db");
    assert_int_equal(manifest.files.n_items, 2);
    assert_true(manifest_finds_file(&manifest.files, "map", &writes));
    assert_false(writes);
    assert_true(manifest_finds_file(&manifest.files, "serial", &writes));
    assert_true(writes);
    assert_false(manifest_finds_file(&manifest.files, "ma", &writes));
    assert_false(manifest_finds_file(&manifest.files, "serial:rw", &writes));
    manifest_done(&manifest);
    assert_null(manifest.arguments.items);
    assert_null(manifest.boot);
    assert_null(manifest.description);
    assert_null(manifest.credentials.items);
}

static void test_parse_valid_gives_fields(void **state) {
    struct manifest manifest = {0};
    char why[MANIFEST_WHY_SIZE];

    (void)state;
    assert_int_equal(parse(valid, strlen(valid), &manifest, why), 0);
    assert_string_equal(manifest.name, "meterd");
    assert_string_equal(manifest.version, "1.0.0");
    assert_string_equal(manifest.entry, "app.main");
    assert_string_equal(manifest.micropython, "1.25.0");
    assert_int_equal(manifest.heap_size, 1 << 20);
    assert_int_equal(manifest.stack_size, 64 << 10);
    assert_int_equal(manifest.arena_size, 256 << 10);
    assert_int_equal(manifest.listen.n_items, 2);
    assert_string_equal(manifest.listen.items[1], "udp:53");
    assert_string_equal(manifest.connect.items[0], "tcp:*:*");
    assert_int_equal(manifest.handles, 128);
    assert_int_equal(manifest.log_rate, 100);
    assert_int_equal(manifest.modules.n_items, 2);
    assert_string_equal(manifest.modules.items[1].path, "app.store");
    assert_int_equal(manifest.modules.items[0].size, 100);
    assert_string_equal(manifest.resources.items[0].path, "index.html");
    manifest_done(&manifest);
    assert_null(manifest.modules.items);
}

// The valid text with the first FROM replaced by TO.
static char *replaced(const char *from, const char *to) {
    const char *place = strstr(valid, from);
    char *text = NULL;

    assert_non_null(place);
    assert_true(asprintf(&text, "%.*s%s%s", (int)(place - valid), valid, to, place + strlen(from)) >
                0);
    return text;
}

static void test_parse_limits_not_given_are_zero(void **state) {
    CLEANUP_FREE char *text = replaced("\"handles\":128,\"log_rate\":100", "");
    struct manifest manifest = {0};
    char why[MANIFEST_WHY_SIZE];

    (void)state;
    assert_int_equal(parse(text, strlen(text), &manifest, why), 0);
    assert_int_equal(manifest.handles, 0);
    assert_int_equal(manifest.log_rate, 0);
    assert_int_equal(manifest.ready_msec, 0);
    assert_int_equal(manifest.heartbeat_msec, 0);
    manifest_done(&manifest);
}

static const struct {
    const char *from, *to;
    const char *reason;
} spoilt[] = {
    {"\"format\":1", "\"format\":2", "manifest: of format 2, this mpyd reads 1"},
    {"\"format\":1", "\"format\":\"1\"", "format is not an integer"},
    {"\"format\":1,", "", "no field format"},
    {"\"name\":\"meterd\"", "\"name\":7", "name is not a string"},
    {"\"name\":\"meterd\"", "\"name\":null", "name is not a string"},
    {"\"meterd\"", "\"Meterd\"", "name = \"Meterd\" is not of the form"},
    {"\"meterd\"", "\"../../etc\"", "name = \"../../etc\" is not of the form"},
    {"\"meterd\"", "\"a\\u0000b\"", "name holds the byte 0x00"},
    {"\"meterd\"", "\"\\u001b[2J\"", "name holds the byte 0x1b"},
    {"\"meterd\"", "\"m\xc3\xa9ter\"", "byte "}, /* json-c or we, by its version */
    {"\"meterd\"", "\"m\xc3ter\"", "byte "},
    {"\"1.0.0\"", "\"1 0\"", "version = \"1 0\" is not of the form"},
    {"\"entry\":", "\"description\":\"\",\"entry\":", "description = \"\" is not of the form"},
    {"\"entry\":", "\"description\":\"a\\nb\",\"entry\":", "description "},
    {"\"entry\":", "\"description\":\"\\u001b[2J\",\"entry\":", "description "},
    {"\"1.0.0\"", "\"\"", "version = \"\" is not of the form"},
    {"\"entry\":\"app.main\"", "\"entry\":\"main\"", "entry = \"main\" is none of the modules"},
    {"\"entry\":\"app.main\"", "\"entry\":\"a/b\"", "entry = \"a/b\" is not of the form"},
    {"\"entry\":", "\"boot\":\"first\",\"entry\":", "boot = \"first\" is none of the modules"},
    {"\"entry\":", "\"boot\":\"\",\"entry\":", "boot = \"\" is not of the form"},
    {"\"grants\":{", "\"grants\":{\"credentials\":[\"../a\"],",
     "grants.credentials[0] = \"../a\" is not of the form"},
    {"\"grants\":{", "\"grants\":{\"credentials\":[\"image-key\"],",
     "grants.credentials[0] = \"image-key\" is not of the form"},
    {"\"grants\":{", "\"grants\":{\"files\":[\"/dev/mem\"],",
     "grants.files[0] = \"/dev/mem\" is not of the form"},
    {"\"grants\":{", "\"grants\":{\"files\":[\"a:w\"],",
     "grants.files[0] = \"a:w\" is not of the form"},
    {"\"grants\":{", "\"grants\":{\"files\":[\":rw\"],",
     "grants.files[0] = \":rw\" is not of the form"},
    {"\"grants\":{", "\"grants\":{\"files\":[\"a23456789012345678901234567890123\"],",
     "grants.files[0] = "},
    {"\"grants\":{", "\"grants\":{\"files\":[\"a\",\"b\",\"a:rw\"],",
     "grants.files has a:rw twice"},
    {"\"memory\":{", "\"memory\":[{", "byte "},
    {"{\"heap\":1048576,\"stack\":65536,\"arena\":262144}", "[]", "memory is not an object"},
    {"1048576", "1", "memory.heap = 1 is outside 16384 to 536870912"},
    {"1048576", "-1", "memory.heap = -1 is outside"},
    {"1048576", "1.5", "memory.heap is not an integer"},
    {"1048576", "true", "memory.heap is not an integer"},
    {"1048576", "9223372036854775807", "memory.heap = 9223372036854775807 is outside"},
    {"65536", "4194305", "memory.stack = 4194305 is outside"},
    {"262144", "262145", "memory.arena = 262145 is no multiple of 4096"},
    {"\"arena\":262144", "\"arena\":262144,\"extra\":1", "unknown field memory.extra"},
    {"\"memory\":", "\"arguments\":\"-v\",\"memory\":", "arguments is not an array"},
    {",\"arena\":262144", "", "no field memory.arena"},
    {"[\"tcp:*:*\"]", "\"tcp:*:*\"", "grants.connect is not an array"},
    {"\"udp:53\"", "53", "grants.listen[1] is not a string"},
    {"\"handles\":128", "\"handles\":0", "limits.handles = 0 is outside 1 to 1024"},
    {"\"limits\":{", "\"health\":{\"ready\":99},\"limits\":{", "health.ready = 99 is outside"},
    {"\"limits\":{", "\"health\":{\"heartbeat\":3600001},\"limits\":{",
     "health.heartbeat = 3600001 is outside"},
    {"\"limits\":{", "\"health\":{\"pulse\":100},\"limits\":{", "unknown field health.pulse"},
    {"\"connect\":", "\"storage\":4095,\"connect\":", "grants.storage = 4095 is outside"},
    {"\"connect\":", "\"storage\":1099511627777,\"connect\":",
     "grants.storage = 1099511627777 is outside"},
    {"\"connect\":", "\"storage\":\"1M\",\"connect\":", "grants.storage is not an integer"},
    {"\"log_rate\":100", "\"log_rate\":10001", "limits.log_rate = 10001 is outside"},
    {"\"log_rate\":100", "\"\\u001b]0;x\":1", "unknown field limits.?]0;x"},
    {"{\"name\":\"app.store\",\"size\":0}", "3", "modules[1] is not an object"},
    {"{\"name\":\"app.store\",\"size\":0}", "{}", "no field modules[1].name"},
    {"\"size\":0}", "\"size\":-5}", "modules[1].size = -5 is outside"},
    {"\"path\":\"index.html\"", "\"path\":\"/etc\"", "resources[0].path = \"/etc\""},
    {"\"path\":\"index.html\"", "\"path\":\"\"", "resources[0].path = \"\""},
    {"\"size\":5}]", "\"size\":[[[[[[]]]]]]}]", "byte "},
    {"\"micropython\":\"1.25.0\"}", "\"micropython\":\"1.25.0\"}{}", "byte"},
    {"\"micropython\":\"1.25.0\"}", "\"micropython\":\"1.25.0\",}", "byte "},
    {"\"micropython\":\"1.25.0\"}", "\"micropython\":'1.25.0'}", "byte "},
    {"{\"format\":1", "/* */{\"format\":1", "byte "},
};

static void test_parse_spoilt_is_refused_with_field(void **state) {
    (void)state;
    for (size_t i = 0; i < LENGTH(spoilt); i++) {
        CLEANUP_FREE char *text = replaced(spoilt[i].from, spoilt[i].to);
        struct manifest manifest = {0};
        char why[MANIFEST_WHY_SIZE];

        if (parse(text, strlen(text), &manifest, why) != MANIFEST_REFUSED) {
            fail_msg("case %zu: not refused", i);
        }
        if (!strstr(why, spoilt[i].reason) || strncmp(why, "manifest: ", 10) != 0) {
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, why, spoilt[i].reason);
        }
    }
}

static void test_parse_no_modules_is_refused(void **state) {
    CLEANUP_FREE char *text = replaced(
        "[{\"name\":\"app.main\",\"size\":100},{\"name\":\"app.store\",\"size\":0}]", "[]");
    struct manifest manifest = {0};
    char why[MANIFEST_WHY_SIZE];

    (void)state;
    assert_int_equal(parse(text, strlen(text), &manifest, why), MANIFEST_REFUSED);
    assert_non_null(strstr(why, "modules has 0 elements; 1 to 4096 are allowed"));
}

static void test_parse_truncated_anywhere_is_refused(void **state) {
    (void)state;
    for (size_t size = 0; size < strlen(valid); size++) {
        struct manifest manifest = {0};
        char why[MANIFEST_WHY_SIZE];

        assert_int_equal(parse(valid, size, &manifest, why), MANIFEST_REFUSED);
        assert_true(strlen(why) > 0);
    }
}

static void test_parse_too_much_is_refused(void **state) {
    CLEANUP_FREE char *many = NULL, *spaces = calloc(1, MANIFEST_SIZE_MAX + 2);
    CLEANUP_FREE char *grants = calloc(1, 300 * 8), *long_text = calloc(1, 400);
    struct manifest manifest = {0};
    char why[MANIFEST_WHY_SIZE];

    (void)state;
    memset(spaces, ' ', MANIFEST_SIZE_MAX + 1);
    assert_int_equal(parse(spaces, MANIFEST_SIZE_MAX + 1, &manifest, why), MANIFEST_REFUSED);
    assert_non_null(strstr(why, "262145 bytes; 1 to 262144 are allowed"));

    strcpy(grants, "[\"a\"");
    for (size_t i = 0; i < 256; i++) {
        strcat(grants, ",\"a\"");
    }
    strcat(grants, "]");
    many = replaced("[\"tcp:*:*\"]", grants);
    assert_int_equal(parse(many, strlen(many), &manifest, why), MANIFEST_REFUSED);
    assert_non_null(strstr(why, "grants.connect has 257 elements"));
    free(many);

    memset(long_text, 'a', 330);
    many = replaced("tcp:*:*", long_text);
    assert_int_equal(parse(many, strlen(many), &manifest, why), MANIFEST_REFUSED);
    assert_non_null(strstr(why, "grants.connect[0] has 330 bytes, more than 320"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_valid_gives_fields),
        cmocka_unit_test(test_parse_gives_what_is_optional),
        cmocka_unit_test(test_parse_limits_not_given_are_zero),
        cmocka_unit_test(test_parse_spoilt_is_refused_with_field),
        cmocka_unit_test(test_parse_no_modules_is_refused),
        cmocka_unit_test(test_parse_truncated_anywhere_is_refused),
        cmocka_unit_test(test_parse_too_much_is_refused),
    };

    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
