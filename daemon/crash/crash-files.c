// SPDX-License-Identifier: MIT
#include "daemon/crash/crash-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"

#define DIRECTORY "crash"
#define NEW "new"
#define SUFFIX ".json"
#define NAME_SIZE 24
#define NUMBER_MAX 999999999u

static void name_of(uint32_t number, char name[NAME_SIZE]) {
    (void)snprintf(name, NAME_SIZE, "%09u" SUFFIX, number);
}

// The number of a report's file, or 0.
static uint32_t number_of(const char *name) {
    const char *suffix = strstr(name, SUFFIX);
    char digits[NAME_SIZE], exact[NAME_SIZE];
    uint64_t number = 0;

    if (!suffix || suffix - name >= NAME_SIZE) {
        return 0;
    }
    (void)snprintf(digits, sizeof(digits), "%.*s", (int)(suffix - name), name);
    if (parse_u64(digits, 1, NUMBER_MAX, &number) < 0) {
        return 0;
    }
    name_of((uint32_t)number, exact);
    return strcmp(name, exact) == 0 ? (uint32_t)number : 0;
}

static void remove_report(const struct crash_files *files, uint32_t number) {
    char name[NAME_SIZE];

    name_of(number, name);
    (void)unlinkat(files->fd, name, 0); // gone is what it is to be
}

// -- those there are -----------------------------------------------------------------------------

// The newest, the oldest of them first.
struct listing {
    uint32_t numbers[CRASH_FILES_MAX];
    size_t n;
};

static void close_directory(DIR **directory) {
    if (*directory) {
        (void)closedir(*directory);
    }
}

// The one that there is no room for is removed.
static void put_in(const struct crash_files *files, struct listing *listing, uint32_t number) {
    size_t i = listing->n;

    if (listing->n == CRASH_FILES_MAX) {
        uint32_t oldest = listing->numbers[0];

        remove_report(files, number < oldest ? number : oldest);
        if (number < oldest) {
            return;
        }
        listing->n = i = CRASH_FILES_MAX - 1;
        memmove(listing->numbers, listing->numbers + 1, i * sizeof(number));
    }
    for (; i > 0 && listing->numbers[i - 1] > number; i--) {
        listing->numbers[i] = listing->numbers[i - 1];
    }
    listing->numbers[i] = number;
    listing->n++;
}

static int list(const struct crash_files *files, struct listing *listing) {
    CLEANUP_FD int copy = openat(files->fd, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    CLEANUP(close_directory) DIR *directory = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry = NULL;

    if (!directory) {
        return -errno;
    }
    (void)steal_fd(&copy);
    for (errno = 0; (entry = readdir(directory)); errno = 0) {
        uint32_t number = number_of(entry->d_name);

        if (number > 0) {
            put_in(files, listing, number);
        }
    }
    return errno ? -errno : 0;
}

// From 1, in the same order: so no name is given that one of them still has. What cannot be renamed
// is none of ours.
static uint32_t number_anew(const struct crash_files *files, const struct listing *listing) {
    uint32_t next = 1;

    for (size_t i = 0; i < listing->n; i++) {
        char from[NAME_SIZE], to[NAME_SIZE];

        name_of(listing->numbers[i], from);
        name_of(next, to);
        if (renameat(files->fd, from, files->fd, to) < 0) {
            remove_report(files, listing->numbers[i]);
        } else {
            next++;
        }
    }
    return next;
}

// Finds the next number. Those there are do not follow each other if somebody else has put one
// there, and its number may leave no room for another.
static int put_in_order(struct crash_files *files) {
    struct listing listing = {.n = 0};
    int r = list(files, &listing);
    uint32_t newest = listing.n > 0 ? listing.numbers[listing.n - 1] : 0;

    if (r < 0) {
        return r;
    }
    if (newest == NUMBER_MAX || (newest > 0 && newest - listing.numbers[0] >= CRASH_FILES_MAX)) {
        newest = number_anew(files, &listing) - 1;
    }
    files->next = newest + 1;
    return 0;
}

int crash_files_open(int state_fd, struct crash_files *ret_files) {
    struct crash_files files;
    CLEANUP_FD int fd = -1;
    int r = 0;

    if (mkdirat(state_fd, DIRECTORY, 0700) < 0 && errno != EEXIST) {
        return -errno;
    }
    fd = openat(state_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    files = (struct crash_files){.fd = fd};
    r = put_in_order(&files);
    if (r == 0) {
        (void)steal_fd(&fd);
        *ret_files = files;
    }
    return r;
}

void crash_files_done(struct crash_files *files) {
    if (files->fd > 0) {
        files->fd = close_fd(files->fd);
    }
    *files = (struct crash_files){0};
}

// -- one more ------------------------------------------------------------------------------------

static int write_new(const struct crash_files *files, const char *text, size_t size) {
    CLEANUP_FD int fd = -1;

    (void)unlinkat(files->fd, NEW, 0); // of one that a power cut ended
    fd = openat(files->fd, NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd_write_all(fd, text, size);
}

// The oldest goes first: a full disk then has room for the newest.
int crash_files_add(struct crash_files *files, const char *text, size_t size) {
    char name[NAME_SIZE];
    int r = 0;

    if (files->next > NUMBER_MAX || size > CRASH_FILE_SIZE_MAX) {
        return -EFBIG;
    }
    if (files->next > CRASH_FILES_MAX) {
        remove_report(files, files->next - CRASH_FILES_MAX);
    }
    name_of(files->next, name);
    r = write_new(files, text, size);
    if (r == 0 && renameat(files->fd, NEW, files->fd, name) < 0) {
        r = -errno;
    }
    if (r < 0) {
        (void)unlinkat(files->fd, NEW, 0);
        return r;
    }
    files->next++;
    return files->next > NUMBER_MAX ? put_in_order(files) : 0;
}

// Whoever has put a pipe or a device there is not waited for, and no link is followed.
static int open_report(const struct crash_files *files, uint32_t number) {
    struct stat status;
    char name[NAME_SIZE];
    int fd = -1;

    name_of(number, name);
    if (fstatat(files->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        return -errno;
    }
    if (!S_ISREG(status.st_mode)) {
        return -EINVAL;
    }
    fd = openat(files->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int crash_files_read(const struct crash_files *files, uint32_t number, char **ret_text) {
    CLEANUP_FREE char *text = malloc(CRASH_FILE_SIZE_MAX + 1);
    CLEANUP_FD int fd = open_report(files, number);
    ssize_t n = 0;

    if (!text) {
        return -ENOMEM;
    }
    if (fd < 0) {
        return fd;
    }
    n = read(fd, text, CRASH_FILE_SIZE_MAX);
    if (n < 0) {
        return -errno;
    }
    text[n] = '\0';
    *ret_text = steal_ptr(&text);
    return 0;
}
