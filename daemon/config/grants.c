// SPDX-License-Identifier: MIT
#include "daemon/config/grants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"

static int request(struct policy *policy, enum policy_key direction,
                   const struct manifest_texts *texts, char why[POLICY_WHY_SIZE]) {
    for (size_t i = 0; i < texts->n_items; i++) {
        int r = policy_grant(policy, direction, texts->items[i], why);

        if (r < 0) {
            return r == -EINVAL ? GRANTS_BAD_MANIFEST : r;
        }
    }
    return 0;
}

// The line of the first grant that POLICY, as it stands, does not cover.
static unsigned line_of_bad(const struct policy *policy, enum policy_key direction,
                            const struct config_grants *grants) {
    for (size_t i = 0; i < grants->n_items; i++) {
        if (!policy_covers(policy, direction, grants->items[i])) {
            return grants->lines[i];
        }
    }
    return 0;
}

static int narrow(struct policy *policy, enum policy_key direction,
                  const struct config_grants *grants, char why[POLICY_WHY_SIZE]) {
    char reason[POLICY_WHY_SIZE];
    int r = 0;

    if (!grants->set) {
        return 0;
    }
    r = policy_narrow(policy, direction, (const char *const *)grants->items, grants->n_items,
                      reason);
    if (r == -EINVAL || r == -EPERM) {
        (void)snprintf(why, POLICY_WHY_SIZE, "%.128s:%u: %.360s", grants->file,
                       line_of_bad(policy, direction, grants), reason);
        return GRANTS_BAD_CONFIG;
    }
    return r;
}

// What the app did not ask for by name is not opened for it either.
static int check_given(const struct manifest_texts *files, const struct config_given *given,
                       char why[POLICY_WHY_SIZE]) {
    bool writes = false;

    for (size_t i = 0; i < given->n_items; i++) {
        const struct config_given_file *item = &given->items[i];

        if (!manifest_finds_file(files, item->name, &writes)) {
            (void)snprintf(why, POLICY_WHY_SIZE,
                           "%.128s:%u: [files] %s: the manifest asks for no file of this name",
                           item->file, item->line, item->name);
            return GRANTS_BAD_CONFIG;
        }
    }
    return 0;
}

int grants_apply(const struct manifest *manifest, const struct config *config,
                 struct policy **ret_policy, char why[POLICY_WHY_SIZE]) {
    struct policy *policy = NULL;
    int r = policy_new(&policy);

    if (r == 0) {
        r = request(policy, POLICY_LISTEN, &manifest->listen, why);
    }
    if (r == 0) {
        r = request(policy, POLICY_CONNECT, &manifest->connect, why);
    }
    if (r == 0) {
        r = narrow(policy, POLICY_LISTEN, &config->listen, why);
    }
    if (r == 0) {
        r = narrow(policy, POLICY_CONNECT, &config->connect, why);
    }
    if (r == 0) {
        r = check_given(&manifest->files, &config->given, why);
    }
    if (r != 0) {
        policy = policy_free(policy);
        return r;
    }
    *ret_policy = policy;
    return 0;
}

// The kernel keeps one rule for each port, and an app that may use thousands is not held by a list.
#define PORTS_MAX 1024

static size_t n_listed(size_t n_ports) {
    return n_ports > PORTS_MAX ? SANDBOX_PORTS_ANY : n_ports;
}

int grants_confine_ports(const struct policy *policy, int state_fd,
                         struct layer_report *ret_report) {
    CLEANUP_FREE uint16_t *listen = calloc(POLICY_PORTS, sizeof(*listen));
    CLEANUP_FREE uint16_t *connect = calloc(POLICY_PORTS, sizeof(*connect));
    size_t n_listen = 0, n_connect = 0;

    if (!listen || !connect) {
        return -ENOMEM;
    }
    n_listen = policy_tcp_ports(policy, POLICY_LISTEN, listen);
    n_connect = policy_tcp_ports(policy, POLICY_CONNECT, connect);
    return sandbox_confine_ports(listen, n_listed(n_listen), connect, n_listed(n_connect), state_fd,
                                 ret_report);
}
