// SPDX-License-Identifier: MIT

#include <errno.h>
#include <sys/random.h>

#include "call/stubs.h"
#include "daemon/handler.h"

int handle_random_bytes(struct call *call, struct window data, int64_t *ret_result) {
    size_t n = 0;

    // Above 256 bytes a signal may cut it short (getrandom(2)).
    while (n < data.size) {
        ssize_t got = getrandom(data.data + n, data.size - n, 0);

        if (got < 0 && errno != EINTR) {
            return -errno;
        }
        n += got > 0 ? (size_t)got : 0;
    }
    *ret_result = (int64_t)n;
    return 0;
}
