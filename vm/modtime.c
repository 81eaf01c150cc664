// SPDX-License-Identifier: MIT

// The port's part of the time module; extmod/modtime.c includes it. Calendar time is libc's: right
// before 2000 too, and gmtime() takes what time() returns. A worker has no time zone, so local time
// is UTC.

#include <math.h>
#include <time.h>

#include "py/obj.h"

#include "vm/clock.h"
#include "vm/wait.h"

#define TIME_NSEC_PER_SEC 1000000000
#define TIME_USEC_PER_SEC 1000000
#define TIME_SECONDS_MAX 1e12    /* 30,000 years: fits 64 bits of microseconds */
#define TIME_FIELD_MAX (1 << 30) /* of a calendar time: what is added does not overflow */

static mp_obj_t mp_time_time_get(void) {
    return mp_obj_new_float((mp_float_t)clock_nsec(CLOCK_ID_REALTIME) / TIME_NSEC_PER_SEC);
}

static void mp_time_sleep(mp_obj_t seconds_in) {
    mp_float_t seconds = mp_obj_get_float(seconds_in);

    if (isnan(seconds) || seconds < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("sleep length must be non-negative"));
    }
    wait_sleep((int64_t)(fmin(seconds, TIME_SECONDS_MAX) * TIME_USEC_PER_SEC));
}

static time_t time_get_seconds(mp_obj_t seconds_in) {
    mp_float_t seconds = floor(mp_obj_get_float(seconds_in));

    if (isnan(seconds) || fabs(seconds) > TIME_SECONDS_MAX) {
        mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("time out of range"));
    }
    return (time_t)seconds;
}

// gmtime([seconds]): (year, month, day, hour, minute, second, weekday, day of the year).
static mp_obj_t time_gmtime(size_t n_args, const mp_obj_t *args) {
    bool is_now = n_args == 0 || args[0] == mp_const_none;
    time_t seconds = is_now ? (time_t)(clock_nsec(CLOCK_ID_REALTIME) / TIME_NSEC_PER_SEC)
                            : time_get_seconds(args[0]);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    mp_obj_t items[] = {
        mp_obj_new_int(tm.tm_year + 1900),
        MP_OBJ_NEW_SMALL_INT(tm.tm_mon + 1),
        MP_OBJ_NEW_SMALL_INT(tm.tm_mday),
        MP_OBJ_NEW_SMALL_INT(tm.tm_hour),
        MP_OBJ_NEW_SMALL_INT(tm.tm_min),
        MP_OBJ_NEW_SMALL_INT(tm.tm_sec),
        MP_OBJ_NEW_SMALL_INT((tm.tm_wday + 6) % 7), /* Monday is 0 */
        MP_OBJ_NEW_SMALL_INT(tm.tm_yday + 1),
    };
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(time_gmtime_obj, 0, 1, time_gmtime);

static int time_get_field(mp_obj_t field_in) {
    mp_int_t field = mp_obj_get_int(field_in);

    if (field < -TIME_FIELD_MAX || field > TIME_FIELD_MAX) {
        mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("time out of range"));
    }
    return (int)field;
}

// mktime(tuple): the inverse of gmtime(). Fields outside their range carry over.
static mp_obj_t time_mktime(mp_obj_t tuple_in) {
    size_t n_items = 0;
    mp_obj_t *items = NULL;
    struct tm tm = {0};

    mp_obj_get_array(tuple_in, &n_items, &items);
    if (n_items < 8 || n_items > 9) {
        mp_raise_TypeError(MP_ERROR_TEXT("mktime needs a tuple of length 8 or 9"));
    }
    tm.tm_year = time_get_field(items[0]) - 1900;
    tm.tm_mon = time_get_field(items[1]) - 1;
    tm.tm_mday = time_get_field(items[2]);
    tm.tm_hour = time_get_field(items[3]);
    tm.tm_min = time_get_field(items[4]);
    tm.tm_sec = time_get_field(items[5]);
    return mp_obj_new_int_from_ll(timegm(&tm));
}
static MP_DEFINE_CONST_FUN_OBJ_1(time_mktime_obj, time_mktime);
