// SPDX-License-Identifier: MIT

// The app's files on a real file system, in memory: an input is a row of operations of a hostile
// app on a few names, and some of somebody else's beside it. After it what is counted is what is
// there, unless somebody else was at it; nothing beside the storage was touched; no descriptor is
// left open.

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/loop/loop.h"
#include "daemon/storage/storage-file.h"
#include "daemon/storage/storage-path.h"
#include "tests/fuzz/fuzz.h"

#define UNITS 24u
#define HANDLES 4u
#define PATH_SIZE 64u

static char top[64], beside[80];
static struct loop *loop;
static struct storage *storage;
static struct storage_handle handles[HANDLES];
static struct input input;
static bool is_meddled;

// -- around an input -----------------------------------------------------------------------------

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where) {
    return remove(path);
}

static void remove_all(void) {
    (void)nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put_beside(void) {
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    REQUIRE(fd >= 0 && write(fd, "beside", 6) == 6 && close(fd) == 0);
}

static void start(void) {
    char why[VOLUME_WHY_SIZE];
    int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    REQUIRE(fd >= 0 && storage_new(fd, loop, &storage) == 0);
    storage_set_quota(storage, UNITS * STORAGE_UNIT);
    REQUIRE(storage_open(storage, "fuzzed", why) >= 0);
    REQUIRE(storage->data_fd >= 0);
}

static void begin(void) {
    if (!loop) {
        const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

        (void)snprintf(top, sizeof(top), "%s/mpyd-fuzz-XXXXXX", folder);
        REQUIRE(mkdtemp(top) && loop_new(&loop) == 0);
        (void)snprintf(beside, sizeof(beside), "%s/beside", top);
        log_set_level(LOG_ERR);
        REQUIRE(atexit(remove_all) == 0);
    }
    remove_all();
    REQUIRE(mkdir(top, 0700) == 0);
    put_beside();
    is_meddled = false;
    for (size_t i = 0; i < HANDLES; i++) {
        handles[i] = (struct storage_handle){.fd = -1};
    }
    start();
}

static void check_beside(void) {
    char text[8] = "";
    struct stat status;
    int fd = open(beside, O_RDONLY | O_CLOEXEC);

    REQUIRE(fd >= 0 && read(fd, text, sizeof(text)) == 6 && memcmp(text, "beside", 6) == 0);
    REQUIRE(fstat(fd, &status) == 0 && status.st_size == 6);
    (void)close(fd);
}

static void end(void) {
    uint64_t used;

    for (size_t i = 0; i < HANDLES; i++) {
        storage_handle_done(&handles[i]);
    }
    REQUIRE(LIST_EMPTY(&storage->open));
    used = storage->used;
    storage = storage_free(storage);
    start();
    REQUIRE(is_meddled || storage->used == used);
    storage = storage_free(storage);
    check_beside();
}

// -- the app -------------------------------------------------------------------------------------

// Names that meet each other, directories, and anything at all.
static void take_path(char path[PATH_SIZE]) {
    static const char *const names[] = {"a",     "b",   "d",  "d/a", "d/d",       "d/d/a",
                                        "d/d/d", "e/a", "..", "",    "../beside", "d/../a"};
    uint8_t which = input_u8(&input);

    if (which < 240) {
        (void)snprintf(path, PATH_SIZE, "%s", names[which % (sizeof(names) / sizeof(names[0]))]);
    } else if (!input_line(&input, path, PATH_SIZE)) {
        path[0] = '\0';
    }
}

static struct storage_handle *take_handle(void) {
    return &handles[input_u8(&input) % HANDLES];
}

static int do_open(void) {
    static const int modes[] = {O_RDONLY, O_WRONLY, O_RDWR};
    struct storage_handle *handle = take_handle();
    char path[PATH_SIZE];
    int access = modes[input_below(&input, 3)];
    enum storage_creation creation = (enum storage_creation)input_below(&input, 4);

    take_path(path);
    storage_handle_done(handle);
    return storage_open_file(storage, path, access, creation, handle);
}

static int do_write(void) {
    static const char data[3 * STORAGE_UNIT];
    struct storage_handle *handle = take_handle();
    size_t size = input_u16(&input) % sizeof(data);
    int64_t offset =
        input_u8(&input) < 250 ? (int64_t)input_u16(&input) - 1 : (int64_t)(input_u64(&input) >> 1);
    int64_t written = 0;

    return handle->file ? storage_write(handle, offset, data, size, &written) : 0;
}

static int do_resize(void) {
    struct storage_handle *handle = take_handle();
    uint64_t size = input_u8(&input) < 250 ? input_u16(&input) : input_u64(&input) >> 1;

    return handle->file ? storage_resize(handle, size) : 0;
}

static int do_close(void) {
    storage_handle_done(take_handle());
    return 0;
}

static int do_make_directory(void) {
    char path[PATH_SIZE];

    take_path(path);
    return storage_make_directory(storage, path);
}

static int do_remove(void) {
    char path[PATH_SIZE];

    take_path(path);
    return input_u8(&input) & 1 ? storage_remove(storage, path)
                                : storage_remove_directory(storage, path);
}

static int do_rename(void) {
    char from[PATH_SIZE], to[PATH_SIZE];

    take_path(from);
    take_path(to);
    return storage_rename(storage, from, to);
}

static int do_status(void) {
    struct stat status;
    char path[PATH_SIZE];
    int r;

    take_path(path);
    r = storage_status(storage, path, &status);
    REQUIRE(r != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
    return r;
}

static int do_start_again(void) {
    for (size_t i = 0; i < HANDLES; i++) {
        storage_handle_done(&handles[i]);
    }
    storage = storage_free(storage);
    start();
    return 0;
}

// -- somebody else -------------------------------------------------------------------------------

// Not by way of a link: what is beside the storage stays.
static int cut(const char *path) {
    struct stat status;
    off_t size = input_u16(&input);

    return lstat(path, &status) < 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1
               ? -1
               : truncate(path, size);
}

static int do_meddle(void) {
    static const char *const names[] = {"a", "d", "d/a", "d/d", "b"};
    static const char *const targets[] = {"../beside", "..", "/etc/passwd", ".", "a"};
    char path[128];

    is_meddled = true;
    (void)snprintf(path, sizeof(path), "%s/data/%s", top, names[input_below(&input, 5)]);
    switch (input_below(&input, 6)) {
    case 0:
        return symlink(targets[input_below(&input, 5)], path);
    case 1:
        return link(beside, path);
    case 2:
        return mkfifo(path, 0600);
    case 3:
        return cut(path);
    default:
        return remove(path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int (*const steps[])(void) = {do_open,   do_open,   do_write,          do_write,
                                         do_resize, do_close,  do_make_directory, do_remove,
                                         do_rename, do_rename, do_status};
    unsigned n_descriptors;

    input = (struct input){data, size};
    begin();
    n_descriptors = count_descriptors();
    while (input.size > 0) {
        uint8_t which = input_u8(&input);
        int r = which >= 250   ? do_meddle()
                : which >= 245 ? do_start_again()
                               : steps[which % (sizeof(steps) / sizeof(steps[0]))]();

        REQUIRE(r >= -1 && r < 4096);
        REQUIRE(is_meddled || storage->used <= UNITS);
    }
    // What a mark keeps open is no leak.
    REQUIRE(count_descriptors() <= n_descriptors + HANDLES + 32);
    end();
    REQUIRE(count_descriptors() == n_descriptors - 2);
    return 0;
}
