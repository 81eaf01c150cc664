// SPDX-License-Identifier: MIT
#include "daemon/control/control-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define BACKLOG 16
#define LOCK_TRIES 50
#define LOCK_PAUSE_NSEC 20000000

// Others are not to open it: who does can lock it (control_socket_make()).
static int make_directory(const char *path, mode_t mode, gid_t group) {
    if (mkdir(path, mode) < 0) {
        return errno == EEXIST ? 0 : -errno;
    }
    if (group != (gid_t)-1 && lchown(path, (uid_t)-1, group) < 0) {
        return -errno;
    }
    return 0;
}

int control_socket_place(const char *name, gid_t group, char ret_path[CONTROL_PATH_SIZE]) {
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    char above[CONTROL_PATH_SIZE], directory[CONTROL_PATH_SIZE];
    int n = 0, r = 0;

    if (geteuid() == 0) {
        (void)snprintf(above, sizeof(above), "%s", CONTROL_RUN);
    } else if (runtime && runtime[0] == '/') {
        n = snprintf(above, sizeof(above), "%s/" CONTROL_USER_RUN, runtime);
    } else {
        return -ENOENT;
    }
    if (n >= CONTROL_PATH_SIZE ||
        snprintf(directory, sizeof(directory), "%s/%s", above, name) >= CONTROL_PATH_SIZE ||
        snprintf(ret_path, CONTROL_PATH_SIZE, "%s/control", directory) >= CONTROL_PATH_SIZE) {
        return -ENAMETOOLONG;
    }
    r = make_directory(above, 0755, (gid_t)-1);
    return r < 0 ? r : make_directory(directory, 0750, group);
}

// Returns the descriptor of the directory that PATH stands in, the caller's, or -errno.
static int open_directory(const char *path) {
    char copy[CONTROL_PATH_SIZE];
    int fd = -1;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

// Removes a socket that nobody serves. Anything else there is somebody's.
static int remove_stale(const struct sockaddr_un *address) {
    CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct stat st;

    if (fd < 0) {
        return -errno;
    }
    if (lstat(address->sun_path, &st) < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    if (!S_ISSOCK(st.st_mode)) {
        return -EEXIST;
    }
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
        errno != ECONNREFUSED) {
        return -EADDRINUSE;
    }
    return unlink(address->sun_path) < 0 ? -errno : 0;
}

// Nobody else may connect, not even before its group is set: what bind(2) makes has the mode of the
// socket.
static int bind_closed(int fd, const struct sockaddr_un *address, gid_t group) {
    if (fchmod(fd, 0600) < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
        return -errno;
    }
    if (group != (gid_t)-1 &&
        (lchown(address->sun_path, (uid_t)-1, group) < 0 || chmod(address->sun_path, 0660) < 0)) {
        return -errno;
    }
    return 0;
}

// Others hold it for a moment, or to annoy.
static int lock(int directory) {
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NSEC};
    int r = 0;

    for (int i = 0; i < LOCK_TRIES; i++) {
        r = flock(directory, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
        if (r != -EWOULDBLOCK) {
            return r;
        }
        (void)nanosleep(&pause, NULL);
    }
    return -EBUSY;
}

// Two that start at once: the lock is held while one looks, removes and binds.
int control_socket_make(const char *path, gid_t group) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CLEANUP_FD int directory = -1;
    int r = 0;

    if (fd < 0) {
        return -errno;
    }
    if (strlen(path) >= sizeof(address.sun_path)) {
        return -ENAMETOOLONG;
    }
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    directory = open_directory(path);
    if (directory < 0) {
        return directory;
    }
    r = lock(directory);
    if (r == 0) {
        r = remove_stale(&address);
    }
    if (r == 0) {
        r = bind_closed(fd, &address, group);
    }
    if (r == 0) {
        r = listen(fd, BACKLOG) < 0 ? -errno : 0;
    }
    return r < 0 ? r : steal_fd(&fd);
}
