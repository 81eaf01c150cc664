// SPDX-License-Identifier: MIT
// Preloaded: a spawner whose layer "session" fails, MPYD_TEST_DELAY microseconds late.
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

pid_t setsid(void) {
    const char *delay = getenv("MPYD_TEST_DELAY");

    if (delay) {
        (void)usleep((useconds_t)strtoul(delay, NULL, 10));
    }
    errno = EPERM;
    return -1;
}
