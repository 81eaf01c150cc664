// SPDX-License-Identifier: MIT
#include "daemon/control/control-trace.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call/calls.h"
#include "daemon/app/app.h"
#include "daemon/control/answer.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "daemon/control/control.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/life/supervise.h"
#include "daemon/record/record.h"

#define ERRNO_MAX 134 /* above every errno of Linux */

struct trace_client {
    struct trace_client *next;
    struct connection *connection;
    bool numbers[CALLS_END]; /* calls that are told ... */
    bool all;                /* ... or all, those without a name too */
    bool errors[ERRNO_MAX];  /* told if they ended so; [0]: without an error */
    uint64_t n_dropped;      /* since the last that was told */
};

// -- filters -------------------------------------------------------------------------------------

static bool matches_group(const char *name, const char *group) {
    size_t size = strlen(group);

    return strncmp(name, group, size) == 0 && name[size] == '.';
}

static bool matches_call(const char *name, const char *call) {
    return strcmp(name, call) == 0;
}

// Adds the calls that TEXT means. False: it means none.
static bool add_numbers(struct trace_client *client, const char *text,
                        bool (*matches)(const char *name, const char *text)) {
    bool found = false;

    for (uint32_t i = 0; i < CALLS_END; i++) {
        if (call_rows[i].name && matches(call_rows[i].name, text)) {
            client->numbers[i] = true;
            found = true;
        }
    }
    return found;
}

static bool add_error(struct trace_client *client, const char *text) {
    for (int i = 1; i < ERRNO_MAX; i++) {
        const char *name = strerrorname_np(i);

        if (name && strcmp(name, text) == 0) {
            client->errors[i] = true;
            return true;
        }
    }
    return false;
}

static bool add(struct trace_client *client, const char *key, const char *text) {
    if (strcmp(key, "errors") == 0) {
        return add_error(client, text);
    }
    return add_numbers(client, text, strcmp(key, "groups") == 0 ? matches_group : matches_call);
}

// Takes one filter. Returns whether it was given; *ret_good: it makes sense.
static bool read_filter(struct trace_client *client, struct json_object *parameters,
                        const char *key, bool *ret_good) {
    struct json_object *list = json_object_object_get(parameters, key);
    size_t n = list ? json_object_array_length(list) : 0;

    for (size_t i = 0; i < n; i++) {
        const char *text = json_object_get_string(json_object_array_get_idx(list, i));

        *ret_good &= add(client, key, text);
    }
    return n > 0;
}

// Returns the parameter that makes no sense, or NULL.
static const char *read_filters(struct trace_client *client, struct json_object *parameters) {
    bool failed = json_object_get_boolean(json_object_object_get(parameters, "failed"));
    bool good = true, has_numbers = false;

    has_numbers = read_filter(client, parameters, "groups", &good);
    if (!good) {
        return "groups";
    }
    has_numbers |= read_filter(client, parameters, "calls", &good);
    if (!good) {
        return "calls";
    }
    client->all = !has_numbers;
    if (!read_filter(client, parameters, "errors", &good)) {
        memset(client->errors, true, sizeof(client->errors));
        client->errors[0] = !failed;
    }
    return good ? NULL : "errors";
}

// A worker that broke the protocol has failed in no way that has a name.
static bool wants(const struct trace_client *client, const struct record *record) {
    uint32_t number = record->submission->call;
    int error = record->error < ERRNO_MAX ? record->error : EPROTO;

    return (client->all || (number < CALLS_END && client->numbers[number])) &&
           client->errors[error];
}

// -- what is told --------------------------------------------------------------------------------

static int64_t realtime_usec(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// Cuts "socket.send(socket=1, ...)" in two. A text that was cut short may lack its end.
static const char *split(char *text) {
    char *open = strchr(text, '(');
    size_t size = strlen(text);

    if (!open) {
        return "";
    }
    if (text[size - 1] == ')') {
        text[size - 1] = '\0';
    }
    *open = '\0';
    return open + 1;
}

static const char *error_name(const struct record *record) {
    if (record->error == 0) {
        return NULL;
    }
    return record->error < ERRNO_MAX ? strerrorname_np(record->error) : "protocol violation";
}

// As the configuration has it now: a reload may have changed it.
static enum trace_detail detail_of(const struct supervisor *supervisor) {
    return supervisor->config.trace_payloads ? TRACE_PAYLOADS : TRACE_NAMES;
}

static void write_text(const struct app *app, const struct record *record,
                       char text[RECORD_TEXT_SIZE]) {
    if (record->text) {
        (void)snprintf(text, RECORD_TEXT_SIZE, "%s", record->text);
    } else {
        (void)trace_format(text, RECORD_TEXT_SIZE, record->submission, record->taken,
                           record->taken_size, app->records.detail);
    }
    (void)secrets_redact(&app->secrets, text);
}

static struct json_object *describe(const struct app *app, const struct record *record,
                                    uint64_t n_dropped) {
    struct answer answer = answer_new();
    struct json_object *call = answer_object(&answer, answer.object, "call");
    uint64_t duration_nsec = record->started_nsec ? record->ended_nsec - record->started_nsec : 0;
    char text[RECORD_TEXT_SIZE];
    const char *arguments = NULL;

    write_text(app, record, text);
    arguments = split(text);
    answer_number(&answer, call, "time_usec", realtime_usec() - (int64_t)duration_nsec / 1000);
    answer_number(&answer, call, "generation", app->worker.generation);
    answer_text(&answer, call, "name", text);
    answer_text(&answer, call, "arguments", arguments);
    if (record->error == 0) {
        answer_number(&answer, call, "result", record->result);
    }
    answer_text(&answer, call, "error", error_name(record));
    if (record->started_nsec > 0) {
        answer_number(&answer, call, "duration_nsec", (int64_t)duration_nsec);
    } else {
        answer_null(&answer, call, "duration_nsec");
    }
    answer_number(&answer, answer.object, "dropped", (int64_t)n_dropped);
    return answer_take(&answer);
}

static void on_record(void *context, const struct record *record) {
    struct control *control = context;
    struct trace_feed *feed = control_feed(control);
    struct app *app = &control_supervisor(control)->app;

    app->records.detail = detail_of(control_supervisor(control));
    for (struct trace_client *one = feed->clients; one; one = one->next) {
        if (!wants(one, record)) {
            continue;
        }
        if (connection_is_behind(one->connection)) {
            one->n_dropped++;
            feed->n_dropped++;
        } else {
            connection_continue(one->connection, describe(app, record, one->n_dropped));
            one->n_dropped = 0;
        }
    }
}

// -- clients -------------------------------------------------------------------------------------

static void forget(void *context, struct connection *connection) {
    struct control *control = connection->control;
    struct trace_feed *feed = control_feed(control);
    struct trace_client **place = &feed->clients;
    struct trace_client *client = context;

    while (*place != client) {
        place = &(*place)->next;
    }
    *place = client->next;
    free(client);
    if (!feed->clients) {
        record_watch(&control_supervisor(control)->app, NULL, NULL);
    }
}

static void begin(struct connection *connection, struct trace_client *client) {
    struct control *control = connection->control;
    struct supervisor *supervisor = control_supervisor(control);
    struct trace_feed *feed = control_feed(control);
    struct answer answer = answer_new();

    supervisor->app.records.detail = detail_of(supervisor);
    client->connection = connection;
    client->next = feed->clients;
    feed->clients = client;
    record_watch(&supervisor->app, on_record, control);
    connection_defer(connection, forget, client);
    answer_null(&answer, answer.object, "call");
    answer_number(&answer, answer.object, "dropped", 0);
    connection_continue(connection, answer_take(&answer));
}

void control_trace(struct connection *connection, struct json_object *parameters) {
    struct trace_client *client = NULL;
    const char *wrong = NULL;

    if (!connection_wants_more(connection)) {
        connection_fail_with(connection, "org.varlink.service.ExpectedMore", NULL, NULL);
        return;
    }
    client = calloc(1, sizeof(*client));
    if (!client) {
        connection_reply(connection, NULL);
        return;
    }
    wrong = read_filters(client, parameters);
    if (wrong) {
        free(client);
        connection_fail_with(connection, "org.varlink.service.InvalidParameter", "parameter",
                             wrong);
        return;
    }
    begin(connection, client);
}
