// SPDX-License-Identifier: MIT
#include "tests/unit/storage-fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/loop/loop.h"

struct storage *storage;
char storage_path[64];
static struct loop *loop;

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where) {
    return remove(path);
}

static void remove_all(void) {
    assert_int_equal(nftw(storage_path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void storage_clear(void) {
    storage_stop();
    remove_all();
    assert_int_equal(mkdir(storage_path, 0700), 0);
}

int storage_start(char why[VOLUME_WHY_SIZE]) {
    int fd = open(storage_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    storage_stop();
    assert_true(fd >= 0);
    assert_int_equal(storage_new(fd, loop, &storage), 0);
    storage_set_quota(storage, STORAGE_FIXTURE_UNITS * STORAGE_UNIT);
    return storage_open(storage, "test", why);
}

void storage_stop(void) {
    storage = storage_free(storage);
}

int storage_setup(void **state) {
    char why[VOLUME_WHY_SIZE];

    (void)snprintf(storage_path, sizeof(storage_path), "/tmp/mpyd-storage-XXXXXX");
    return !mkdtemp(storage_path) || loop_new(&loop) < 0 || storage_start(why) != STORAGE_LAID_OUT
               ? -1
               : 0;
}

int storage_teardown(void **state) {
    storage_stop();
    loop = loop_free(loop);
    remove_all();
    return 0;
}

void storage_put(const char *name, const void *data, size_t size) {
    char path[256];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", storage_path, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), size);
    (void)close(fd);
}

int storage_write_file(const char *path, char letter, size_t size) {
    struct storage_handle handle = {.fd = -1};
    int r = storage_open_file(storage, path, O_RDWR, STORAGE_EMPTY, &handle);
    char *data = malloc(size + 1);
    int64_t written = 0;

    assert_non_null(data);
    memset(data, letter, size);
    if (r == 0) {
        r = storage_write(&handle, 0, data, size, &written);
        assert_true(r != 0 || written == (int64_t)size);
        storage_handle_done(&handle);
    }
    free(data);
    return r;
}

static int look(void *context) {
    loop_exit(loop, 0);
    return 0;
}

void storage_wait(const int *called) {
    struct timer *timer = NULL;

    assert_int_equal(timer_new(loop, look, NULL, &timer), 0);
    while (!*called) {
        timer_set(timer, 1000);
        assert_int_equal(loop_run(loop), 0);
    }
    timer_free(timer);
}

void storage_check_count(void) {
    uint64_t used = storage->used;
    char why[VOLUME_WHY_SIZE];

    assert_int_equal(storage_start(why), 0);
    assert_int_equal(storage->used, used);
}
