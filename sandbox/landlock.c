// SPDX-License-Identifier: MIT

// Landlock, by system call and with constants of our own: libc wraps none of it, and Debian 12's
// headers end at ABI 2. See the kernel's userspace-api/landlock.

#include "sandbox/landlock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_REMOVE_DIR (1ull << 4)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_DIR (1ull << 7)
#define FS_MAKE_REG (1ull << 8)
#define FS_ALL_1 ((1ull << 13) - 1)     /* ABI 1: everything up to MAKE_SYM */
#define FS_REFER (1ull << 13)           /* ABI 2 */
#define FS_TRUNCATE (1ull << 14)        /* ABI 3 */
#define FS_IOCTL_DEV (1ull << 15)       /* ABI 5 */
#define NET_BIND_TCP (1ull << 0)        /* ABI 4 */
#define NET_CONNECT_TCP (1ull << 1)     /* ABI 4 */
#define SCOPE_ABSTRACT_UNIX (1ull << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ull << 1)        /* ABI 6 */
/* ABI 7 adds flags for its audit log only, whose defaults suit us. */

#define CREATE_RULESET_VERSION 1u

enum { RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

struct ruleset_attributes {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
};

struct path_beneath {
    uint64_t access;
    int32_t parent_fd;
} __attribute__((packed));

struct net_port {
    uint64_t access;
    uint64_t port;
};

static int abi_version(void) {
    int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

    return version < 0 ? -errno : version;
}

// Returns a ruleset's descriptor, owned by the caller, or -errno. An older kernel takes a shorter
// structure, or a longer one whose tail is zero.
static int create_ruleset(const struct ruleset_attributes *attributes) {
    int fd = (int)syscall(SYS_landlock_create_ruleset, attributes, sizeof(*attributes), 0);

    return fd < 0 ? -errno : fd;
}

static int restrict_self(int ruleset) {
    return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}

// Lets PATH be read: a file, or every file in a directory, which itself is read only if ACCESS
// says so. A path that is not there is no failure.
static int allow_access(int ruleset, const char *path, uint64_t access) {
    CLEANUP_FD int fd = open(path, O_PATH | O_CLOEXEC);
    struct path_beneath rule = {.access = access, .parent_fd = fd};
    struct stat status;

    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
    }
    if (fstat(fd, &status) < 0) {
        return -errno;
    }
    if (!S_ISDIR(status.st_mode)) {
        rule.access &= ~FS_READ_DIR;
    }
    return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

static int allow_reading(int ruleset, const char *path) {
    return allow_access(ruleset, path, FS_READ_FILE);
}

// The supervisor reads the file again when it has changed. Resolver managers replace what it links
// to, so a rule on the file alone would end with the next change: what is allowed is the directory,
// if it is the manager's own. A file in /etc itself can be followed only if it is written in place.
static int allow_resolver(int ruleset) {
    CLEANUP_FREE char *target = realpath("/etc/resolv.conf", NULL);
    char *slash = target ? strrchr(target, '/') : NULL;

    if (!target && errno == ENOMEM) {
        return -ENOMEM;
    }
    if (!slash || slash == target || strncmp(target, "/run/", 5) != 0) {
        return allow_reading(ruleset, "/etc/resolv.conf");
    }
    *slash = '\0';
    return allow_reading(ruleset, target);
}

// What c-ares opens after confinement: the first for every lookup, the others, as resolv.conf, when
// the name servers have changed. It does without those it is refused.
static int allow_files(int ruleset, const char *const *readable) {
    static const char *const files[] = {
        "/etc/hosts", "/etc/nsswitch.conf", /* in which order hosts file and DNS are asked */
        "/etc/host.conf",                   /* the same, where nsswitch.conf does not say */
    };
    int r = allow_resolver(ruleset);

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && r == 0; i++) {
        r = allow_reading(ruleset, files[i]);
    }
    for (; *readable && r == 0; readable++) {
        r = allow_access(ruleset, *readable, FS_READ_FILE | FS_READ_DIR);
    }
    return r;
}

// Files and directories in the state directory, and nothing else there: no device, pipe or link.
// The kernel knows those of HANDLED.
static int allow_state(int ruleset, int state_fd, uint64_t handled) {
    uint64_t access = FS_WRITE_FILE | FS_READ_FILE | FS_READ_DIR | FS_REMOVE_DIR | FS_REMOVE_FILE |
                      FS_MAKE_DIR | FS_MAKE_REG | FS_REFER | FS_TRUNCATE;
    struct path_beneath rule = {.access = access & handled, .parent_fd = state_fd};

    if (state_fd <= 0) {
        return 0;
    }
    return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

static void fail(struct confinement *c, const char *step) {
    (void)snprintf(c->why, sizeof(c->why), "%s", step);
}

int landlock_files_apply(struct confinement *c, const struct layer *layer) {
    int abi = abi_version();
    struct ruleset_attributes attributes = {.fs = FS_ALL_1};
    int r = 0;

    if (abi < 0) {
        fail(c, "is it missing from the kernel, or from lsm=?");
        return abi;
    }
    attributes.fs |= abi >= 2 ? FS_REFER : 0;
    attributes.fs |= abi >= 3 ? FS_TRUNCATE : 0;
    attributes.fs |= abi >= 5 ? FS_IOCTL_DEV : 0;
    // The spawner lies outside and gets no signal from here: the end of its socket ends it.
    attributes.scoped = abi >= 6 ? SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL : 0;
    CLEANUP_FD int ruleset = create_ruleset(&attributes);

    if (ruleset < 0) {
        fail(c, "landlock_create_ruleset");
        return ruleset;
    }
    r = allow_files(ruleset, c->options->readable);
    if (r == 0) {
        r = allow_state(ruleset, c->options->state_fd, attributes.fs);
    }
    if (r < 0) {
        fail(c, "landlock_add_rule");
        return r;
    }
    r = restrict_self(ruleset);
    (void)snprintf(c->why, sizeof(c->why), r < 0 ? "landlock_restrict_self" : "ABI %d", abi);
    return r;
}

int landlock_files_verify(struct confinement *c, const struct layer *layer) {
    CLEANUP_FD int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 && errno == EACCES) {
        return 0;
    }
    fail(c, "open /, which is to be refused");
    return fd < 0 ? -errno : -ESTALE;
}

static int allow_ports(int ruleset, uint64_t access, const uint16_t *ports, size_t n_ports) {
    for (size_t i = 0; i < n_ports; i++) {
        struct net_port rule = {.access = access, .port = ports[i]};

        if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) < 0) {
            return -errno;
        }
    }
    return 0;
}

// Port 0, "any", is refused unless it was listed.
static int verify_ports(const uint16_t *listen, size_t n_listen) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

    for (size_t i = 0; i < n_listen; i++) {
        if (listen[i] == 0) {
            return 0;
        }
    }
    CLEANUP_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return errno == EAFNOSUPPORT ? 0 : -errno; // the unit leaves no such sockets at all
    }
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
        return -ESTALE;
    }
    return errno == EACCES ? 0 : -errno;
}

// Every ruleset forbids to move files between directories, one that is only about ports too, but
// for those it names.
static int allow_moving(int ruleset, int state_fd) {
    struct path_beneath rule = {.access = FS_REFER, .parent_fd = state_fd};

    if (state_fd <= 0) {
        return 0;
    }
    return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno : 0;
}

static int confine_ports(const uint16_t *listen, size_t n_listen, const uint16_t *connect,
                         size_t n_connect, int state_fd, const char **ret_why) {
    bool listen_any = n_listen == SANDBOX_PORTS_ANY, connect_any = n_connect == SANDBOX_PORTS_ANY;
    struct ruleset_attributes attributes = {.fs = state_fd > 0 ? FS_REFER : 0,
                                            .net = (listen_any ? 0 : NET_BIND_TCP) |
                                                   (connect_any ? 0 : NET_CONNECT_TCP)};
    int abi = abi_version();
    int r = 0;

    *ret_why = "needs Landlock ABI 4 (Linux 6.7)";
    if (abi < 4) {
        // Or none at all, where that layer is optional.
        return -EOPNOTSUPP;
    }
    if (attributes.net == 0) {
        *ret_why = "grants listen on and connect to too many ports for a list";
        return -E2BIG;
    }
    *ret_why = "landlock_create_ruleset";
    CLEANUP_FD int ruleset = create_ruleset(&attributes);

    if (ruleset < 0) {
        return ruleset;
    }
    *ret_why = "landlock_add_rule";
    r = allow_moving(ruleset, state_fd);
    if (r == 0 && !listen_any) {
        r = allow_ports(ruleset, NET_BIND_TCP, listen, n_listen);
    }
    if (r == 0 && !connect_any) {
        r = allow_ports(ruleset, NET_CONNECT_TCP, connect, n_connect);
    }
    if (r < 0) {
        return r;
    }
    *ret_why = "landlock_restrict_self";
    r = restrict_self(ruleset);
    if (r < 0) {
        return r;
    }
    *ret_why = "bind to port 0, which is to be refused";
    r = listen_any ? 0 : verify_ports(listen, n_listen);
    if (r < 0) {
        return r;
    }
    *ret_why = connect_any  ? "listening only: grants connect to too many ports for a list"
               : listen_any ? "connecting only: grants listen on too many ports for a list"
                            : "";
    return 0;
}

int sandbox_confine_ports(const uint16_t *listen, size_t n_listen, const uint16_t *connect,
                          size_t n_connect, int state_fd, struct layer_report *ret_report) {
    const char *why = "";
    int r = confine_ports(listen, n_listen, connect, n_connect, state_fd, &why);

    *ret_report = (struct layer_report){
        .name = "landlock-ports",
        .state = r == -E2BIG ? LAYER_OFF
                 : r < 0     ? LAYER_FAILED
                             : LAYER_ON,
        .process = LAYER_SUPERVISOR,
        .error = r < 0 && r != -E2BIG ? -r : 0,
    };
    (void)snprintf(ret_report->why, sizeof(ret_report->why), "%s", why);
    // Policy decides on every port anyway: what an old kernel cannot say is no failure.
    return r == -EOPNOTSUPP || r == -E2BIG ? 0 : r;
}
