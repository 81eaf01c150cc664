// SPDX-License-Identifier: MIT
#include "daemon/storage/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"

#define FILE_NAME "volume"
#define NEW_NAME "volume.new"
#define FORMAT 1u
#define FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

// As it stands on disk, little-endian like every machine mpyd runs on.
struct header {
    char magic[8];
    uint32_t format;
    uint32_t reserved;
    char app[32];
    uint8_t id[16];       /* random: two volumes are never the same */
    int64_t made;         /* seconds since 1970, by the clock of then */
    uint8_t later[24];    /* 0 */
    uint8_t checksum[32]; /* BLAKE2b-256 of all before it */
};
_Static_assert(sizeof(struct header) == 128, "no padding");

static const char magic[8] = {'m', 'p', 'y', 'd', 'v', 'o', 'l', '\n'};

static void sum(const struct header *header, uint8_t checksum[32]) {
    (void)crypto_generichash(checksum, 32, (const uint8_t *)header,
                             offsetof(struct header, checksum), NULL, 0);
}

static int refuse(int outcome, char why[VOLUME_WHY_SIZE], const char *reason) {
    (void)snprintf(why, VOLUME_WHY_SIZE, "%s", reason);
    return outcome;
}

static int take(int fd, struct header *ret_header, char why[VOLUME_WHY_SIZE]) {
    uint8_t bytes[sizeof(struct header) + 1];
    struct stat status;
    ssize_t size;

    if (fstat(fd, &status) < 0) {
        return -errno;
    }
    if (!S_ISREG(status.st_mode)) {
        return refuse(VOLUME_DAMAGED, why, "its header is no file");
    }
    size = pread(fd, bytes, sizeof(bytes), 0);
    if (size < 0) {
        return -errno;
    }
    if (size != sizeof(struct header)) {
        (void)snprintf(why, VOLUME_WHY_SIZE, "its header has %lld bytes, not %zu",
                       (long long)status.st_size, sizeof(struct header));
        return VOLUME_DAMAGED;
    }
    memcpy(ret_header, bytes, sizeof(*ret_header));
    return 0;
}

static int check(const struct header *header, const char *app, char why[VOLUME_WHY_SIZE]) {
    uint8_t checksum[32];

    sum(header, checksum);
    if (memcmp(header->magic, magic, sizeof(magic)) != 0 ||
        memcmp(header->checksum, checksum, sizeof(checksum)) != 0) {
        return refuse(VOLUME_DAMAGED, why, "its header is not what was written");
    }
    if (header->format != FORMAT) {
        (void)snprintf(why, VOLUME_WHY_SIZE, "it is of format %u, this mpyd knows %u",
                       header->format, FORMAT);
        return VOLUME_FOREIGN;
    }
    if (memchr(header->app, '\0', sizeof(header->app)) == NULL || !parse_is_app_name(header->app)) {
        return refuse(VOLUME_DAMAGED, why, "its header names no app");
    }
    if (strcmp(header->app, app) != 0) {
        (void)snprintf(why, VOLUME_WHY_SIZE, "it is the storage of %.31s", header->app);
        return VOLUME_FOREIGN;
    }
    return 0;
}

int volume_read(int state_fd, const char *app, char why[VOLUME_WHY_SIZE]) {
    CLEANUP_FD int fd = openat(state_fd, FILE_NAME, O_RDONLY | FLAGS);
    struct header header = {0};
    int r;

    if (fd < 0) {
        return errno == ENOENT  ? VOLUME_ABSENT
               : errno == ELOOP ? refuse(VOLUME_DAMAGED, why, "its header is a link")
                                : -errno;
    }
    r = take(fd, &header, why);
    return r == 0 ? check(&header, app, why) : r;
}

static void fill(struct header *header, const char *app) {
    *header = (struct header){.format = FORMAT, .made = time(NULL)};
    memcpy(header->magic, magic, sizeof(magic));
    (void)snprintf(header->app, sizeof(header->app), "%s", app);
    randombytes_buf(header->id, sizeof(header->id));
    sum(header, header->checksum);
}

int volume_write(int state_fd, const char *app) {
    CLEANUP_FD int fd = -1;
    struct header header;
    int r;

    // What an earlier attempt left behind.
    if (unlinkat(state_fd, NEW_NAME, 0) < 0 && errno != ENOENT) {
        return -errno;
    }
    fd = openat(state_fd, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | FLAGS, 0600);
    if (fd < 0) {
        return -errno;
    }
    fill(&header, app);
    r = fd_write_all(fd, &header, sizeof(header));
    if (r < 0) {
        return r;
    }
    if (fsync(fd) < 0 || renameat(state_fd, NEW_NAME, state_fd, FILE_NAME) < 0 ||
        fsync(state_fd) < 0) {
        return -errno;
    }
    return 0;
}
