// SPDX-License-Identifier: MIT
#include "daemon/crash-files.h"

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

static void close_directory(DIR **directory) {
    if (*directory) {
        (void)closedir(*directory);
    }
}

// Calls FUNCTION with the number of each report.
static int for_each(struct crash_files *files,
                    void (*function)(struct crash_files *files, uint32_t number)) {
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
            function(files, number);
        }
    }
    return errno ? -errno : 0;
}

static void go_behind(struct crash_files *files, uint32_t number) {
    files->next = number >= files->next ? number + 1 : files->next;
}

static void remove_if_old(struct crash_files *files, uint32_t number) {
    if (files->next - number > CRASH_FILES_MAX) {
        remove_report(files, number);
    }
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
    files = (struct crash_files){.fd = fd, .next = 1};
    r = for_each(&files, go_behind);
    if (r == 0) {
        r = for_each(&files, remove_if_old);
    }
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
    return 0;
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
