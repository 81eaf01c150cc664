// SPDX-License-Identifier: MIT
#include "daemon/app/given.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/process/inherited.h"

// A terminal must not become the supervisor's own, and nothing may wait for a peer or a carrier.
#define OPEN_FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static bool is_allowed(const struct stat *status) {
    return S_ISREG(status->st_mode) || S_ISCHR(status->st_mode);
}

// -- opening -------------------------------------------------------------------------------------

// Writing first: whether it will be asked for is not known, and the grant is enforced per handle.
static int open_again(const char *path) {
    int fd = open(path, O_RDWR | OPEN_FLAGS);

    if (fd < 0 && (errno == EACCES || errno == EPERM || errno == EROFS || errno == ETXTBSY)) {
        fd = open(path, O_RDONLY | OPEN_FLAGS);
    }
    return fd < 0 ? -errno : fd;
}

// Looked at before it is opened, and what was looked at is opened: to open a pipe lets go who waits
// at the other end, and a name can lead elsewhere the next moment. Returns a descriptor or -errno.
static int open_path(const char *path) {
    CLEANUP_FD int place = open(path, O_PATH | O_CLOEXEC), fd = -1;
    char again[sizeof("/proc/self/fd/") + 10];
    struct stat seen, opened;

    if (place < 0 || fstat(place, &seen) < 0) {
        return -errno;
    }
    if (!is_allowed(&seen)) {
        return S_ISDIR(seen.st_mode) ? -EISDIR : -EINVAL;
    }
    (void)snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
    fd = open_again(again);
    if (fd == -ENOENT) {
        fd = open_again(path); // there is no /proc
    }
    if (fd < 0) {
        return fd;
    }
    if (fstat(fd, &opened) < 0) {
        return -errno;
    }
    return opened.st_dev == seen.st_dev && opened.st_ino == seen.st_ino ? steal_fd(&fd) : -EAGAIN;
}

static int take_inherited(const char *name) {
    char called[sizeof(GIVEN_INHERITED) + MANIFEST_FILE_SIZE];

    (void)snprintf(called, sizeof(called), GIVEN_INHERITED "%s", name);
    return inherited_take(called);
}

// Returns FD, or what is wrong with it as -errno.
static int inspect(int fd, struct given_file *file) {
    CLEANUP_FD int owned = fd;
    struct stat status;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fstat(fd, &status) < 0) {
        return -errno;
    }
    if (!is_allowed(&status) || (flags & O_ACCMODE) == O_WRONLY) {
        return -EINVAL;
    }
    file->is_device = S_ISCHR(status.st_mode);
    file->can_write = (flags & O_ACCMODE) == O_RDWR;
    return steal_fd(&owned);
}

static const char *explain(int error) {
    return error == EINVAL
               ? "neither a regular file nor a character device, or not open for reading"
               : strerror(error);
}

// FD: or -errno; FROM: for the log.
static void add(struct given_files *files, const char *name, int fd, const char *from) {
    struct given_file *file = &files->items[files->n_items++];

    *file = (struct given_file){.fd = -1};
    (void)snprintf(file->name, sizeof(file->name), "%s", name);
    if (fd >= 0) {
        fd = inspect(fd, file);
    }
    if (fd >= 0) {
        file->fd = fd;
        return;
    }
    file->error = -fd;
    log_warning("the file %s cannot be given to the app: %s: %s", name, from, explain(file->error));
}

int given_open(const struct config_given *wanted, struct given_files *ret_files) {
    struct given_files files = {.items = calloc(MANIFEST_FILES_MAX, sizeof(*files.items))};

    if (!files.items) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < wanted->n_items; i++) {
        const struct config_given_file *item = &wanted->items[i];
        int fd = item->path[0] ? take_inherited(item->name) : -1;

        if (fd >= 0) {
            add(&files, item->name, fd, "as the service manager opened it");
        } else if (item->path[0]) {
            add(&files, item->name, open_path(item->path), item->path);
        }
    }
    *ret_files = files;
    return 0;
}

// -- what the app is granted of it ---------------------------------------------------------------

static struct given_file *find(const struct given_files *files, const char *name) {
    for (size_t i = 0; i < files->n_items; i++) {
        if (strcmp(files->items[i].name, name) == 0) {
            return &files->items[i];
        }
    }
    return NULL;
}

void given_keep(struct given_files *files, const char *app, const struct manifest_texts *granted) {
    files->granted = granted;
    for (size_t i = 0; i < granted->n_items; i++) {
        char name[MANIFEST_FILE_SIZE + 1];
        int fd = -1;

        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(granted->items[i], ":"),
                       granted->items[i]);
        if (find(files, name)) {
            continue; // also if it could not be opened: that was told
        }
        fd = take_inherited(name);
        if (fd >= 0) {
            add(files, name, fd, "as the service manager opened it");
        } else {
            log_warning("%s: wants the file %s, which is not given ([files] %s = PATH of its "
                        "configuration does)",
                        app, name, name);
        }
    }
}

int given_find(const struct given_files *files, const char *name,
               const struct given_file **ret_file, bool *ret_writes) {
    const struct given_file *file = NULL;

    if (!files->granted || !manifest_finds_file(files->granted, name, ret_writes)) {
        return GIVEN_DENIED;
    }
    file = find(files, name);
    if (!file) {
        return GIVEN_MISSING;
    }
    if (file->fd < 0) {
        return GIVEN_UNOPENED;
    }
    *ret_file = file;
    return 0;
}

void given_done(struct given_files *files) {
    for (size_t i = 0; files->items && i < files->n_items; i++) {
        close_fd(files->items[i].fd);
    }
    free(files->items);
    *files = (struct given_files){0};
}
