// SPDX-License-Identifier: MIT
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/mpyd-test-fd-XXXXXX";
static char path[64];

static char *at(const char *name) {
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void sleep_20_ms(void) {
    (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
}

static char state_of(pid_t pid) {
    char name[64], state = '?';
    FILE *file;

    (void)snprintf(name, sizeof(name), "/proc/%d/stat", pid);
    file = fopen(name, "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
    (void)fclose(file);
    return state;
}

static void test_open_file_reads_a_regular_one(void **state) {
    char target[64], text[8] = "";
    int fd = open(strcpy(target, at("file")), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), found = -1;

    (void)state;
    assert_true(fd >= 0 && write(fd, "text", 4) == 4);
    (void)close(fd);
    assert_int_equal(symlink(target, at("link")), 0);
    assert_int_equal(fd_open_file(path, &found), 0);
    assert_int_equal(read(found, text, sizeof(text)), 4);
    assert_string_equal(text, "text");
    assert_int_equal(fcntl(found, F_GETFD), FD_CLOEXEC);
    assert_int_equal(fcntl(found, F_GETFL) & (O_ACCMODE | O_PATH), O_RDONLY);
    (void)close(found);
}

static void test_open_file_takes_nothing_else(void **state) {
    int found = -1;

    (void)state;
    assert_int_equal(fd_open_file(folder, &found), -EISDIR);
    assert_int_equal(fd_open_file("/dev/null", &found), -EINVAL);
    assert_int_equal(fd_open_file(at("none"), &found), -ENOENT);
    assert_int_equal(found, -1);
}

// Who opens a FIFO to write waits until somebody opens it to read, for whatever time.
static void test_open_file_lets_no_writer_go(void **state) {
    int found = -1, status = 0;
    pid_t child;

    (void)state;
    assert_int_equal(mkfifo(at("fifo"), 0600), 0);
    child = fork();
    if (child == 0) {
        _exit(open(path, O_WRONLY | O_CLOEXEC) < 0);
    }
    assert_true(child > 0);
    while (state_of(child) != 'S') {
        sleep_20_ms();
    }
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(fd_open_file(path, &found), -EINVAL);
        sleep_20_ms();
        assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void test_copy_is_whole_or_refused(void **state) {
    static const size_t sizes[] = {0, 1, 64 << 10, (64 << 10) + 1};
    static uint8_t data[(64 << 10) + 1], copied[sizeof(data)];

    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7 + i / 251);
    }
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t found = SIZE_MAX;
        int from = fd_new_memory("from", 0, 0), to = fd_new_memory("to", 0, 0);

        assert_int_equal(fd_write_all(from, data, sizes[i]), 0);
        assert_int_equal(fd_copy(from, to, sizes[i], &found), 0);
        assert_int_equal(found, sizes[i]);
        assert_int_equal(pread(to, copied, sizeof(copied), 0), sizes[i]);
        assert_memory_equal(copied, data, sizes[i]);
        if (sizes[i] > 0) {
            assert_int_equal(fd_copy(from, to, sizes[i] - 1, &found), -EFBIG);
        }
        assert_int_equal(close(from) | close(to), 0);
    }
    assert_int_equal(fd_copy(-1, -1, 1, &(size_t){0}), -EBADF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_file_reads_a_regular_one),
        cmocka_unit_test(test_open_file_takes_nothing_else),
        cmocka_unit_test(test_open_file_lets_no_writer_go),
        cmocka_unit_test(test_copy_is_whole_or_refused),
    };
    static const char *const names[] = {"file", "link", "fifo"};
    int r = mkdtemp(folder) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;

    for (unsigned i = 0; i < 3; i++) {
        (void)unlink(at(names[i]));
    }
    (void)rmdir(folder);
    return r;
}
