// SPDX-License-Identifier: MIT
#pragma once

// The exit status of mpyctl. 3, 6, 7 and 8 mean what they mean for mpyd (daemon/start/run.h).
enum ctl_exit {
    CTL_DONE = 0,
    CTL_FAILED = 1, /* what was asked for does not hold, or is not there */
    CTL_USAGE = 2,
    CTL_IMAGE = 3,  /* the image is refused */
    CTL_CONFIG = 4, /* a configuration is refused */
    CTL_INTERNAL = 6,
    CTL_UNTRUSTED = 7,   /* nobody who is trusted vouches for the image */
    CTL_LOCKED = 8,      /* it is encrypted, and its key is not there */
    CTL_NOT_RUNNING = 9, /* nobody answers for the app, or it is in no state to do that */
    CTL_DENIED = 10,     /* who asks may not */
};
