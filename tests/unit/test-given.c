// SPDX-License-Identifier: MIT
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

#include "daemon/app/given.h"
#include "daemon/config/config-given.h"
#include "daemon/process/inherited.h"

static char place[] = "/tmp/mpyd-given-XXXXXX";

static const char *path_of(const char *name) {
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", place, name);
    return path;
}

static int set_up(void **state) {
    int fd;

    if (!mkdtemp(place) || mkfifo(path_of("pipe"), 0600) < 0 ||
        symlink("file", path_of("link")) < 0 || symlink("pipe", path_of("link-to-pipe")) < 0) {
        return -1;
    }
    fd = open(path_of("file"), O_CREAT | O_WRONLY, 0600);
    return fd < 0 || write(fd, "text", 4) != 4 || close(fd) < 0 ? -1 : 0;
}

static int tear_down(void **state) {
    static const char *const names[] = {"pipe", "link", "link-to-pipe", "file"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)unlink(path_of(names[i]));
    }
    return rmdir(place);
}

// What became of a file called "it" that is to be at PATH.
static struct given_file open_at(const char *path, struct given_files *files) {
    struct config_given wanted = {0};
    char why[CONFIG_WHY_SIZE];

    assert_int_equal(config_given_set(&wanted, "it", path, "a.conf", 1, why), 0);
    assert_int_equal(given_open(&wanted, files), 0);
    config_given_done(&wanted);
    assert_int_equal(files->n_items, 1);
    assert_string_equal(files->items[0].name, "it");
    return files->items[0];
}

static void assert_unopened(const char *path, int error) {
    struct given_files files;
    struct given_file file = open_at(path, &files);

    assert_int_equal(file.fd, -1);
    assert_int_equal(file.error, error);
    given_done(&files);
    assert_null(files.items);
}

static void test_file_and_link_to_it_opened(void **state) {
    static const char *const names[] = {"file", "link"};

    for (size_t i = 0; i < 2; i++) {
        struct given_files files;
        struct given_file file = open_at(path_of(names[i]), &files);
        int flags = fcntl(file.fd, F_GETFL);

        assert_true(file.fd >= 0 && file.can_write && !file.is_device);
        assert_int_equal(flags & (O_ACCMODE | O_NONBLOCK), O_RDWR | O_NONBLOCK);
        assert_int_equal(fcntl(file.fd, F_GETFD), FD_CLOEXEC);
        given_done(&files);
    }
}

static void test_device_opened(void **state) {
    struct given_files files;
    struct given_file file = open_at("/dev/null", &files);

    assert_true(file.fd >= 0 && file.can_write && file.is_device);
    given_done(&files);
}

static void test_all_else_refused(void **state) {
    assert_unopened(place, EISDIR);
    assert_unopened(path_of("pipe"), EINVAL);
    assert_unopened(path_of("link-to-pipe"), EINVAL);
    assert_unopened(path_of("absent"), ENOENT);
    assert_unopened(path_of("file/below"), ENOTDIR);
}

static void test_what_was_taken_away_is_not_opened(void **state) {
    struct config_given wanted = {0};
    struct given_files files;
    char why[CONFIG_WHY_SIZE];

    assert_int_equal(config_given_set(&wanted, "it", "/dev/null", "a.conf", 1, why), 0);
    assert_int_equal(config_given_set(&wanted, "it", "", "b.conf", 1, why), 0);
    assert_int_equal(given_open(&wanted, &files), 0);
    assert_int_equal(files.n_items, 0);
    given_done(&files);
    config_given_done(&wanted);
}

static void test_found_as_granted(void **state) {
    char *texts[] = {"it:rw", "absent"}, *only[] = {"it"};
    const struct manifest_texts granted = {texts, 2}, reads = {only, 1};
    const struct given_file *found = NULL;
    struct given_files files;
    bool writes = false;

    (void)open_at("/dev/null", &files);
    assert_int_equal(given_find(&files, "it", &found, &writes), GIVEN_DENIED); /* not known yet */
    given_keep(&files, "app", &granted);
    assert_int_equal(given_find(&files, "it", &found, &writes), 0);
    assert_true(found && found->fd >= 0 && writes);
    assert_int_equal(given_find(&files, "absent", &found, &writes), GIVEN_MISSING);
    assert_int_equal(given_find(&files, "other", &found, &writes), GIVEN_DENIED);
    given_keep(&files, "app", &reads);
    assert_int_equal(given_find(&files, "it", &found, &writes), 0);
    assert_false(writes);
    given_done(&files);

    (void)open_at(path_of("pipe"), &files);
    given_keep(&files, "app", &granted);
    assert_int_equal(given_find(&files, "it", &found, &writes), GIVEN_UNOPENED);
    given_done(&files);
}

// Above those that a service manager would have taken.
static int open_high(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC), high = fcntl(fd, F_DUPFD_CLOEXEC, 10);

    assert_true(fd >= 0 && high >= 10);
    assert_int_equal(close(fd), 0);
    return high;
}

// As from a service manager: descriptors from 3 up.
static void inherit(int fd, const char *name) {
    char pid[16];

    assert_int_equal(dup2(fd, 3), 3);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_int_equal(setenv("LISTEN_PID", pid, 1) | setenv("LISTEN_FDS", "1", 1) |
                         setenv("LISTEN_FDNAMES", name, 1),
                     0);
    assert_int_equal(inherited_init(), 1);
}

static void test_what_the_manager_opened_comes_first(void **state) {
    char *texts[] = {"it:rw"};
    const struct manifest_texts granted = {texts, 1};
    const struct given_file *found = NULL;
    struct given_files files = {0};
    struct config_given none = {0};
    bool writes = false;
    int kept = fcntl(3, F_DUPFD_CLOEXEC, 10), fd = open_high(path_of("file"), O_RDONLY);

    // Instead of what the configuration names, which is not looked at.
    inherit(fd, "file.it");
    assert_int_equal(open_at(path_of("absent"), &files).fd, 3);
    assert_false(files.items[0].can_write || files.items[0].is_device);
    given_done(&files);
    // Without any configuration.
    inherit(fd, "file.it");
    assert_int_equal(given_open(&none, &files), 0);
    given_keep(&files, "app", &granted);
    assert_int_equal(given_find(&files, "it", &found, &writes), 0);
    assert_int_equal(found->fd, 3);
    given_done(&files);
    // The control socket is no file of an app that asks for one called control.
    inherit(fd, "it");
    assert_int_equal(given_open(&none, &files), 0);
    given_keep(&files, "app", &granted);
    assert_int_equal(given_find(&files, "it", &found, &writes), GIVEN_MISSING);
    given_done(&files);
    // Pipes are not taken from there either.
    (void)close(fd);
    fd = open_high(path_of("pipe"), O_RDWR);
    inherit(fd, "file.it");
    assert_int_equal(open_at("/dev/null", &files).error, EINVAL);
    given_done(&files);

    (void)close(fd);
    if (kept >= 0) {
        assert_int_equal(dup2(kept, 3), 3);
        (void)close(kept);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_and_link_to_it_opened),
        cmocka_unit_test(test_device_opened),
        cmocka_unit_test(test_all_else_refused),
        cmocka_unit_test(test_what_was_taken_away_is_not_opened),
        cmocka_unit_test(test_found_as_granted),
        cmocka_unit_test(test_what_the_manager_opened_comes_first),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
