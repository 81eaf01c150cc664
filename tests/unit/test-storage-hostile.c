// SPDX-License-Identifier: MIT

// What somebody else does in the storage: links, pipes, devices, mounts, directories replaced. The
// app sees files and directories that are its own, and nothing else; what is outside stays as it
// is.

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/storage/storage-path.h"
#include "tests/unit/storage-fixture.h"

static char outside[80];

static const char *at(const char *name) {
    static char paths[2][160];
    static unsigned next;
    char *path = paths[next++ % 2];

    (void)snprintf(path, sizeof(paths[0]), "%s/data/%s", storage_path, name);
    return path;
}

static int setup(void **state) {
    if (storage_setup(state) != 0) {
        return -1;
    }
    (void)snprintf(outside, sizeof(outside), "%s/outside", storage_path);
    storage_put("outside", "untouched", 9);
    return 0;
}

static void check_outside(void) {
    char text[16] = "";
    int fd = open(outside, O_RDONLY | O_CLOEXEC);

    assert_int_equal(read(fd, text, sizeof(text)), 9);
    assert_string_equal(text, "untouched");
    (void)close(fd);
}

static int try_open(const char *path, int access, enum storage_creation creation) {
    struct storage_handle handle = {.fd = -1};
    int r = storage_open_file(storage, path, access, creation, &handle);

    storage_handle_done(&handle);
    return r;
}

// NAME is taken, and is nothing to the app: it is neither opened nor removed nor replaced.
static void check_not_there(const char *name) {
    struct stat before, after, status;
    char below[64];

    assert_int_equal(lstat(at(name), &before), 0);
    (void)snprintf(below, sizeof(below), "%s/below", name);
    assert_int_equal(storage_write_file("own", 'o', 1), 0);
    assert_int_equal(storage_status(storage, name, &status), ENOENT);
    assert_int_equal(try_open(name, O_RDONLY, STORAGE_NEVER), ENOENT);
    assert_int_equal(try_open(name, O_RDWR, STORAGE_IF_MISSING), EEXIST);
    assert_int_equal(try_open(name, O_WRONLY, STORAGE_EMPTY), EEXIST);
    assert_int_equal(try_open(name, O_WRONLY, STORAGE_NEW), EEXIST);
    assert_int_equal(storage_make_directory(storage, name), EEXIST);
    assert_int_equal(storage_remove(storage, name), ENOENT);
    assert_int_equal(storage_remove_directory(storage, name), ENOENT);
    assert_int_equal(storage_rename(storage, name, "other"), ENOENT);
    assert_int_equal(storage_rename(storage, "own", name), EEXIST);
    assert_in_set(try_open(below, O_RDWR, STORAGE_IF_MISSING),
                  ((const LargestIntegralType[]){ENOENT, ENOTDIR}), 2);
    assert_int_equal(lstat(at(name), &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(storage_remove(storage, "own"), 0);
    check_outside();
}

static void test_symbolic_links_are_not_followed(void **state) {
    static const char *const targets[] = {"/etc/passwd", "/",       "..",     ".",
                                          "../outside",  "nowhere", "inside", "/proc/self/fd/0"};

    storage_put("data/inside", "x", 1);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        assert_int_equal(symlink(targets[i], at("link")), 0);
        check_not_there("link");
        assert_int_equal(unlink(at("link")), 0);
    }
}

static void test_hard_links_are_not_opened(void **state) {
    assert_int_equal(link(outside, at("link")), 0);
    check_not_there("link");
}

static void test_pipes_and_sockets_are_not_opened(void **state) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(mkfifo(at("pipe"), 0666), 0);
    check_not_there("pipe");
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", at("socket"));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    check_not_there("socket");
    (void)close(fd);
}

// Only root makes devices; where it may not either, nobody puts one there.
static void test_devices_are_not_opened(void **state) {
    if (mknod(at("null"), S_IFCHR | 0666, makedev(1, 3)) == 0) {
        check_not_there("null");
    } else {
        assert_int_equal(errno, EPERM);
    }
}

static bool write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool is_written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    return close(fd) == 0 && is_written;
}

#define NO_NAMESPACE 77 /* how a child ends that may not have one */

// A mount namespace of its own, for a child. An ordinary user has to be somebody there.
static bool enter_namespace(void) {
    bool is_root = geteuid() == 0;
    char users[32], groups[32];

    (void)snprintf(users, sizeof(users), "%u %u 1", geteuid(), geteuid());
    (void)snprintf(groups, sizeof(groups), "%u %u 1", getegid(), getegid());
    if (unshare(is_root ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
        (!is_root &&
         (!write_file("/proc/self/uid_map", users) || !write_file("/proc/self/setgroups", "deny") ||
          !write_file("/proc/self/gid_map", groups)))) {
        return false;
    }
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int mount_and_look(void) {
    struct stat status;
    char path[160], why[VOLUME_WHY_SIZE];

    if (!enter_namespace()) {
        return NO_NAMESPACE;
    }
    (void)snprintf(path, sizeof(path), "%s", at("mounted"));
    if (mkdir(path, 0700) < 0 || mount("none", path, "tmpfs", 0, "size=64k") < 0) {
        return 3;
    }
    // From now on in that namespace.
    if (storage_start(why) != 0 || storage->n_foreign != 1 ||
        storage_status(storage, "mounted", &status) != ENOENT ||
        try_open("mounted/file", O_RDWR, STORAGE_NEW) != ENOENT ||
        storage_rename(storage, "mounted", "away") != ENOENT ||
        storage_remove_directory(storage, "mounted") != ENOENT) {
        return 4;
    }
    storage_stop();
    return umount(path) < 0 || rmdir(path) < 0;
}

// In a child; skipped where nobody may make namespaces, as in a chroot.
static void run_in_namespace(int (*run)(void)) {
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        _exit(run());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_NAMESPACE) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_mounts_are_not_entered(void **state) {
    (void)state;
    run_in_namespace(mount_and_look);
}

// The disk is full though the quota is not: what was written stays, and room comes back.
static int fill_the_disk(void) {
    char why[VOLUME_WHY_SIZE];
    struct storage_handle file = {.fd = -1};
    static char data[65536];
    int64_t written = 0;
    int r = 0;

    storage_stop();
    if (!enter_namespace()) {
        return NO_NAMESPACE;
    }
    if (mount("none", storage_path, "tmpfs", 0, "size=96k,mode=700") < 0 ||
        storage_start(why) != STORAGE_LAID_OUT || storage_write_file("kept", 'k', 4096) != 0 ||
        storage_open_file(storage, "big", O_RDWR, STORAGE_NEW, &file) != 0) {
        return 2;
    }
    for (int i = 0; i < 4 && r == 0; i++) {
        r = storage_write(&file, -1, data, sizeof(data), &written);
    }
    if (r != ENOSPC || storage->used >= STORAGE_FIXTURE_UNITS) {
        return 3;
    }
    storage_handle_done(&file);
    if (storage_remove(storage, "big") != 0 || storage->used != 1 ||
        storage_write_file("more", 'm', 16384) != 0) {
        return 4;
    }
    return storage_start(why) != 0 || storage->used != 5;
}

static void test_full_disk_loses_nothing(void **state) {
    (void)state;
    run_in_namespace(fill_the_disk);
}

static void test_directory_replaced_under_the_app(void **state) {
    assert_int_equal(storage_make_directory(storage, "d"), 0);
    assert_int_equal(rmdir(at("d")), 0);
    assert_int_equal(try_open("d/file", O_RDWR, STORAGE_NEW), ENOENT);
    assert_int_equal(symlink("/tmp", at("d")), 0);
    check_not_there("d");
}

// The whole of it, while it is in use: nothing is found and nothing is made, here or there.
static void test_storage_removed_and_made_anew_under_the_app(void **state) {
    struct storage_handle held = {.fd = -1};
    char data[80], why[VOLUME_WHY_SIZE];
    int64_t written = 0;

    (void)snprintf(data, sizeof(data), "%s/data", storage_path);
    assert_int_equal(storage_open_file(storage, "held", O_RDWR, STORAGE_NEW, &held), 0);
    assert_int_equal(unlink(at("held")), 0);
    assert_int_equal(rmdir(data), 0);
    assert_int_equal(try_open("file", O_RDWR, STORAGE_NEW), ENOENT);
    assert_int_equal(storage_make_directory(storage, "d"), ENOENT);
    assert_int_equal(mkdir(data, 0700), 0);
    assert_int_equal(try_open("file", O_RDWR, STORAGE_NEW), ENOENT);
    assert_int_equal(storage_write(&held, 0, "x", 1, &written), 0);
    storage_handle_done(&held);
    assert_int_equal(storage_start(why), 0);
    assert_int_equal(try_open("file", O_RDWR, STORAGE_NEW), 0);
}

// Files that shrink, grow and go behind the count's back never take it below nothing.
static void test_count_survives_others(void **state) {
    char why[VOLUME_WHY_SIZE];

    assert_int_equal(storage_write_file("a", 'a', 4096), 0);
    assert_int_equal(truncate(at("a"), 100 * 4096), 0);
    assert_int_equal(storage_remove(storage, "a"), 0);
    assert_int_equal(storage->used, 0);
    assert_int_equal(storage_write_file("b", 'b', 4 * 4096), 0);
    assert_int_equal(truncate(at("b"), 0), 0);
    assert_int_equal(storage_remove(storage, "b"), 0);
    assert_int_equal(storage_start(why), 0);
    assert_int_equal(storage->used, 0);
}

// What is not the app's, or deeper than it can make, is told of and not counted.
static void test_foreign_entries_are_counted_as_such(void **state) {
    char why[VOLUME_WHY_SIZE], path[300];
    size_t size;

    assert_int_equal(symlink("/etc/passwd", at("link")), 0);
    assert_int_equal(mkfifo(at("pipe"), 0600), 0);
    size = (size_t)snprintf(path, sizeof(path), "%s/data", storage_path);
    for (unsigned depth = 0; depth < STORAGE_DEPTH_MAX + 8; depth++) {
        size += (size_t)snprintf(path + size, sizeof(path) - size, "/d");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    assert_int_equal(storage_start(why), 0);
    assert_int_equal(storage->n_foreign, 3);
    assert_int_equal(storage->used, STORAGE_DEPTH_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, storage_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_symbolic_links_are_not_followed),
        TEST(test_hard_links_are_not_opened),
        TEST(test_pipes_and_sockets_are_not_opened),
        TEST(test_devices_are_not_opened),
        TEST(test_mounts_are_not_entered),
        TEST(test_full_disk_loses_nothing),
        TEST(test_directory_replaced_under_the_app),
        TEST(test_storage_removed_and_made_anew_under_the_app),
        TEST(test_count_survives_others),
        TEST(test_foreign_entries_are_counted_as_such),
    };

    return cmocka_run_group_tests_name("storage-hostile", tests, NULL, NULL);
}
