// SPDX-License-Identifier: MIT

// The quota, and where paths lead. After every test what is counted is what is there.

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

#include "daemon/handler.h"
#include "daemon/storage/storage-sync.h"
#include "tests/unit/storage-fixture.h"

#define UNITS STORAGE_FIXTURE_UNITS
#define WRITE storage_write_file

static struct storage_handle open_one(const char *path, enum storage_creation creation) {
    struct storage_handle handle = {.fd = -1};

    assert_int_equal(storage_open_file(storage, path, O_RDWR, creation, &handle), 0);
    return handle;
}

static int try_open(const char *path, int access, enum storage_creation creation) {
    struct storage_handle handle = {.fd = -1};
    int r = storage_open_file(storage, path, access, creation, &handle);

    storage_handle_done(&handle);
    return r;
}

static int count_and_teardown(void **state) {
    storage_check_count();
    return storage_teardown(state);
}

// -- quota ---------------------------------------------------------------------------------------

static void test_units_are_begun_pages_and_at_least_one(void **state) {
    assert_int_equal(storage_units(0), 1);
    assert_int_equal(storage_units(1), 1);
    assert_int_equal(storage_units(4096), 1);
    assert_int_equal(storage_units(4097), 2);
    assert_int_equal(storage_units(UINT64_MAX), UINT64_MAX / 4096 + 1);
}

static void test_bytes_are_limited(void **state) {
    assert_int_equal(WRITE("a", 'a', (UNITS - 1) * 4096), 0);
    assert_int_equal(storage->used, UNITS - 1);
    assert_int_equal(WRITE("b", 'b', 4096), 0);
    assert_int_equal(WRITE("b", 'b', 4097), ENOSPC);
    assert_int_equal(try_open("c", O_RDWR, STORAGE_IF_MISSING), ENOSPC);
    assert_int_equal(storage_make_directory(storage, "d"), ENOSPC);
    assert_int_equal(storage->used, UNITS);
    assert_int_equal(storage->n_full, 3);
    assert_int_equal(WRITE("a", 'a', 1), 0);
    assert_int_equal(storage->used, 2);
}

static void test_number_of_files_is_limited(void **state) {
    char name[16];

    for (unsigned i = 0; i < UNITS; i++) {
        (void)snprintf(name, sizeof(name), "%u", i);
        assert_int_equal(i % 2 ? WRITE(name, 'x', 0) : storage_make_directory(storage, name), 0);
    }
    assert_int_equal(try_open("more", O_RDWR, STORAGE_IF_MISSING), ENOSPC);
    assert_int_equal(storage_remove_directory(storage, "0"), 0);
    assert_int_equal(storage_remove(storage, "1"), 0);
    assert_int_equal(storage->used, UNITS - 2);
}

// Removing a file does not make room as long as it can be written to.
static void test_removed_file_counts_until_closed(void **state) {
    struct storage_handle one = open_one("a", STORAGE_NEW), other = open_one("a", STORAGE_NEVER);
    int64_t written = 0;

    assert_int_equal(storage_remove(storage, "a"), 0);
    assert_int_equal(storage->used, 1);
    assert_int_equal(storage_write(&one, 10 * 4096, "x", 1, &written), 0);
    assert_int_equal(storage->used, 11);
    assert_int_equal(WRITE("a", 'a', (UNITS - 11) * 4096), 0);
    assert_int_equal(WRITE("b", 'b', 1), ENOSPC);
    storage_handle_done(&one);
    assert_int_equal(storage->used, UNITS);
    storage_handle_done(&other);
    assert_int_equal(storage->used, UNITS - 11);
    assert_true(LIST_EMPTY(&storage->open));
}

static void test_file_renamed_over_gives_its_room_back(void **state) {
    struct storage_handle held;

    assert_int_equal(WRITE("a", 'a', 4 * 4096), 0);
    assert_int_equal(WRITE("b", 'b', 8 * 4096), 0);
    assert_int_equal(storage_rename(storage, "a", "b"), 0);
    assert_int_equal(storage->used, 4);
    assert_int_equal(storage_rename(storage, "b", "b"), 0);
    assert_int_equal(storage->used, 4);
    held = open_one("b", STORAGE_NEVER);
    assert_int_equal(WRITE("c", 'c', 4096), 0);
    assert_int_equal(storage_rename(storage, "c", "b"), 0);
    assert_int_equal(storage->used, 5);
    storage_handle_done(&held);
    assert_int_equal(storage->used, 1);
}

static void test_holes_are_charged(void **state) {
    struct storage_handle file = open_one("a", STORAGE_NEW);
    int64_t written = 0;

    assert_int_equal(storage_resize(&file, UNITS * 4096ull), 0);
    assert_int_equal(storage->used, UNITS);
    assert_int_equal(storage_resize(&file, UNITS * 4096ull + 1), ENOSPC);
    assert_int_equal(storage_resize(&file, UINT64_MAX), ENOSPC);
    assert_int_equal(storage_resize(&file, INT64_MAX), ENOSPC);
    assert_int_equal(storage_write(&file, INT64_MAX, "x", 1, &written), ENOSPC);
    assert_int_equal(storage_write(&file, INT64_MAX - 1, "x", 1, &written), ENOSPC);
    assert_int_equal(storage_write(&file, INT64_MAX, "x", 0, &written), 0);
    assert_int_equal(storage_resize(&file, 0), 0);
    assert_int_equal(storage->used, 1);
    storage_handle_done(&file);
}

static void test_writes_at_the_end_follow_each_other(void **state) {
    struct storage_handle one = open_one("a", STORAGE_NEW), other = open_one("a", STORAGE_NEVER);
    int64_t written = 0;
    char text[8] = "";

    assert_int_equal(storage_write(&one, -1, "ab", 2, &written), 0);
    assert_int_equal(storage_write(&other, -1, "cd", 2, &written), 0);
    assert_int_equal(storage_write(&one, -1, "ef", 2, &written), 0);
    assert_int_equal(pread(other.fd, text, sizeof(text), 0), 6);
    assert_string_equal(text, "abcdef");
    storage_handle_done(&one);
    storage_handle_done(&other);
}

static void test_smaller_quota_keeps_what_is_there(void **state) {
    assert_int_equal(WRITE("a", 'a', 8 * 4096), 0);
    storage_set_quota(storage, 4 * 4096 + 4095);
    assert_int_equal(storage->quota, 4);
    assert_int_equal(WRITE("b", 'b', 1), ENOSPC);
    assert_int_equal(WRITE("a", 'a', 4096), 0);
    assert_int_equal(WRITE("b", 'b', 1), 0);
}

static void test_failed_opening_charges_nothing(void **state) {
    assert_int_equal(try_open("none/a", O_RDWR, STORAGE_NEW), ENOENT);
    assert_int_equal(try_open("a", O_RDWR, STORAGE_NEVER), ENOENT);
    assert_int_equal(storage_make_directory(storage, "d"), 0);
    assert_int_equal(storage_make_directory(storage, "d"), EEXIST);
    assert_int_equal(try_open("d", O_RDWR, STORAGE_EMPTY), EISDIR);
    assert_int_equal(storage->used, 1);
}

// -- paths ---------------------------------------------------------------------------------------

static void test_paths_that_are_not_plain_refused(void **state) {
    static const char *const paths[] = {"/",    "/a",  "a/",   ".",   "..",     "../a",
                                        "a//b", "./a", "d/..", "d/.", "d/../a", "d/./a"};
    char name[STORAGE_NAME_MAX + 2];

    assert_int_equal(storage_make_directory(storage, "d"), 0);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int r = try_open(paths[i], O_RDWR, STORAGE_IF_MISSING);

        assert_true(r == EINVAL || (r == ENOENT && paths[i][0] == 'a'));
    }
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(try_open(name, O_RDWR, STORAGE_IF_MISSING), ENAMETOOLONG);
    name[STORAGE_NAME_MAX] = '\0';
    assert_int_equal(try_open(name, O_RDWR, STORAGE_IF_MISSING), 0);
}

static void test_top_is_a_directory_and_stays(void **state) {
    struct stat status;

    assert_int_equal(storage_status(storage, "", &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(try_open("", O_RDONLY, STORAGE_IF_MISSING), EISDIR);
    assert_int_equal(storage_make_directory(storage, ""), EEXIST);
    assert_int_equal(storage_remove_directory(storage, ""), EBUSY);
    assert_int_equal(storage_remove(storage, ""), EISDIR);
    assert_int_equal(storage_make_directory(storage, "d"), 0);
    assert_int_equal(storage_rename(storage, "", "d/top"), EBUSY);
    assert_int_equal(storage_rename(storage, "d", ""), EBUSY);
}

// However directories are moved, none is deeper than the count at a start goes.
static void test_no_directory_is_deeper_than_counted(void **state) {
    char path[3 * STORAGE_DEPTH_MAX] = "d";

    for (unsigned depth = 1; depth <= STORAGE_DEPTH_MAX; depth++) {
        assert_int_equal(storage_make_directory(storage, path), 0);
        (void)strcat(path, "/d");
    }
    assert_int_equal(storage_make_directory(storage, path), ENAMETOOLONG);
    assert_int_equal(try_open(path, O_RDWR, STORAGE_NEW), ENAMETOOLONG);
    assert_int_equal(storage_make_directory(storage, "e"), 0);
    assert_int_equal(storage_rename(storage, "d", "e/d"), ENAMETOOLONG);
    assert_int_equal(storage_rename(storage, "d", "f"), 0);
    assert_int_equal(storage_rename(storage, "f/d/d", "d"), 0);
}

static void test_directory_into_itself_refused(void **state) {
    assert_int_equal(storage_make_directory(storage, "a"), 0);
    assert_int_equal(storage_make_directory(storage, "a/b"), 0);
    assert_int_equal(storage_rename(storage, "a/b", "a/b"), 0);
    assert_int_equal(storage_rename(storage, "a", "a/b"), ENAMETOOLONG);
    assert_int_equal(storage_rename(storage, "a/b", "a"), ENOTEMPTY);
    assert_int_equal(storage_remove_directory(storage, "a"), ENOTEMPTY);
}

// -- to disk -------------------------------------------------------------------------------------

static int n_written, last_error;

static void on_written(void *context, int error) {
    n_written++;
    last_error = error;
    assert_ptr_equal(context, &n_written);
}

static void test_writing_to_disk_does_not_wait(void **state) {
    struct storage_handle file = open_one("a", STORAGE_NEW);
    int64_t written = 0;

    n_written = 0;
    assert_int_equal(storage_write(&file, 0, "x", 1, &written), 0);
    assert_int_equal(storage_sync_file(storage->sync, file.fd, on_written, &n_written), CALL_LATER);
    assert_int_equal(n_written, 0); /* only the loop says so */
    storage_handle_done(&file);     /* while it is under way */
    storage_wait(&n_written);
    assert_int_equal(last_error, 0);
}

static void test_all_that_was_changed_is_written_once(void **state) {
    char name[16];

    n_written = 0;
    assert_int_equal(storage_sync_all(storage->sync, on_written, &n_written), 0);
    for (unsigned i = 0; i < STORAGE_SYNC_MARKS + 8; i++) {
        (void)snprintf(name, sizeof(name), "%u", i);
        assert_int_equal(WRITE(name, 'x', 1), 0);
    }
    assert_int_equal(storage_sync_all(storage->sync, on_written, &n_written), CALL_LATER);
    storage_wait(&n_written);
    assert_int_equal(last_error, 0);
    assert_int_equal(storage_sync_all(storage->sync, on_written, &n_written), 0);
    assert_int_equal(n_written, 1);
}

static void test_end_ends_what_is_under_way(void **state) {
    char why[VOLUME_WHY_SIZE];

    n_written = 0;
    assert_int_equal(WRITE("a", 'x', 1), 0);
    assert_int_equal(storage_sync_all(storage->sync, on_written, &n_written), CALL_LATER);
    storage_stop();
    assert_int_equal(n_written, 1);
    assert_int_equal(last_error, ECANCELED);
    assert_int_equal(storage_start(why), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, storage_setup, count_and_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_units_are_begun_pages_and_at_least_one),
        TEST(test_bytes_are_limited),
        TEST(test_number_of_files_is_limited),
        TEST(test_removed_file_counts_until_closed),
        TEST(test_file_renamed_over_gives_its_room_back),
        TEST(test_holes_are_charged),
        TEST(test_writes_at_the_end_follow_each_other),
        TEST(test_smaller_quota_keeps_what_is_there),
        TEST(test_failed_opening_charges_nothing),
        TEST(test_paths_that_are_not_plain_refused),
        TEST(test_top_is_a_directory_and_stays),
        TEST(test_no_directory_is_deeper_than_counted),
        TEST(test_directory_into_itself_refused),
        TEST(test_writing_to_disk_does_not_wait),
        TEST(test_all_that_was_changed_is_written_once),
        TEST(test_end_ends_what_is_under_way),
    };

    return cmocka_run_group_tests_name("storage", tests, NULL, NULL);
}
