// SPDX-License-Identifier: MIT

// mpyctl call: a message for the app, to the function that it named with mpyd.on_call().

#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/print.h"
#include "ctl/reply.h"
#include "ctl/running.h"
#include "ctl/verbs.h"

#define SECOND_USEC 1000000u
#define TIMEOUT_USEC (10ull * SECOND_USEC)
#define HOUR_USEC (3600ull * SECOND_USEC)

enum { OPTION_TIMEOUT };

const struct verb_option call_options[] = {
    [OPTION_TIMEOUT] = {"timeout", "TIME", "how long the app may take, 500ms or 1min; else 10s"},
    {0},
};

static int ask(const struct verb_arguments *arguments, uint64_t timeout_usec, const char *name,
               const char *argument) {
    struct json_object *parameters = json_new_object(), *reply = NULL;
    CLEANUP(client_free) struct client *client = NULL;
    int r = running_open(arguments->operands[0], &client);

    json_set_text(parameters, "name", name);
    json_set_number(parameters, "timeout_usec", timeout_usec);
    if (argument) {
        json_set_text(parameters, "argument", argument);
    }
    if (r != CTL_DONE) {
        (void)json_object_put(parameters);
        return r;
    }
    client_set_timeout(client, (unsigned)(timeout_usec / SECOND_USEC) + CLIENT_SECONDS);
    r = client_call(client, "Call", parameters, &reply);
    if (r == CTL_DONE && reply_has(reply, "reply")) {
        print_text(reply_text_or(reply, "reply", ""));
    }
    (void)json_object_put(reply);
    return r;
}

int call_run(const struct verb_arguments *arguments) {
    const char *name = arguments->operands[1], *argument = arguments->operands[2];
    const char *written = arguments->values[OPTION_TIMEOUT];
    uint64_t timeout_usec = TIMEOUT_USEC;

    if (written && parse_usec(written, 1, HOUR_USEC, &timeout_usec) < 0) {
        log_error("call: --timeout %s: is no time of at most an hour, such as 500ms or 10s",
                  written);
        return CTL_USAGE;
    }
    if (argument && !utf8_is_text((const uint8_t *)argument, strlen(argument))) {
        log_error("call: the argument is no UTF-8");
        return CTL_USAGE;
    }
    return ask(arguments, timeout_usec, name, argument);
}
