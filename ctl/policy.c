// SPDX-License-Identifier: MIT

// mpyctl policy explain: what an app may do, and which rule lets it or does not.

#include <json-c/json.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/page.h"
#include "ctl/print.h"
#include "ctl/reply.h"
#include "ctl/running.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

enum { OPTION_JSON };

const struct verb_option policy_explain_options[] = {
    [OPTION_JSON] = {"json", NULL, "for programs: one JSON object"},
    {0},
};

static const char *said_by(struct json_object *grant) {
    const char *by = reply_text(grant, "by");

    if (by) {
        return by;
    }
    if (strcmp(reply_text_or(grant, "name", ""), "credentials") == 0 &&
        !reply_bool(grant, "granted")) {
        return "nobody gave it";
    }
    return reply_bool(grant, "requested") ? "the manifest" : "-";
}

static void print_grants(struct json_object *reply) {
    static const char *const headings[] = {"GRANT", "VALUE", "ASKED FOR", "GRANTED", "BY"};
    CLEANUP(table_free)
    struct table *table = table_new(headings, sizeof(headings) / sizeof(headings[0]));
    struct json_object *grant;

    for (size_t i = 0; (grant = reply_member(reply, "grants", i)); i++) {
        bool is_granted = reply_bool(grant, "granted");

        table_cell(table, COLOUR_NONE, reply_text_or(grant, "name", "?"));
        table_cell(table, COLOUR_NONE, reply_text_or(grant, "value", "?"));
        table_cell(table, COLOUR_NONE, reply_bool(grant, "requested") ? "yes" : "no");
        table_cell(table, is_granted ? COLOUR_GOOD : COLOUR_BAD, is_granted ? "yes" : "no");
        table_cell(table, COLOUR_NONE, said_by(grant));
    }
    table_print(table);
}

static void print_answer(struct json_object *reply) {
    print_line("%s: %s", reply_bool(reply, "allowed") ? "allowed" : "refused",
               reply_text_or(reply, "why", "?"));
}

static int ask(const char *app, const char *action, const char *address,
               struct json_object **ret_reply) {
    CLEANUP(client_free) struct client *client = NULL;
    struct json_object *parameters;
    int r = running_open(app, &client);

    if (r != CTL_DONE) {
        return r;
    }
    parameters = json_new_object();
    if (action) {
        json_set_text(parameters, "action", action);
        json_set_text(parameters, "address", address);
    }
    return client_call(client, "Policy", parameters, ret_reply);
}

int policy_explain_run(const struct verb_arguments *arguments) {
    const char *action = arguments->n_operands > 1 ? arguments->operands[1] : NULL;
    const char *address = action ? arguments->operands[2] : NULL;
    struct json_object *reply = NULL;
    int r;

    if (action && !address) {
        log_error("policy explain: missing ADDRESS; try mpyctl policy explain --help");
        return CTL_USAGE;
    }
    r = ask(arguments->operands[0], action, address, &reply);
    if (r != CTL_DONE) {
        return r;
    }
    page_begin(arguments);
    if (arguments->values[OPTION_JSON]) {
        print_json(json_object_get(reply));
    } else if (action) {
        print_answer(reply);
    } else {
        print_grants(reply);
    }
    r = action && !reply_bool(reply, "allowed") ? CTL_FAILED : CTL_DONE;
    (void)json_object_put(reply);
    return r;
}
