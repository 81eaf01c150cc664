// SPDX-License-Identifier: MIT
#include "daemon/control/control-usage.h"

#include "daemon/app/usage.h"
#include "daemon/control/connection.h"
#include "daemon/life/supervise.h"

static void forget(void *context, struct connection *connection) {
    usage_cancel(context, connection);
}

void control_usage_reply(struct connection *connection, void (*reply)(void *connection)) {
    struct app *app = &connection_supervisor(connection)->app;

    if (usage_ask(app, reply, connection)) {
        connection_defer(connection, forget, app);
    } else {
        reply(connection);
    }
}
