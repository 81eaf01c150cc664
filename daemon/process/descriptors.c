// SPDX-License-Identifier: MIT
#include "daemon/process/descriptors.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/log.h"

int descriptors_raise(uint64_t n_handles) {
    uint64_t wanted = n_handles + DESCRIPTORS_RESERVE;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return -errno;
    }
    if (limit.rlim_cur >= wanted) {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

int descriptors_check(uint64_t n_handles) {
    uint64_t wanted = n_handles + DESCRIPTORS_RESERVE;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return -errno;
    }
    if (limit.rlim_cur < wanted) {
        log_warning("open files are limited to %llu, and %llu handles need %llu",
                    (unsigned long long)limit.rlim_cur, (unsigned long long)n_handles,
                    (unsigned long long)wanted);
    }
    return 0;
}
