// SPDX-License-Identifier: MIT
#include "image/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "image/image.h"
#include "image/why.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

#define REFUSE(why, ...) why_refuse(why, IMAGE_WHY_SIZE, __VA_ARGS__)

int sealed_take(int *fd, size_t size, struct sealed *ret_sealed) {
    void *data = NULL;
    int r = fcntl(*fd, F_ADD_SEALS, SEALS) < 0 ? -errno : fd_map(*fd, size, false, &data);

    if (r == 0) {
        *ret_sealed = (struct sealed){.fd = steal_fd(fd), .data = data, .size = size};
    }
    return r;
}

int sealed_copy(int fd, size_t size_limit, struct sealed *ret_sealed, char *why) {
    CLEANUP_FD int memory = -1;
    struct stat status;
    size_t size = 0;
    int r;

    if (fstat(fd, &status) < 0) {
        return -errno;
    }
    if (!S_ISREG(status.st_mode)) {
        return REFUSE(why, "not a regular file");
    }
    memory = fd_new_memory("image", 0, true);
    if (memory < 0) {
        return memory;
    }
    r = fd_copy(fd, memory, size_limit, &size);
    if (r == -EFBIG) {
        return REFUSE(why, "larger than %zu MiB", size_limit >> 20);
    }
    if (r == 0 && size == 0) {
        return REFUSE(why, "not an mpyd image (the file is empty)");
    }
    return r == 0 ? sealed_take(&memory, size, ret_sealed) : r;
}

void sealed_done(struct sealed *sealed) {
    if (sealed->data) {
        (void)munmap((void *)sealed->data, sealed->size);
    }
    (void)close_fd(sealed->fd);
    *sealed = (struct sealed)SEALED_INIT;
}
