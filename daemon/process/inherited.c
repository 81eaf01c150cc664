// SPDX-License-Identifier: MIT
#include "daemon/process/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"

#define FIRST 3
#define INHERITED_MAX 64
#define NAME_SIZE 64

static struct inherited {
    int fd; /* -1: none, or taken */
    char name[NAME_SIZE];
} table[INHERITED_MAX];
static size_t n_table;

// They are meant for the process that is named only: a child of it may have the variables too.
static bool is_for_us(void) {
    const char *text = getenv("LISTEN_PID");
    uint64_t pid = 0;

    return text && parse_u64(text, 1, INT32_MAX, &pid) == 0 && pid == (uint64_t)getpid();
}

// Names are between colons; who has none is "unknown".
static void read_names(const char *names) {
    for (size_t i = 0; i < n_table; i++) {
        size_t size = strcspn(names, ":");

        if (size > 0 && size < NAME_SIZE) {
            memcpy(table[i].name, names, size);
            table[i].name[size] = '\0';
        } else {
            memcpy(table[i].name, "unknown", sizeof("unknown"));
        }
        names += size + (names[size] == ':');
    }
}

// Nothing here may wait for a peer, and a manager hands sockets over as ones that do.
static int adopt(int fd) {
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        return -errno;
    }
    return 0;
}

int inherited_init(void) {
    const char *count = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
    uint64_t n = 0;

    n_table = 0;
    if (!count || !is_for_us()) {
        return 0;
    }
    if (parse_u64(count, 0, INHERITED_MAX, &n) < 0) {
        return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        int r = adopt(FIRST + (int)i);

        if (r < 0) {
            return r;
        }
        table[i].fd = FIRST + (int)i;
    }
    n_table = n;
    read_names(names ? names : "");
    return (int)n;
}

int inherited_take(const char *name) {
    for (size_t i = 0; i < n_table; i++) {
        if (table[i].fd >= 0 && strcmp(table[i].name, name) == 0) {
            int fd = table[i].fd;

            table[i].fd = -1;
            return fd;
        }
    }
    return -1;
}

static bool is_same(const struct sockaddr_storage *a, const struct sockaddr *b) {
    if (a->ss_family != b->sa_family) {
        return false;
    }
    if (b->sa_family == AF_INET) {
        const struct sockaddr_in *x = (const void *)a, *y = (const void *)b;

        return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
    }
    if (b->sa_family == AF_INET6) {
        const struct sockaddr_in6 *x = (const void *)a, *y = (const void *)b;

        return x->sin6_port == y->sin6_port && x->sin6_scope_id == y->sin6_scope_id &&
               memcmp(&x->sin6_addr, &y->sin6_addr, sizeof(x->sin6_addr)) == 0;
    }
    return false;
}

static bool is_socket(int fd, int type, const struct sockaddr *address) {
    struct sockaddr_storage local = {0};
    socklen_t size = sizeof(local), type_size = sizeof(int);
    int its_type = 0;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &its_type, &type_size) == 0 && its_type == type &&
           getsockname(fd, (struct sockaddr *)&local, &size) == 0 && is_same(&local, address);
}

int inherited_copy_socket(int type, const struct sockaddr *address) {
    for (size_t i = 0; i < n_table; i++) {
        if (table[i].fd >= 0 && is_socket(table[i].fd, type, address)) {
            int fd = fcntl(table[i].fd, F_DUPFD_CLOEXEC, 0);

            return fd < 0 ? -errno : fd;
        }
    }
    return -ENOENT;
}
