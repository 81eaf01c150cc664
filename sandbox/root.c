// SPDX-License-Identifier: MIT
#include "sandbox/root.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// Any directory will do to hang the new root over for a moment; this one must exist anyway.
#define PIVOT "/proc"

int empty_root_apply(struct confinement *c, const struct layer *layer) {
    unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;

    // Or what follows would propagate to the host.
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        return layer_fail(c, "mount private");
    }
    // One inode, the root's own: nothing could be made here even if it were writable.
    if (mount("tmpfs", PIVOT, "tmpfs", flags, "mode=0555,nr_inodes=1,size=4k") < 0) {
        return layer_fail(c, "mount tmpfs");
    }
    if (chdir(PIVOT) < 0) {
        return layer_fail(c, "chdir");
    }
    // pivot_root(2): with "." twice the old root lies on top of the new one, and is taken off.
    if (syscall(SYS_pivot_root, ".", ".") < 0) {
        return layer_fail(c, "pivot_root");
    }
    if (umount2(".", MNT_DETACH) < 0) {
        return layer_fail(c, "umount old root");
    }
    return chdir("/") < 0 ? layer_fail(c, "chdir /") : 0;
}

static int count_entries(const char *path) {
    DIR *directory = opendir(path);
    int n = 0;

    if (!directory) {
        return -errno;
    }
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(directory);
    return n;
}

int empty_root_verify(struct confinement *c, const struct layer *layer) {
    struct statfs fs;
    struct stat root, above, here;
    int n = count_entries("/");

    if (n < 0) {
        return n;
    }
    if (statfs("/", &fs) < 0 || stat("/", &root) < 0 || stat("/..", &above) < 0 ||
        stat(".", &here) < 0) {
        return -errno;
    }
    if (n > 0 || fs.f_type != TMPFS_MAGIC || !(fs.f_flags & MS_RDONLY) ||
        !(fs.f_flags & MS_NOEXEC) || root.st_ino != above.st_ino || root.st_dev != above.st_dev ||
        root.st_ino != here.st_ino || root.st_dev != here.st_dev) {
        return -ESTALE;
    }
    return 0;
}
