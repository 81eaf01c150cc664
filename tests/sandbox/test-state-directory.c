// SPDX-License-Identifier: MIT

// What a supervisor with a state directory may do in it, and that it still may nowhere else.

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sandbox/attempt.h"
#include "tests/sandbox/host.h"

// A state directory, as mpyd hands it over: open, the supervisor's own, with a file of an
// outsider's in it.
static char state_path[] = "/tmp/mpyd-test-state-XXXXXX", outside_path[64], other_path[64];

#define OPEN_FLAGS (O_NOFOLLOW | O_CLOEXEC)

static long try_state_create(void) {
    return openat(attempt_state_fd, "made", OPEN_FLAGS | O_RDWR | O_CREAT | O_EXCL, 0600);
}
static long try_state_write(void) {
    int fd = openat(attempt_state_fd, "file", OPEN_FLAGS | O_RDWR);

    return fd < 0 ? fd : pwrite(fd, "kept", 4, 0) == 4 ? ftruncate(fd, 4) : -1;
}
static long try_state_directory(void) {
    return mkdirat(attempt_state_fd, "directory", 0700);
}
// Confined to ports as well, as every supervisor is.
static long try_state_rename(void) {
    struct layer_report report;

    if (sandbox_confine_ports(NULL, 0, NULL, 0, attempt_state_fd, &report) < 0) {
        return -1;
    }
    return renameat(attempt_state_fd, "made", attempt_state_fd, "directory/moved");
}
static long try_state_remove(void) {
    return unlinkat(attempt_state_fd, "directory/moved", 0);
}
static long try_state_remove_directory(void) {
    return unlinkat(attempt_state_fd, "directory", AT_REMOVEDIR);
}

// What reaches out of it, or is neither file nor directory.
static long try_state_follow(void) {
    return openat(attempt_state_fd, "file", O_RDWR | O_CLOEXEC);
}
static long try_state_beside(void) {
    return openat(attempt_state_fd, "../mpyd-test-made", OPEN_FLAGS | O_RDWR | O_CREAT, 0600);
}
static long try_state_outside(void) {
    return openat(AT_FDCWD, outside_path, OPEN_FLAGS | O_RDWR);
}
static long try_state_remove_outside(void) {
    return unlinkat(AT_FDCWD, outside_path, 0);
}
static long try_state_remove_itself(void) {
    return unlinkat(AT_FDCWD, state_path, AT_REMOVEDIR);
}
static long try_state_move_in(void) {
    return renameat(AT_FDCWD, outside_path, attempt_state_fd, "stolen");
}
static long try_state_move_out(void) {
    return renameat(attempt_state_fd, "file", AT_FDCWD, other_path);
}
static long try_state_link(void) {
    return linkat(AT_FDCWD, outside_path, attempt_state_fd, "linked", 0);
}
static long try_state_symlink(void) {
    return symlinkat("/etc/passwd", attempt_state_fd, "symlink");
}
static long try_state_pipe(void) {
    return mknodat(attempt_state_fd, "pipe", S_IFIFO | 0600, 0);
}
static long try_state_chmod(void) {
    return fchmodat(attempt_state_fd, "file", 04777, 0);
}
static long try_state_unnamed(void) {
    return openat(attempt_state_fd, ".", OPEN_FLAGS | O_TMPFILE | O_RDWR, 0600);
}

static void make_state(void) {
    int fd;

    assert_non_null(mkdtemp(state_path));
    (void)snprintf(outside_path, sizeof(outside_path), "%s-outside", state_path);
    (void)snprintf(other_path, sizeof(other_path), "%s-other", state_path);
    fd = open(outside_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0666), 0);
    (void)close(fd);
    attempt_state_fd = open(state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(attempt_state_fd > 0);
    fd = openat(attempt_state_fd, "file", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    if (host_is_root()) {
        assert_int_equal(fchown(fd, HOST_SUPERVISOR_UID, HOST_SUPERVISOR_UID), 0);
        assert_int_equal(fchown(attempt_state_fd, HOST_SUPERVISOR_UID, HOST_SUPERVISOR_UID), 0);
    }
    (void)close(fd);
}

static void test_state_directory_is_all_that_is_written(void **state) {
    static long (*const refused[])(void) = {
        try_state_follow,        try_state_beside,  try_state_outside,  try_state_remove_outside,
        try_state_remove_itself, try_state_move_in, try_state_move_out, try_state_link,
        try_state_symlink,       try_state_pipe,    try_state_chmod,    try_state_unnamed};

    make_state();
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        int r = attempt(refused[i]);

        if (r != EPERM && r != EACCES && r != EXDEV) {
            fail_msg("attempt %zu: %d", i, r);
        }
    }
    assert_int_equal(attempt(try_state_create), 0);
    assert_int_equal(attempt(try_state_write), 0);
    assert_int_equal(attempt(try_state_directory), 0);
    assert_int_equal(attempt(try_state_rename), 0);
    assert_int_equal(attempt(try_state_remove), 0);
    assert_int_equal(attempt(try_state_remove_directory), 0);
    assert_int_equal(unlinkat(attempt_state_fd, "file", 0), 0);
    assert_int_equal(rmdir(state_path), 0); /* nothing else is in it */
    assert_int_equal(unlink(outside_path), 0);
    (void)close(attempt_state_fd);
    attempt_state_fd = 0;
}

// What a supervisor without one is not even asked about by Landlock.
static void test_no_state_directory_no_calls_for_it(void **state) {
    attempt_state_fd = 0;
    assert_int_equal(attempt(try_state_create), EPERM);
    assert_int_equal(attempt(try_state_directory), EPERM);
    assert_int_equal(attempt(try_state_rename), EPERM);
    assert_int_equal(attempt(try_state_remove), EPERM);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_directory_is_all_that_is_written),
        cmocka_unit_test(test_no_state_directory_no_calls_for_it),
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
