// SPDX-License-Identifier: MIT
#include "py/mphal.h"

#include "vm/clock.h"
#include "vm/log.h"
#include "vm/wait.h"

#define NSEC_PER_USEC 1000
#define NSEC_PER_MSEC 1000000
#define USEC_PER_MSEC 1000

mp_uint_t mp_hal_ticks_ms(void) {
    return (mp_uint_t)(clock_nsec(CLOCK_ID_MONOTONIC) / NSEC_PER_MSEC);
}

mp_uint_t mp_hal_ticks_us(void) {
    return (mp_uint_t)(clock_nsec(CLOCK_ID_MONOTONIC) / NSEC_PER_USEC);
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return (mp_uint_t)clock_nsec(CLOCK_ID_MONOTONIC);
}

uint64_t mp_hal_time_ns(void) {
    return (uint64_t)clock_nsec(CLOCK_ID_REALTIME);
}

void mp_hal_delay_ms(mp_uint_t ms) {
    wait_sleep(ms > INT64_MAX / USEC_PER_MSEC ? INT64_MAX : (int64_t)ms * USEC_PER_MSEC);
}

void mp_hal_delay_us(mp_uint_t us) {
    wait_sleep(us > INT64_MAX ? INT64_MAX : (int64_t)us);
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t size) {
    log_write(&log_stdout, text, size);
    return size;
}

// "Cooked" means carriage returns for a terminal; a log has none.
void mp_hal_stdout_tx_strn_cooked(const char *text, size_t size) {
    log_write(&log_stdout, text, size);
}
