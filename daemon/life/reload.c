// SPDX-License-Identifier: MIT
#include "daemon/life/reload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/config/config-files.h"
#include "daemon/config/config-given.h"
#include "daemon/config/grants.h"
#include "daemon/life/announce.h"
#include "daemon/life/sizing.h"
#include "daemon/life/supervise.h"

// What was in force when the app was confined: the kernel holds its supervisor to that.
static struct start {
    bool is_known;
    struct policy *policy;
    uint64_t handles;
} start;

static int remember_start(const struct supervisor *supervisor, char why[CONFIG_WHY_SIZE]) {
    int r = 0;

    if (!start.is_known) {
        r = grants_apply(supervisor->manifest, &supervisor->config, &start.policy, why);
        start.handles = supervisor->config.handles;
        start.is_known = r == 0;
    }
    return r;
}

static bool is_no_wider(const struct config *config, const struct policy *policy,
                        const struct config_row *row) {
    if (strcmp(row->section, "grants") == 0) {
        return policy_within(policy, start.policy,
                             strcmp(row->key, POLICY_NAME_LISTEN) == 0 ? POLICY_LISTEN
                                                                       : POLICY_CONNECT);
    }
    return config->handles <= start.handles;
}

static bool is_same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *name_row(size_t index, const struct config_row *row) {
    static char names[CONFIG_ROWS_MAX][64];

    (void)snprintf(names[index], sizeof(names[index]), "[%s] %s", row->section, row->key);
    return names[index];
}

// Takes over from WANTED, whose policy is POLICY, what counts from now on.
static void take_rows(struct config *config, struct config *wanted, const struct policy *policy,
                      struct reload_result *result) {
    struct config_row row, before;
    size_t n_applied = 0, n_later = 0;

    for (size_t i = 0; config_get_row(wanted, i, &row) && config_get_row(config, i, &before); i++) {
        if (is_same_text(row.text, before.text)) {
            config_swap_row(config, wanted, i);
        } else if (row.applies == CONFIG_NOW ||
                   (row.applies == CONFIG_NARROW && is_no_wider(wanted, policy, &row))) {
            config_swap_row(config, wanted, i);
            result->applied[n_applied++] = name_row(i, &row);
        } else {
            result->later[n_later++] = name_row(i, &row);
        }
    }
    if (!config_given_is_same(&config->given, &wanted->given)) {
        result->later[n_later++] = "[" CONFIG_GIVEN_SECTION "]"; // opened before the drop
    }
    result->applied[n_applied] = result->later[n_later] = NULL;
    config_swap_files(config, wanted);
}

// Puts the configuration in force that SUPERVISOR has now.
static int apply(struct supervisor *supervisor, char why[CONFIG_WHY_SIZE]) {
    const struct config *config = &supervisor->config;
    struct policy *policy = NULL;
    int r = grants_apply(supervisor->manifest, config, &policy, why);

    if (r != 0) {
        return r < 0 ? r : -EINVAL; // both parts were good
    }
    supervisor->app.policy = policy_free(supervisor->app.policy);
    supervisor->app.policy = policy;
    sizing_limit(supervisor->manifest, config, &supervisor->app);
    sizing_health(supervisor->manifest, config, supervisor->notify.watchdog_usec,
                  &supervisor->health_policy);
    supervise_reconfigure(supervisor);
    return 0;
}

static int read_again(const struct supervisor *supervisor, struct config *wanted,
                      struct policy **ret_policy, char why[CONFIG_WHY_SIZE]) {
    int r = config_files_read(wanted, &supervisor->config_place, why);

    if (r == 0) {
        r = grants_apply(supervisor->manifest, wanted, ret_policy, why);
    }
    return r == -EINVAL || r > 0 ? RELOAD_REFUSED : r;
}

static int read_and_apply(struct supervisor *supervisor, struct reload_result *ret_result,
                          char why[CONFIG_WHY_SIZE]) {
    struct config wanted;
    struct policy *policy = NULL;
    int r = remember_start(supervisor, why);

    if (r == 0) {
        r = config_init(&wanted);
    }
    if (r != 0) {
        return r < 0 ? r : -EINVAL;
    }
    r = read_again(supervisor, &wanted, &policy, why);
    if (r == 0) {
        take_rows(&supervisor->config, &wanted, policy, ret_result);
        r = apply(supervisor, why);
    }
    policy_free(policy);
    config_done(&wanted);
    return r;
}

// -- telling -------------------------------------------------------------------------------------

#define LIST_SIZE 512

static void list(char text[LIST_SIZE], const char *const *names) {
    size_t used = 0;

    text[0] = '\0';
    for (; *names && used < LIST_SIZE; names++) {
        used +=
            (size_t)snprintf(text + used, LIST_SIZE - used, "%s%s", used > 0 ? ", " : "", *names);
    }
}

static void tell(const struct supervisor *supervisor, const struct reload_result *result) {
    const char *name = supervisor->app.name;
    char text[LIST_SIZE];

    if (!result->applied[0] && !result->later[0]) {
        log_info("%s: the configuration is as it was", name);
    }
    if (result->applied[0]) {
        list(text, result->applied);
        log_info("%s: the configuration has changed: %s", name, text);
    }
    if (result->later[0]) {
        list(text, result->later);
        log_warning("%s: counts with the next start of mpyd only: %s", name, text);
    }
}

int reload(struct supervisor *supervisor, struct reload_result *ret_result,
           char why[CONFIG_WHY_SIZE]) {
    int r = 0;

    announce_reload(supervisor);
    r = read_and_apply(supervisor, ret_result, why);
    if (r == 0) {
        tell(supervisor, ret_result);
    } else if (r == RELOAD_REFUSED) {
        log_error("%s: the configuration is refused, all stays as it was: %s", supervisor->app.name,
                  why);
    } else {
        (void)log_errno(r, "%s: cannot read the configuration again", supervisor->app.name);
    }
    announce_reloaded(supervisor);
    return r;
}
