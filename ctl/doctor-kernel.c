// SPDX-License-Identifier: MIT

// mpyctl doctor: the kernel, and what an administrator has forbidden in it.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "ctl/doctor.h"

#define LANDLOCK_VERSION 1u /* flag of landlock_create_ruleset(2) */
#define LANDLOCK_PORTS 4    /* the ABI from which TCP ports can be held */

// The number in FILE of /proc/sys; -1: there is none.
static long read_setting(const char *file) {
    char path[128], text[32] = "";
    CLEANUP_FD int fd = -1;
    uint64_t value;
    ssize_t n;

    (void)snprintf(path, sizeof(path), "/proc/sys/%s", file);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n <= 0) {
        return -1;
    }
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return parse_u64(text, 0, 1u << 30, &value) == 0 ? (long)value : -1;
}

static void check_release(struct doctor *doctor) {
    struct utsname name;

    if (uname(&name) == 0) {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "%s %s on %s", name.sysname, name.release,
                    name.machine);
    }
}

static void check_landlock(struct doctor *doctor) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);

    if (abi >= LANDLOCK_PORTS) {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "Landlock, ABI %ld", abi);
    } else if (abi > 0) {
        doctor_find(
            doctor, DOCTOR_NOTE,
            "a kernel from 6.7 on holds apps to their TCP ports too; mpyd does it alone now",
            "Landlock is of ABI %ld", abi);
    } else if (errno == EOPNOTSUPP) {
        doctor_find(doctor, DOCTOR_PROBLEM,
                    "boot with landlock in the kernel's list lsm=", "Landlock is switched off");
    } else {
        doctor_find(doctor, DOCTOR_PROBLEM,
                    "use a kernel from 5.13 on with CONFIG_SECURITY_LANDLOCK, or a container "
                    "profile that lets it be called",
                    "there is no Landlock: %s", strerror(errno));
    }
}

// Sysctls that keep the sandbox from being built: FILE must not have the value BAD.
static void check_settings(struct doctor *doctor) {
    static const struct {
        const char *file;
        long bad;
        const char *what, *remedy;
    } rows[] = {
        {"user/max_user_namespaces", 0, "user namespaces are forbidden",
         "sysctl user.max_user_namespaces=1024; root does without them"},
        {"kernel/unprivileged_userns_clone", 0, "user namespaces are for root alone",
         "sysctl kernel.unprivileged_userns_clone=1; units with DynamicUser need it"},
        {"kernel/apparmor_restrict_unprivileged_userns", 1,
         "AppArmor keeps user namespaces from programs without a profile",
         "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile for mpyd"},
        {"vm/memfd_noexec", 2, "memory files cannot be executed, and images are run from one",
         "sysctl vm.memfd_noexec=1"},
    };
    bool is_good = true;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (read_setting(rows[i].file) == rows[i].bad) {
            doctor_find(doctor, DOCTOR_PROBLEM, rows[i].remedy, "%s", rows[i].what);
            is_good = false;
        }
    }
    if (is_good) {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "no setting forbids namespaces or memory files");
    }
}

static void check_groups(struct doctor *doctor) {
    struct stat info;

    if (stat("/sys/fs/cgroup/cgroup.controllers", &info) == 0) {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "control groups, version 2");
    } else {
        doctor_find(
            doctor, DOCTOR_NOTE,
            "boot with systemd.unified_cgroup_hierarchy=1; without, MemoryMax= and CPUQuota= "
            "of units are not held",
            "control groups of version 2 are not mounted");
    }
}

void doctor_check_kernel(struct doctor *doctor) {
    check_release(doctor);
    check_landlock(doctor);
    check_settings(doctor);
    check_groups(doctor);
}
