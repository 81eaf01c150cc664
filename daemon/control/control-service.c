// SPDX-License-Identifier: MIT

// org.varlink.service: what this service says of itself.

#include <json-c/json.h>
#include <string.h>

#include "daemon/control/answer.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "image/build.h"

void control_get_info(struct connection *connection, struct json_object *parameters) {
    struct answer answer = answer_new();
    struct json_object *list = NULL;

    answer_text(&answer, answer.object, "vendor", "mpyd");
    answer_text(&answer, answer.object, "product", "mpyd");
    answer_text(&answer, answer.object, "version", build_text);
    answer_text(&answer, answer.object, "url", "");
    list = answer_list(&answer, answer.object, "interfaces");
    for (const struct control_interface *one = control_interfaces; one->name; one++) {
        answer_text(&answer, list, NULL, one->name);
    }
    connection_reply(connection, answer_take(&answer));
}

void control_get_interface_description(struct connection *connection,
                                       struct json_object *parameters) {
    const char *name = json_object_get_string(json_object_object_get(parameters, "interface"));
    struct answer answer = {0};

    for (const struct control_interface *one = control_interfaces; one->name; one++) {
        if (strcmp(one->name, name) == 0) {
            answer = answer_new();
            answer_text(&answer, answer.object, "description", one->text);
            connection_reply(connection, answer_take(&answer));
            return;
        }
    }
    connection_fail_with(connection, "org.varlink.service.InterfaceNotFound", "interface", name);
}
