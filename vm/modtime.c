// SPDX-License-Identifier: MIT

// The port's part of the time module; extmod/modtime.c includes it.

#include <math.h>

#include "py/obj.h"
#include "shared/timeutils/timeutils.h"

#include "vm/clock.h"
#include "vm/wait.h"

#define TIME_NSEC_PER_SEC 1000000000
#define TIME_USEC_PER_SEC 1000000
#define TIME_SLEEP_MAX 1e12 /* seconds; beyond is for ever, and fits 64 bits of microseconds */

static mp_obj_t mp_time_time_get(void) {
    return mp_obj_new_float((mp_float_t)clock_nsec(CLOCK_ID_REALTIME) / TIME_NSEC_PER_SEC);
}

// A worker has no time zone: local time is UTC.
static mp_obj_t mp_time_localtime_get(void) {
    timeutils_struct_time_t tm;

    timeutils_seconds_since_epoch_to_struct_time(
        (uint64_t)(clock_nsec(CLOCK_ID_REALTIME) / TIME_NSEC_PER_SEC), &tm);
    mp_obj_t items[] = {
        MP_OBJ_NEW_SMALL_INT(tm.tm_year), MP_OBJ_NEW_SMALL_INT(tm.tm_mon),
        MP_OBJ_NEW_SMALL_INT(tm.tm_mday), MP_OBJ_NEW_SMALL_INT(tm.tm_hour),
        MP_OBJ_NEW_SMALL_INT(tm.tm_min),  MP_OBJ_NEW_SMALL_INT(tm.tm_sec),
        MP_OBJ_NEW_SMALL_INT(tm.tm_wday), MP_OBJ_NEW_SMALL_INT(tm.tm_yday),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}

static void mp_time_sleep(mp_obj_t seconds_in) {
    mp_float_t seconds = mp_obj_get_float(seconds_in);

    if (isnan(seconds) || seconds < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("sleep length must be non-negative"));
    }
    wait_sleep((int64_t)(fmin(seconds, TIME_SLEEP_MAX) * TIME_USEC_PER_SEC));
}
