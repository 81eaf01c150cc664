// SPDX-License-Identifier: MIT

// Call: a message into the app.

#include <errno.h>
#include <json-c/json.h>

#include "daemon/app/messages.h"
#include "daemon/control/answer.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "daemon/life/supervise.h"

#define TIMEOUT_USEC 5000000          /* where the client names none */
#define TIMEOUT_MAX_USEC 3600000000ll /* what waits takes one of a few places */

static void on_answer(void *context, enum message_outcome outcome, const char *text) {
    struct connection *connection = context;
    const struct supervisor *supervisor = connection_supervisor(connection);
    struct answer answer = {0};

    switch (outcome) {
    case MESSAGES_REPLIED:
        answer = answer_new();
        answer_text(&answer, answer.object, "reply", text);
        connection_reply(connection, answer_take(&answer));
        break;
    case MESSAGES_FAILED:
        connection_fail_with(connection, "MessageFailed", "why", text);
        break;
    case MESSAGES_NO_SUCH:
        connection_fail_with(connection, "NoSuchMessage", "name",
                             connection_text(connection, "name"));
        break;
    case MESSAGES_TIMEOUT:
        connection_fail_with(connection, "Timeout", NULL, NULL);
        break;
    case MESSAGES_GONE:
        connection_fail_with(connection, "NotRunning", "state", state_rows[supervisor->state].name);
        break;
    }
}

static void forget(void *context, struct connection *connection) {
    messages_cancel(context, connection);
}

static int64_t timeout_of(struct json_object *parameters) {
    struct json_object *value = NULL;

    return json_object_object_get_ex(parameters, "timeout_usec", &value)
               ? json_object_get_int64(value)
               : TIMEOUT_USEC;
}

void control_call(struct connection *connection, struct json_object *parameters) {
    struct supervisor *supervisor = connection_supervisor(connection);
    struct app *app = &supervisor->app;
    const char *argument = connection_text(connection, "argument");
    int64_t timeout_usec = timeout_of(parameters);
    int r = 0;

    if (timeout_usec <= 0 || timeout_usec > TIMEOUT_MAX_USEC) {
        connection_fail_with(connection, "org.varlink.service.InvalidParameter", "parameter",
                             "timeout_usec");
        return;
    }
    r = messages_post(app, connection_text(connection, "name"), argument ? argument : "",
                      (uint64_t)timeout_usec, on_answer, connection);
    if (r == 0) {
        connection_defer(connection, forget, app);
    } else if (r == -ENOTCONN) {
        connection_fail_with(connection, "NotRunning", "state", state_rows[supervisor->state].name);
    } else if (r == -EMSGSIZE || r == -EILSEQ) {
        connection_fail_with(connection, "Refused", "why",
                             "a name has 1 to 64 bytes, an argument up to 16384");
    } else {
        connection_fail_with(connection, "Busy", NULL, NULL);
    }
}
