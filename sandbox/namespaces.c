// SPDX-License-Identifier: MIT

// Mount, pid and net namespaces, and for an ordinary user a user namespace around them. Uts, ipc
// and cgroup namespaces would add nothing behind the worker's filter.

#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

static const struct namespace {
    const char *layer;
    const char *path;
    unsigned flag;
}
namespaces[NAMESPACES] = {
    {"user-namespace", "/proc/self/ns/user", CLONE_NEWUSER},
    {"mount-namespace", "/proc/self/ns/mnt", CLONE_NEWNS},
    {"pid-namespace", "/proc/self/ns/pid", CLONE_NEWPID},
    {"net-namespace", "/proc/self/ns/net", CLONE_NEWNET},
};

static unsigned find_namespace(const struct layer *layer) {
    unsigned i = 0;

    while (i < NAMESPACES - 1 && strcmp(namespaces[i].layer, layer->name) != 0) {
        i++;
    }
    return i;
}

static uint64_t namespace_inode(const struct namespace *namespace) {
    struct stat st;

    return stat(namespace->path, &st) == 0 ? st.st_ino : 0;
}

// fork(2) with flags. The process has one thread, so that nothing of libc's is left locked.
static pid_t clone_process(unsigned flags, int *ret_pidfd) {
    int pidfd = -1;
    pid_t pid = (pid_t)syscall(SYS_clone, (unsigned long)flags | CLONE_PIDFD | SIGCHLD, NULL,
                               &pidfd, NULL, 0);

    if (pid < 0) {
        return -errno;
    }
    *ret_pidfd = pid > 0 ? pidfd : -1;
    return pid;
}

// Whether a process with these flags can be had at all: makes one that ends at once.
static int try_clone(unsigned flags) {
    CLEANUP_FD int pidfd = -1;
    pid_t pid = clone_process(flags, &pidfd);

    if (pid == 0) {
        _exit(0);
    }
    if (pid < 0) {
        return pid;
    }
    (void)waitpid(pid, NULL, 0);
    return 0;
}

static const char *hint(int error) {
    switch (error) {
    case EPERM:
    case ENOSYS: // what podman's filter answers
        return "is user.max_user_namespaces 0, or a container denying it?";
    case ENOSPC:
        return "is a limit user.max_*_namespaces reached?";
    case EINVAL:
        return "is the kernel built without it?";
    default:
        return "see clone(2)";
    }
}

// Finds out one by one which of WANTED can be had. Returns 0, or -errno of a required one.
static int probe(struct confinement *c, unsigned wanted) {
    for (unsigned i = 0; i < NAMESPACES; i++) {
        int r = 0;

        if (!(wanted & namespaces[i].flag)) {
            continue;
        }
        r = try_clone(c->namespaces | namespaces[i].flag);
        if (r == 0) {
            c->namespaces |= namespaces[i].flag;
            continue;
        }
        c->namespace_errors[i] = -r;
        if (!layer_is_optional(c->options, namespaces[i].layer) &&
            !(i > 0 && c->namespace_errors[0])) {
            log_error("%s: clone: %s (%s); \"[sandbox] optional = %s\" does without",
                      namespaces[i].layer, strerror(-r), hint(-r), namespaces[i].layer);
            return r;
        }
    }
    return 0;
}

pid_t namespaces_clone(struct confinement *c, int *ret_pidfd) {
    unsigned wanted = 0;
    pid_t pid = -1;

    for (unsigned i = 0; i < NAMESPACES; i++) {
        c->outer_namespaces[i] = namespace_inode(&namespaces[i]);
        wanted |= namespaces[i].flag;
    }
    if (c->root) {
        wanted &= ~(unsigned)CLONE_NEWUSER;
    }
    c->namespaces = wanted;
    pid = clone_process(wanted, ret_pidfd);
    if (pid >= 0) {
        return pid;
    }
    c->namespaces = 0;
    int r = probe(c, wanted);

    if (r < 0) {
        return r;
    }
    pid = clone_process(c->namespaces, ret_pidfd);
    return pid < 0 ? log_errno(pid, "spawner: clone") : pid;
}

int namespace_apply(struct confinement *c, const struct layer *layer) {
    unsigned i = find_namespace(layer);

    if (c->namespace_errors[i]) {
        (void)snprintf(c->why, sizeof(c->why), "%s", hint(c->namespace_errors[i]));
        return -c->namespace_errors[i];
    }
    return 0;
}

static int write_map(struct confinement *c, const char *path, const char *text) {
    CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        return layer_fail(c, path);
    }
    return 0;
}

// user_namespaces(7): one line, the own id, so that it is not 0 inside, where exec would give
// capabilities. No group is mapped, on purpose: the image's group then has no name inside, and exec
// leaves the worker's memory to the namespace outside. Otherwise whoever owns the namespace, any
// process of this id, could trace the worker, dumpable or not. It also denies setgroups().
int user_namespace_apply(struct confinement *c, const struct layer *layer) {
    char map[64];
    int r = 0;

    if (c->root) {
        (void)snprintf(c->why, sizeof(c->why), "started as root: ids change instead");
        return LAYER_SKIP;
    }
    r = namespace_apply(c, layer);
    if (r < 0) {
        return r;
    }
    (void)snprintf(map, sizeof(map), "%u %u 1\n", c->uid, c->uid);
    return write_map(c, "/proc/self/uid_map", map);
}

static int check_no_group(struct confinement *c) {
    static const char path[] = "/proc/self/gid_map";
    char map[64];
    CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, map, sizeof(map));

    return n < 0 ? layer_fail(c, path) : n > 0 ? -ESTALE : 0;
}

int namespace_verify(struct confinement *c, const struct layer *layer) {
    unsigned i = find_namespace(layer);
    uint64_t inner = namespace_inode(&namespaces[i]);

    if (inner == 0) {
        return layer_fail(c, namespaces[i].path);
    }
    if (c->outer_namespaces[i] == 0) {
        (void)snprintf(c->why, sizeof(c->why), "nothing to tell it from: no %s outside",
                       namespaces[i].path);
        return -ESTALE;
    }
    if (inner == c->outer_namespaces[i]) {
        return -ESTALE;
    }
    if (namespaces[i].flag == CLONE_NEWPID && getpid() != 1) {
        return -ESTALE;
    }
    if (namespaces[i].flag == CLONE_NEWUSER) {
        return getuid() != c->uid ? -ESTALE : check_no_group(c);
    }
    return 0;
}
