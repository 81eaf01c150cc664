// SPDX-License-Identifier: MIT
// Preloaded, where the environment has a variable: Linux as it is elsewhere, or as it seldom is.
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

// A spawner whose layer "session" fails, MPYD_TEST_DELAY microseconds late.
pid_t setsid(void) {
    const char *delay = getenv("MPYD_TEST_DELAY");
    pid_t (*next)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "setsid");

    if (!delay) {
        return next();
    }
    (void)usleep((useconds_t)strtoul(delay, NULL, 10));
    errno = EPERM;
    return -1;
}

// Pages of MPYD_TEST_PAGE bytes.
long sysconf(int name) {
    const char *page = getenv("MPYD_TEST_PAGE");
    long (*next)(int) = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");

    return page && name == _SC_PAGESIZE ? strtol(page, NULL, 10) : next(name);
}
