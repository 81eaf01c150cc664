// SPDX-License-Identifier: MIT

// Policy: what the app may do, and why.

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/app/secrets.h"
#include "daemon/config/config-given.h"
#include "daemon/control/answer.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "daemon/life/supervise.h"
#include "daemon/network/policy-rule.h"
#include "daemon/network/policy.h"
#include "image/manifest.h"

#define BY_SIZE 512

// Grants of one direction: what the manifest asks for, what the configuration leaves of it.
struct direction {
    enum policy_key key;
    const char *name;
    const struct manifest_texts *requested;
    const struct config_grants *narrowed;
};

static struct direction direction_of(const struct supervisor *supervisor, enum policy_key key) {
    const struct manifest *manifest = supervisor->manifest;
    const struct config *config = &supervisor->config;

    if (key == POLICY_LISTEN) {
        return (struct direction){key, POLICY_NAME_LISTEN, &manifest->listen, &config->listen};
    }
    return (struct direction){key, POLICY_NAME_CONNECT, &manifest->connect, &config->connect};
}

static bool is_requested(const struct direction *direction, const char *text) {
    for (size_t i = 0; i < direction->requested->n_items; i++) {
        if (strcmp(direction->requested->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void add_grant(struct answer *answer, struct json_object *list, const char *name,
                      const char *value, bool requested, bool granted, const char *by) {
    struct json_object *in = answer_object(answer, list, NULL);

    answer_text(answer, in, "name", name);
    answer_text(answer, in, "value", value);
    answer_bool(answer, in, "requested", requested);
    answer_bool(answer, in, "granted", granted);
    answer_text(answer, in, "by", by);
}

static void add_narrowed(struct answer *answer, struct json_object *list,
                         const struct direction *direction) {
    const struct config_grants *narrowed = direction->narrowed;
    char by[BY_SIZE];

    for (size_t i = 0; i < narrowed->n_items; i++) {
        (void)snprintf(by, sizeof(by), "%s:%u", narrowed->file, narrowed->lines[i]);
        add_grant(answer, list, direction->name, narrowed->items[i],
                  is_requested(direction, narrowed->items[i]), true, by);
    }
}

static bool is_narrowed_to(const struct direction *direction, const char *text) {
    for (size_t i = 0; i < direction->narrowed->n_items; i++) {
        if (strcmp(direction->narrowed->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static void add_direction(struct answer *answer, struct json_object *list,
                          const struct policy *policy, const struct direction *direction) {
    const struct manifest_texts *requested = direction->requested;
    const char *file = direction->narrowed->set ? direction->narrowed->file : NULL;

    for (size_t i = 0; i < requested->n_items; i++) {
        if (!is_narrowed_to(direction, requested->items[i])) {
            add_grant(answer, list, direction->name, requested->items[i], true,
                      policy_covers(policy, direction->key, requested->items[i]), file);
        }
    }
    add_narrowed(answer, list, direction);
}

// Granted is what somebody has also given.
static void add_credentials(struct answer *answer, struct json_object *list,
                            const struct supervisor *supervisor) {
    const struct manifest_texts *names = &supervisor->manifest->credentials;
    const uint8_t *data = NULL;
    size_t size = 0;

    for (size_t i = 0; i < names->n_items; i++) {
        int r = secrets_find(&supervisor->app.secrets, names->items[i], &data, &size);

        add_grant(answer, list, "credentials", names->items[i], true, r == 0, NULL);
    }
}

// Likewise. By: who gave it.
static void add_given(struct answer *answer, struct json_object *list,
                      const struct supervisor *supervisor) {
    const struct manifest_texts *texts = &supervisor->manifest->files;
    char name[MANIFEST_FILE_SIZE + 1], by[BY_SIZE];

    for (size_t i = 0; i < texts->n_items; i++) {
        const struct given_file *file = NULL;
        struct config_row row;
        const char *said_by = NULL;
        bool writes = false;
        int r;

        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(texts->items[i], ":"),
                       texts->items[i]);
        r = given_find(&supervisor->app.given, name, &file, &writes);
        for (size_t k = 0; config_given_get_row(&supervisor->config.given, k, &row); k++) {
            if (strcmp(row.key, name) == 0) {
                (void)snprintf(by, sizeof(by), "%s:%u", row.file, row.line);
                said_by = by;
            }
        }
        add_grant(answer, list, "files", texts->items[i], true,
                  r == 0 && (!writes || file->can_write), said_by);
    }
}

// Where the configuration caps the storage: "FILE:LINE", or NULL.
static const char *find_cap(const struct config *config, char by[BY_SIZE]) {
    struct config_row row;

    for (size_t i = 0; config_get_row(config, i, &row); i++) {
        if (row.file && strcmp(row.section, "limits") == 0 && strcmp(row.key, "storage") == 0) {
            (void)snprintf(by, BY_SIZE, "%s:%u", row.file, row.line);
            return by;
        }
    }
    return NULL;
}

static void add_storage(struct answer *answer, struct json_object *list,
                        const struct supervisor *supervisor) {
    uint64_t wanted = supervisor->manifest->storage, cap = supervisor->config.storage;
    bool whole = wanted <= cap;
    char value[32], by[BY_SIZE];

    if (wanted > 0) {
        (void)snprintf(value, sizeof(value), "%" PRIu64, wanted);
        add_grant(answer, list, "storage", value, true, whole,
                  whole ? NULL : find_cap(&supervisor->config, by));
    }
    if (wanted > 0 && !whole && cap > 0) {
        (void)snprintf(value, sizeof(value), "%" PRIu64, cap);
        add_grant(answer, list, "storage", value, false, true, find_cap(&supervisor->config, by));
    }
}

// -- may it? -------------------------------------------------------------------------------------

// Whether the grant TEXT covers INNER.
static bool covers(enum policy_key key, const char *text, const struct policy_rule *inner) {
    char why[POLICY_WHY_SIZE];
    struct policy_rule outer;
    bool within = false;

    if (policy_parse_rule(key, text, &outer, why) < 0) {
        return false;
    }
    within = policy_rule_within(inner, &outer);
    policy_rule_done(&outer);
    return within;
}

// The grant in force that covers INNER, or NULL.
static const char *find_grant(const struct direction *direction, const struct policy_rule *inner) {
    char *const *items = direction->requested->items;
    size_t n_items = direction->requested->n_items;

    if (direction->narrowed->set) {
        items = direction->narrowed->items;
        n_items = direction->narrowed->n_items;
    }
    for (size_t i = 0; i < n_items; i++) {
        if (covers(direction->key, items[i], inner)) {
            return items[i];
        }
    }
    return NULL;
}

// Returns 0 or -errno, both with WHY; 0 has *ret_allowed too.
static int judge_address(const struct supervisor *supervisor, enum policy_key key,
                         const char *address, bool *ret_allowed, char why[POLICY_WHY_SIZE]) {
    const struct direction direction = direction_of(supervisor, key);
    struct policy_rule asked;
    const char *grant = NULL;
    int r = policy_parse_rule(key, address, &asked, why);

    if (r < 0) {
        return r;
    }
    grant = find_grant(&direction, &asked);
    policy_rule_done(&asked);
    (void)snprintf(why, POLICY_WHY_SIZE, grant ? "the grant %s %s covers it" : "no grant covers it",
                   direction.name, grant);
    *ret_allowed = grant != NULL;
    return 0;
}

static int judge(const struct supervisor *supervisor, const char *action, const char *address,
                 bool *ret_allowed, char why[POLICY_WHY_SIZE]) {
    if (strcmp(action, "resolve") == 0) {
        *ret_allowed = policy_allows_resolve(supervisor->app.policy, address, why);
        return 0;
    }
    return judge_address(supervisor,
                         strcmp(action, POLICY_NAME_LISTEN) == 0 ? POLICY_LISTEN : POLICY_CONNECT,
                         address, ret_allowed, why);
}

static bool is_action(const char *action) {
    return strcmp(action, POLICY_NAME_LISTEN) == 0 || strcmp(action, POLICY_NAME_CONNECT) == 0 ||
           strcmp(action, "resolve") == 0;
}

void control_policy(struct connection *connection, struct json_object *parameters) {
    const struct supervisor *supervisor = connection_supervisor(connection);
    const char *action = connection_text(connection, "action");
    const char *address = connection_text(connection, "address");
    char why[POLICY_WHY_SIZE] = "";
    bool allowed = false;
    struct answer answer = {0};
    struct json_object *list = NULL;

    if (!action != !address || (action && !is_action(action))) {
        connection_fail_with(connection, "org.varlink.service.InvalidParameter", "parameter",
                             action && address ? "action" : "address");
        return;
    }
    if (action && judge(supervisor, action, address, &allowed, why) < 0) {
        connection_fail_with(connection, "Refused", "why", why);
        return;
    }
    answer = answer_new();
    list = answer_list(&answer, answer.object, "grants");
    for (int key = 0; key < POLICY_KEYS; key++) {
        const struct direction direction = direction_of(supervisor, (enum policy_key)key);

        add_direction(&answer, list, supervisor->app.policy, &direction);
    }
    add_storage(&answer, list, supervisor);
    add_credentials(&answer, list, supervisor);
    add_given(&answer, list, supervisor);
    if (action) {
        answer_bool(&answer, answer.object, "allowed", allowed);
        answer_text(&answer, answer.object, "why", why);
    }
    connection_reply(connection, answer_take(&answer));
}
