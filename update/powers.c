// SPDX-License-Identifier: MIT
#include "update/powers.h"

#include <errno.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "base/log.h"

static void free_caps(cap_t *caps) {
    if (*caps) {
        (void)cap_free(*caps);
    }
}

// With no-new-privs a program that root starts gets no more than is left here: capabilities(7).
int powers_drop(void) {
    CLEANUP(free_caps) cap_t none = cap_init();

    if (!none || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || cap_set_proc(none) < 0) {
        return log_errno(errno, "cannot give up capabilities");
    }
    return 0;
}
