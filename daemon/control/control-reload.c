// SPDX-License-Identifier: MIT

// Reload: the configuration, read again.

#include <string.h>

#include "daemon/control/answer.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "daemon/life/reload.h"

static void add_names(struct answer *answer, const char *key, const char *const *names) {
    struct json_object *array = answer_list(answer, answer->object, key);

    for (; *names; names++) {
        answer_text(answer, array, NULL, *names);
    }
}

void control_reload(struct connection *connection, struct json_object *parameters) {
    struct reload_result result;
    char why[CONFIG_WHY_SIZE] = "";
    int r = reload(connection_supervisor(connection), &result, why);

    if (r != 0) {
        connection_fail_with(connection, "Refused", "why", r < 0 ? strerror(-r) : why);
        return;
    }
    struct answer answer = answer_new();

    add_names(&answer, "applied", result.applied);
    add_names(&answer, "later", result.later);
    connection_reply(connection, answer_take(&answer));
}
