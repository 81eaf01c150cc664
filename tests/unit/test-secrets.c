// SPDX-License-Identifier: MIT
// Secrets of an app: which files become one, who gets them, what is left of them in texts.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "call/wire.h"
#include "daemon/app/secrets.h"
#include "image/manifest.h"
#include "tests/unit/folder.h"

static char folder[64];
static struct secrets secrets;
static char *granted[] = {"token", "long", "longest", "pipe", "link", "image-key", "gone"};

static int setup(void **state) {
    secrets = (struct secrets){0};
    (void)snprintf(folder, sizeof(folder), "/tmp/mpyd-secrets-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state) {
    secrets_done(&secrets);
    return folder_remove(folder);
}

static char *path_of(const char *name) {
    static char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void give(const char *name, const char *data, size_t size) {
    CLEANUP_FD int fd = open(path_of(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0400);

    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, data, size), 0);
}

static void read_and_keep(void) {
    assert_int_equal(secrets_read(folder, &secrets), 0);
    secrets_keep(&secrets, "demo", granted, sizeof(granted) / sizeof(granted[0]));
}

static int find(const char *name, const char *expected, size_t size) {
    const uint8_t *data = NULL;
    size_t found_size = 0;
    int r = secrets_find(&secrets, name, &data, &found_size);

    if (r == 0) {
        assert_int_equal(found_size, size);
        assert_memory_equal(data, expected, size);
    }
    return r;
}

static void test_granted_secret_is_found_byte_for_byte(void **state) {
    give("token", "a\0b\n", 4);
    read_and_keep();
    assert_int_equal(find("token", "a\0b\n", 4), 0);
}

static void test_what_was_not_granted_is_gone(void **state) {
    give("other", "never", 5);
    give("token", "x", 1);
    assert_int_equal(secrets_read(folder, &secrets), 0);
    assert_int_equal(secrets.n_items, 2);
    secrets_keep(&secrets, "demo", granted, 1);
    assert_int_equal(secrets.n_items, 1);
    assert_int_equal(find("other", NULL, 0), SECRETS_DENIED);
    assert_int_equal(find("gone", NULL, 0), SECRETS_DENIED);
    assert_int_equal(find("token", "x", 1), 0);
}

static void test_granted_secret_nobody_gave_is_missing(void **state) {
    read_and_keep();
    assert_int_equal(find("gone", NULL, 0), SECRETS_MISSING);
}

static void test_no_directory_no_secret(void **state) {
    assert_int_equal(secrets_read(NULL, &secrets), 0);
    secrets_keep(&secrets, "demo", granted, 1);
    assert_int_equal(find("token", NULL, 0), SECRETS_MISSING);
    assert_int_equal(secrets_read("/nonexistent", &secrets), 0);
    assert_int_equal(secrets.n_items, 0);
}

static void test_longest_secret_is_found_and_a_longer_one_is_not(void **state) {
    static char data[WIRE_SECRET_MAX + 1];

    memset(data, 'x', sizeof(data));
    give("long", data, sizeof(data));
    give("longest", data, sizeof(data) - 1);
    read_and_keep();
    assert_int_equal(find("long", NULL, 0), SECRETS_TOO_LONG);
    assert_int_equal(find("longest", data, sizeof(data) - 1), 0);
}

static void test_only_files_with_names_of_secrets_are_read(void **state) {
    give("elsewhere", "x", 1);
    give("image-key", "x", 1);
    give(".hidden", "x", 1);
    give("sp ace", "x", 1);
    assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
    assert_int_equal(symlink("elsewhere", path_of("link")), 0);
    assert_int_equal(secrets_read(folder, &secrets), 0);
    assert_int_equal(secrets.n_items, 2);
    secrets_keep(&secrets, "demo", granted, sizeof(granted) / sizeof(granted[0]));
    assert_int_equal(find("link", "x", 1), 0);
    assert_int_equal(find("pipe", NULL, 0), SECRETS_MISSING);
    assert_int_equal(find("image-key", NULL, 0), SECRETS_MISSING);
}

static void test_more_files_than_the_most_are_left_out(void **state) {
    for (int i = 0; i < 70; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "s%d", i);
        give(name, "x", 1);
    }
    assert_int_equal(secrets_read(folder, &secrets), 0);
    assert_int_equal(secrets.n_items, 64);
}

static void test_names_a_manifest_may_grant(void **state) {
    assert_true(manifest_is_credential("db-password"));
    assert_true(manifest_is_credential("a.b_C-9"));
    assert_false(manifest_is_credential(""));
    assert_false(manifest_is_credential(".a"));
    assert_false(manifest_is_credential("a/b"));
    assert_false(manifest_is_credential("a b"));
    assert_false(manifest_is_credential(MANIFEST_KEY_CREDENTIAL));
    assert_true(
        manifest_is_credential("0123456789012345678901234567890123456789012345678901234567890123"));
    assert_false(manifest_is_credential(
        "01234567890123456789012345678901234567890123456789012345678901234"));
}

static void test_redact_overwrites_every_occurrence(void **state) {
    char text[] = "ValueError: hunter2 is wrong, hunter2";
    char clean[] = "hunter1 hunter";

    give("token", "\thunter2 \r\n", 11);
    read_and_keep();
    assert_true(secrets_redact(&secrets, text));
    assert_string_equal(text, "ValueError: ******* is wrong, *******");
    assert_false(secrets_redact(&secrets, clean));
    assert_string_equal(clean, "hunter1 hunter");
}

static void test_redact_bytes_looks_behind_nul(void **state) {
    uint8_t bytes[] = "a\0hunter2\0hunter2";

    give("token", "hunter2", 7);
    read_and_keep();
    assert_true(secrets_redact_bytes(&secrets, bytes, sizeof(bytes) - 2));
    assert_memory_equal(bytes, "a\0*******\0hunter2", sizeof(bytes));
}

static void test_redact_leaves_what_any_text_has(void **state) {
    char text[] = "a is not b";

    give("token", "is\n", 3);
    give("long", "\n\n\n\n\n", 5);
    read_and_keep();
    assert_false(secrets_redact(&secrets, text));
    assert_string_equal(text, "a is not b");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_granted_secret_is_found_byte_for_byte),
        TEST(test_what_was_not_granted_is_gone),
        TEST(test_granted_secret_nobody_gave_is_missing),
        TEST(test_no_directory_no_secret),
        TEST(test_longest_secret_is_found_and_a_longer_one_is_not),
        TEST(test_only_files_with_names_of_secrets_are_read),
        TEST(test_more_files_than_the_most_are_left_out),
        TEST(test_names_a_manifest_may_grant),
        TEST(test_redact_overwrites_every_occurrence),
        TEST(test_redact_bytes_looks_behind_nul),
        TEST(test_redact_leaves_what_any_text_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
