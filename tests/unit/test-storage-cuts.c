// SPDX-License-Identifier: MIT

// Power cuts. What storage asks of the kernel is recorded, and after every step each state is
// looked at that a disk could be in then: names as after any prefix of the changes that were not
// yet written to disk (file systems keep these in order), and a file that was changed since it was
// last written to disk holding anything. Whatever is behind the name that counts must be whole.

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/handler.h"
#include "daemon/storage/storage-sync.h"
#include "tests/unit/storage-fixture.h"

#define CHANGES_MAX 64u
#define FILES_MAX 64u

// A name and the file behind it; 0: none. Files have numbers of ours, as inodes are used again.
struct change {
    char name[32];
    unsigned file;
};

static struct disk {
    struct change changes[CHANGES_MAX]; /* of names, in order; the first n_safe are on disk */
    size_t n_changes, n_safe;
    ino_t inodes[FILES_MAX]; /* of each file, the latest last */
    unsigned n_files;
    unsigned unsafe[FILES_MAX]; /* files that may hold anything */
    size_t n_unsafe;
    const char *counts; /* the name */
    size_t n_looked, n_wrong;
    bool is_recording;
} disk;

// -- the disk ------------------------------------------------------------------------------------

static bool is_unsafe(unsigned file) {
    for (size_t i = 0; i < disk.n_unsafe; i++) {
        if (disk.unsafe[i] == file) {
            return true;
        }
    }
    return false;
}

// After each prefix that a cut could leave.
static void look(void) {
    for (size_t n = disk.n_safe; n <= disk.n_changes; n++) {
        unsigned file = 0;

        for (size_t i = 0; i < n; i++) {
            file = strcmp(disk.changes[i].name, disk.counts) == 0 ? disk.changes[i].file : file;
        }
        disk.n_looked++;
        disk.n_wrong += file != 0 && is_unsafe(file);
    }
}

static void change_name(const char *name, unsigned file) {
    struct change *change = &disk.changes[disk.n_changes++];

    assert_true(disk.n_changes < CHANGES_MAX);
    (void)snprintf(change->name, sizeof(change->name), "%s", name);
    change->file = file;
}

static unsigned file_of_inode(ino_t inode) {
    unsigned file = disk.n_files;

    while (file > 0 && disk.inodes[file - 1] != inode) {
        file--;
    }
    return file;
}

// 0: a directory, or what was there before.
static unsigned file_of(int fd) {
    struct stat status;

    assert_int_equal(fstat(fd, &status), 0);
    return S_ISDIR(status.st_mode) ? 0 : file_of_inode(status.st_ino);
}

static void made_file(int fd, const char *name) {
    struct stat status;

    assert_int_equal(fstat(fd, &status), 0);
    assert_true(disk.n_files < FILES_MAX);
    disk.inodes[disk.n_files++] = status.st_ino;
    change_name(name, disk.n_files);
}

static void changed_file(int fd) {
    unsigned file = file_of(fd);

    if (file != 0 && !is_unsafe(file)) {
        disk.unsafe[disk.n_unsafe++] = file;
    }
    look();
}

static void wrote_to_disk(int fd) {
    unsigned file = file_of(fd);

    if (file == 0) {
        disk.n_safe = disk.n_changes;
    }
    for (size_t i = 0; i < disk.n_unsafe; i++) {
        if (disk.unsafe[i] == file) {
            disk.unsafe[i] = disk.unsafe[--disk.n_unsafe];
            break;
        }
    }
    look();
}

// -- what the storage asks of the kernel ---------------------------------------------------------

int __real_openat64(int directory, const char *name, int flags, ...);
int __wrap_openat64(int directory, const char *name, int flags, ...);
ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __real_ftruncate64(int fd, off_t size);
int __wrap_ftruncate64(int fd, off_t size);
int __real_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_renameat(int from, const char *name, int to, const char *new_name);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_openat64(int directory, const char *name, int flags, ...) {
    int fd = __real_openat64(directory, name, flags, 0600);

    if (disk.is_recording && fd >= 0 && flags & O_CREAT) {
        made_file(fd, name);
        changed_file(fd);
    }
    return fd;
}

ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset) {
    ssize_t n = __real_pwrite64(fd, data, size, offset);

    if (disk.is_recording) {
        changed_file(fd);
    }
    return n;
}

ssize_t __wrap_write(int fd, const void *data, size_t size) {
    ssize_t n = __real_write(fd, data, size);

    if (disk.is_recording) {
        changed_file(fd);
    }
    return n;
}

int __wrap_ftruncate64(int fd, off_t size) {
    int r = __real_ftruncate64(fd, size);

    if (disk.is_recording) {
        changed_file(fd);
    }
    return r;
}

int __wrap_renameat(int from, const char *name, int to, const char *new_name) {
    struct stat status;
    int r = 0;

    if (disk.is_recording) {
        assert_int_equal(fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW), 0);
        change_name(new_name, file_of_inode(status.st_ino));
        change_name(name, 0); // a moment later, which no name that counts is
    }
    r = __real_renameat(from, name, to, new_name);
    look();
    return r;
}

int __wrap_fsync(int fd) {
    int r = __real_fsync(fd);

    if (disk.is_recording) {
        wrote_to_disk(fd);
    }
    return r;
}

// -- what is done --------------------------------------------------------------------------------

static void record(const char *name) {
    disk = (struct disk){.counts = name, .is_recording = true};
}

static int synced_fd, n_synced;

static void on_synced(void *context, int error) {
    assert_int_equal(error, 0);
    n_synced = 1;
    if (synced_fd >= 0) {
        wrote_to_disk(synced_fd);
    }
}

// As file.flush() in an app does.
static void flush(const struct storage_handle *file) {
    n_synced = 0;
    synced_fd = file->fd;
    assert_int_equal(storage_sync_file(storage->sync, file->fd, on_synced, NULL), CALL_LATER);
    disk.is_recording = false; /* the loop's own descriptors */
    storage_wait(&n_synced);
    disk.is_recording = true;
}

// As doc/app.md has it, and without the line that matters.
static void replace(char letter, bool with_flush) {
    struct storage_handle file = {.fd = -1};
    char part[1000];
    int64_t written = 0;

    memset(part, letter, sizeof(part));
    assert_int_equal(storage_open_file(storage, "new", O_RDWR, STORAGE_EMPTY, &file), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(storage_write(&file, -1, part, sizeof(part), &written), 0);
    }
    if (with_flush) {
        flush(&file);
    }
    storage_handle_done(&file);
    assert_int_equal(storage_rename(storage, "new", "file"), 0);
}

static void test_replaced_file_is_whole_after_any_cut(void **state) {
    record("file");
    for (char letter = 'a'; letter < 'e'; letter++) {
        replace(letter, true);
    }
    disk.is_recording = false;
    assert_int_equal(disk.n_wrong, 0);
    assert_true(disk.n_looked > 40);
}

static void test_without_flush_it_would_not_be(void **state) {
    record("file");
    replace('a', true);
    replace('b', false);
    disk.is_recording = false;
    assert_true(disk.n_wrong > 0);
}

// What os.sync() waits for: contents and names.
static void test_all_is_on_disk_behind_a_sync(void **state) {
    record("file");
    replace('a', true);
    assert_true(disk.n_safe < disk.n_changes);
    n_synced = 0;
    synced_fd = storage->data_fd;
    assert_int_equal(storage_sync_all(storage->sync, on_synced, NULL), CALL_LATER);
    disk.is_recording = false;
    storage_wait(&n_synced);
    assert_int_equal(disk.n_safe, disk.n_changes);
    assert_int_equal(disk.n_wrong, 0);
}

static void test_header_is_whole_or_not_there_after_any_cut(void **state) {
    char why[VOLUME_WHY_SIZE];

    storage_clear();
    record("volume");
    assert_int_equal(storage_start(why), STORAGE_LAID_OUT);
    disk.is_recording = false;
    assert_int_equal(disk.n_wrong, 0);
    assert_true(disk.n_looked >= 5);
    assert_int_equal(disk.n_safe, disk.n_changes);
    assert_int_equal(disk.n_unsafe, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, storage_setup, storage_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_replaced_file_is_whole_after_any_cut),
        TEST(test_without_flush_it_would_not_be),
        TEST(test_all_is_on_disk_behind_a_sync),
        TEST(test_header_is_whole_or_not_there_after_any_cut),
    };

    return cmocka_run_group_tests_name("storage-cuts", tests, NULL, NULL);
}
