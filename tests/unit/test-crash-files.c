// SPDX-License-Identifier: MIT
// The files that crash reports are kept in: which are there, and what somebody else put there.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/crash/crash-files.h"
#include "tests/unit/folder.h"

static char folder[40];
static int state_fd;

static int setup(void **state) {
    (void)snprintf(folder, sizeof(folder), "/tmp/mpyd-crash-XXXXXX");
    return folder_make(folder, &state_fd);
}

static int teardown(void **state) {
    state_fd = close_fd(state_fd);
    return folder_remove(folder);
}

static void add(struct crash_files *files, const char *text) {
    assert_int_equal(crash_files_add(files, text, strlen(text)), 0);
}

static void test_the_oldest_makes_room(void **state) {
    struct crash_files files;
    char text[16], name[40];

    assert_int_equal(crash_files_open(state_fd, &files), 0);
    for (int i = 1; i <= 20; i++) {
        (void)snprintf(text, sizeof(text), "{%d}", i);
        add(&files, text);
    }
    for (int i = 1; i <= 20; i++) {
        (void)snprintf(name, sizeof(name), "crash/%09d.json", i);
        assert_int_equal(folder_has(state_fd, name), i > 4);
    }
    assert_false(folder_has(state_fd, "crash/new"));
    crash_files_done(&files);
}

static void test_numbers_go_on(void **state) {
    CLEANUP_FREE char *text = NULL;
    struct crash_files files;

    assert_int_equal(crash_files_open(state_fd, &files), 0);
    add(&files, "{}");
    add(&files, "{}");
    crash_files_done(&files);
    assert_int_equal(crash_files_open(state_fd, &files), 0);
    add(&files, "third");
    assert_true(folder_has(state_fd, "crash/000000003.json"));
    assert_int_equal(crash_files_read(&files, 3, &text), 0);
    assert_string_equal(text, "third");
    crash_files_done(&files);
}

static void test_too_many_from_before_go(void **state) {
    struct crash_files files;
    char name[40];

    assert_int_equal(mkdirat(state_fd, "crash", 0700), 0);
    for (int i = 1; i <= 30; i++) {
        (void)snprintf(name, sizeof(name), "crash/%09d.json", i);
        assert_true(folder_write(state_fd, name, "{}"));
    }
    assert_true(folder_write(state_fd, "crash/notes.txt", "mine"));
    assert_true(folder_write(state_fd, "crash/1.json", "mine"));
    assert_int_equal(crash_files_open(state_fd, &files), 0);
    assert_int_equal(files.next, 31);
    assert_false(folder_has(state_fd, "crash/000000014.json"));
    assert_true(folder_has(state_fd, "crash/000000015.json"));
    assert_true(folder_has(state_fd, "crash/notes.txt"));
    assert_true(folder_has(state_fd, "crash/1.json"));
    crash_files_done(&files);
}

static void open_with(struct crash_files *files, const char *const *names, size_t n_names) {
    assert_int_equal(mkdirat(state_fd, "crash", 0700), 0);
    for (size_t i = 0; i < n_names; i++) {
        assert_true(folder_write(state_fd, names[i], names[i]));
    }
    assert_int_equal(crash_files_open(state_fd, files), 0);
}

static void check_text(const struct crash_files *files, uint32_t number, const char *expected) {
    CLEANUP_FREE char *text = NULL;

    assert_int_equal(crash_files_read(files, number, &text), 0);
    assert_string_equal(text, expected);
}

static void test_numbers_at_their_end_begin_anew(void **state) {
    const char *const names[] = {"crash/000000003.json", "crash/000000004.json",
                                 "crash/999999999.json"};
    struct crash_files files;

    open_with(&files, names, 3);
    assert_int_equal(files.next, 4);
    for (uint32_t i = 1; i <= 3; i++) {
        check_text(&files, i, names[i - 1]);
    }
    assert_false(folder_has(state_fd, "crash/000000004.json"));
    assert_false(folder_has(state_fd, "crash/999999999.json"));
    add(&files, "one more");
    check_text(&files, 4, "one more");
    crash_files_done(&files);
}

static void test_numbers_that_end_while_it_runs_begin_anew(void **state) {
    const char *const names[] = {"crash/999999997.json"};
    struct crash_files files;

    open_with(&files, names, 1);
    assert_int_equal(files.next, 999999998);
    add(&files, "second");
    add(&files, "third");
    assert_int_equal(files.next, 4);
    add(&files, "fourth");
    check_text(&files, 1, names[0]);
    check_text(&files, 2, "second");
    check_text(&files, 3, "third");
    check_text(&files, 4, "fourth");
    crash_files_done(&files);
}

// One that is far ahead of the others does not make them old.
static void test_gap_costs_no_report(void **state) {
    const char *const names[] = {"crash/000000001.json", "crash/000000002.json",
                                 "crash/000005000.json"};
    struct crash_files files;

    open_with(&files, names, 3);
    assert_int_equal(files.next, 4);
    for (uint32_t i = 1; i <= 3; i++) {
        check_text(&files, i, names[i - 1]);
    }
    crash_files_done(&files);
}

static void test_links_not_followed(void **state) {
    CLEANUP_FREE char *text = NULL;
    struct crash_files files;

    assert_true(folder_write(state_fd, "target", "secret"));
    assert_int_equal(mkdirat(state_fd, "elsewhere", 0700), 0);
    assert_int_equal(symlinkat("elsewhere", state_fd, "crash"), 0);
    assert_int_equal(crash_files_open(state_fd, &files), -ENOTDIR);
    assert_int_equal(unlinkat(state_fd, "crash", 0), 0);
    assert_int_equal(crash_files_open(state_fd, &files), 0);
    assert_int_equal(symlinkat("../target", state_fd, "crash/new"), 0);
    add(&files, "{}");
    assert_int_equal(symlinkat("../target", state_fd, "crash/000000002.json"), 0);
    assert_int_equal(crash_files_read(&files, 1, &text), 0);
    assert_string_equal(text, "{}");
    assert_int_equal(crash_files_read(&files, 2, &text), -EINVAL);
    crash_files_done(&files);
}

static void test_pipes_not_waited_for(void **state) {
    CLEANUP_FREE char *text = NULL;
    struct crash_files files;

    (void)alarm(10); // ends who waits
    assert_int_equal(crash_files_open(state_fd, &files), 0);
    add(&files, "{}");
    assert_int_equal(mkfifoat(state_fd, "crash/000000002.json", 0600), 0);
    assert_int_equal(crash_files_read(&files, 2, &text), -EINVAL);
    assert_int_equal(crash_files_read(&files, 1, &text), 0);
    assert_string_equal(text, "{}");
    add(&files, "second");
    free(steal_ptr(&text));
    assert_int_equal(crash_files_read(&files, 2, &text), 0);
    assert_string_equal(text, "second");
    crash_files_done(&files);
    (void)alarm(0);
}

static void test_full_disk_leaves_no_torn_one(void **state) {
    const struct rlimit small = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY};
    struct rlimit before;
    struct crash_files files;
    char text[200] = "";
    int r = 0;

    memset(text, 'x', sizeof(text) - 1);
    assert_int_equal(crash_files_open(state_fd, &files), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    r = crash_files_add(&files, text, strlen(text));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(r, -EFBIG);
    assert_false(folder_has(state_fd, "crash/000000001.json"));
    assert_false(folder_has(state_fd, "crash/new"));
    add(&files, "{}");
    assert_true(folder_has(state_fd, "crash/000000001.json"));
    crash_files_done(&files);
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(the_oldest_makes_room),
        IN_FOLDER(numbers_go_on),
        IN_FOLDER(too_many_from_before_go),
        IN_FOLDER(numbers_at_their_end_begin_anew),
        IN_FOLDER(numbers_that_end_while_it_runs_begin_anew),
        IN_FOLDER(gap_costs_no_report),
        IN_FOLDER(links_not_followed),
        IN_FOLDER(pipes_not_waited_for),
        IN_FOLDER(full_disk_leaves_no_torn_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
