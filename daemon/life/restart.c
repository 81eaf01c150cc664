// SPDX-License-Identifier: MIT
#include "daemon/life/restart.h"

static uint64_t delay(const struct restart_policy *policy, uint32_t n_doublings) {
    uint64_t usec = policy->delay_usec;

    // The longest span the configuration takes, doubled once, is far from overflow.
    while (n_doublings-- > 0 && usec > 0 && usec < policy->delay_max_usec) {
        usec *= 2;
    }
    return usec < policy->delay_max_usec ? usec : policy->delay_max_usec;
}

bool restart_next(struct restart *restart, const struct restart_policy *policy, uint64_t now_usec,
                  uint64_t *ret_delay_usec) {
    if (restart->n_restarts == 0 || now_usec - restart->window_start_usec >= policy->window_usec) {
        *restart = (struct restart){.window_start_usec = now_usec};
    }
    if (restart->n_restarts >= policy->burst) {
        return false;
    }
    *ret_delay_usec = delay(policy, restart->n_restarts++);
    return true;
}
