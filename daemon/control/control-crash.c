// SPDX-License-Identifier: MIT

// Crash: the reports of workers that ended badly.

#include <json-c/json.h>

#include "daemon/control/answer.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "daemon/crash/crash.h"
#include "daemon/life/supervise.h"

void control_crash(struct connection *connection, struct json_object *parameters) {
    struct json_object *last = json_object_object_get(parameters, "last");
    struct json_object *reports = NULL;
    int64_t n = last ? json_object_get_int64(last) : 1;
    struct answer answer = {0};

    if (n < 1 || n > INT32_MAX) {
        connection_fail_with(connection, "org.varlink.service.InvalidParameter", "parameter",
                             "last");
        return;
    }
    (void)crash_list(&connection_supervisor(connection)->app, (size_t)n, &reports);
    answer = answer_new();
    answer_put(&answer, answer.object, "reports", reports); // none without memory: it fails
    connection_reply(connection, answer_take(&answer));
}
