// SPDX-License-Identifier: MIT
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PIECE_SIZE (64u << 10)

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

int close_fd(int fd) {
    int saved = errno;

    if (fd >= 0) {
        (void)close(fd);
    }
    errno = saved;
    return -1;
}

int fd_close_from(unsigned first) {
    // By number: glibc before 2.34 and musl have no wrapper.
    if (syscall(SYS_close_range, first, ~0U, 0) < 0) {
        return -errno;
    }
    return 0;
}

#define READ_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int check_kind(int fd, mode_t kind, struct stat *ret_status) {
    if (fstat(fd, ret_status) < 0) {
        return -errno;
    }
    if ((ret_status->st_mode & S_IFMT) == kind) {
        return 0;
    }
    return kind == S_IFDIR ? -ENOTDIR : S_ISDIR(ret_status->st_mode) ? -EISDIR : -EINVAL;
}

// FLAGS: O_NOFOLLOW or nothing.
static int open_kind(int directory, const char *name, int flags, mode_t kind, int *ret_fd,
                     struct stat *ret_status) {
    CLEANUP_FD int place = openat(directory, name, O_PATH | O_CLOEXEC | flags), fd = -1;
    char again[sizeof("/proc/self/fd/") + 10];
    int r = place < 0 ? -errno : check_kind(place, kind, ret_status);

    if (r < 0) {
        return r;
    }
    (void)snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
    fd = open(again, READ_FLAGS);
    if (fd < 0 && errno == ENOENT) {
        fd = openat(directory, name, READ_FLAGS | flags); // there is no /proc
    }
    r = fd < 0 ? -errno : check_kind(fd, kind, ret_status);
    if (r == 0) {
        *ret_fd = steal_fd(&fd);
    }
    return r;
}

int fd_open_kind(int directory, const char *name, mode_t kind, int *ret_fd,
                 struct stat *ret_status) {
    return open_kind(directory, name, 0, kind, ret_fd, ret_status);
}

int fd_open_here(int directory, const char *name, mode_t kind, int *ret_fd) {
    struct stat status;

    return open_kind(directory, name, O_NOFOLLOW, kind, ret_fd, &status);
}

int fd_open_file(const char *path, int *ret_fd) {
    struct stat status;

    return fd_open_kind(AT_FDCWD, path, S_IFREG, ret_fd, &status);
}

int fd_new_memory(const char *name, size_t size, int executable) {
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    CLEANUP_FD int fd = memfd_create(name, flags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));

    if (fd < 0 && errno == EINVAL) {
        fd = memfd_create(name, flags);
    }
    if (fd < 0) {
        return -errno;
    }
    if (ftruncate(fd, (off_t)size) < 0) {
        return -errno;
    }
    return steal_fd(&fd);
}

int fd_map(int fd, size_t size, int writable, void **ret_memory) {
    int protection = PROT_READ | (writable ? PROT_WRITE : 0);
    void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED) {
        return -errno;
    }
    *ret_memory = memory;
    return 0;
}

int fd_write_all(int fd, const void *data, size_t size) {
    size_t done = 0;

    while (done < size) {
        ssize_t n = write(fd, (const char *)data + done, size - done);

        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int fd_copy(int from, int to, size_t size_limit, size_t *ret_size) {
    CLEANUP_FREE uint8_t *piece = malloc(PIECE_SIZE);
    size_t size = 0;
    ssize_t n;

    if (!piece) {
        return -ENOMEM;
    }
    while ((n = pread(from, piece, PIECE_SIZE, (off_t)size)) != 0) {
        int r;

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -errno;
        }
        size += (size_t)n;
        r = size > size_limit ? -EFBIG : fd_write_all(to, piece, (size_t)n);
        if (r < 0) {
            return r;
        }
    }
    *ret_size = size;
    return 0;
}
