// SPDX-License-Identifier: MIT

// Reload: the configuration, read again.

#include "daemon/connection.h"
#include "daemon/control-interface.h"

void control_reload(struct connection *connection, struct json_object *parameters) {
    connection_fail_with(connection, "org.varlink.service.MethodNotImplemented", "method",
                         connection->call.method);
}
