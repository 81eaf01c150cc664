// SPDX-License-Identifier: MIT

// The control socket with clients that do what they like (tests/unit/control-fixture.h). An input
// is a row of steps: clients come, send, read, stop sending, go; time passes; the app makes calls
// and changes its state.
//
// Whatever comes, what is said to a client is JSON, and to one that may not, nothing but that; all
// is within its limits; nothing is left when they are gone.

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "call/calls.h"
#include "daemon/control/connection.h"
#include "tests/fuzz/fake-loop.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/control-fixture.h"

#define CLIENTS 6
#define SEND_MAX 600
#define HEARD_MAX (3u << 20)

static struct client {
    int fd; /* -1: none */
    bool allowed;
    char *heard; /* the beginning of a reply */
    size_t n_heard;
} clients[CLIENTS];

static struct input input;

void __wrap_log_sink_write(const char *line, size_t size);

void __wrap_log_sink_write(const char *line, size_t size) {
    REQUIRE(size > 0 && line[size - 1] == '\n' && is_harmless(line, size - 1));
}

// -- what clients hear ---------------------------------------------------------------------------

static void check_reply(const struct client *client, const char *text) {
    struct json_object *reply = json_tokener_parse(text);
    struct json_object *parameters = NULL, *error = NULL;

    REQUIRE(json_object_is_type(reply, json_type_object));
    REQUIRE(json_object_object_get_ex(reply, "parameters", &parameters) &&
            json_object_is_type(parameters, json_type_object));
    if (!client->allowed) {
        REQUIRE(json_object_object_get_ex(reply, "error", &error) &&
                strcmp(json_object_get_string(error), "org.varlink.service.PermissionDenied") ==
                    0 &&
                json_object_object_length(parameters) == 0);
    }
    (void)json_object_put(reply);
}

static void drop(struct client *client) {
    client->fd = close_fd(client->fd);
    client->n_heard = 0;
}

static void hear(struct client *client) {
    char bytes[4096];
    ssize_t n = recv(client->fd, bytes, sizeof(bytes), 0);

    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        drop(client);
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        REQUIRE(client->n_heard < HEARD_MAX);
        client->heard[client->n_heard++] = bytes[i];
        if (bytes[i] == '\0') {
            check_reply(client, client->heard);
            client->n_heard = 0;
        }
    }
}

// -- steps ---------------------------------------------------------------------------------------

static struct client *pick(void) {
    return &clients[input_below(&input, CLIENTS)];
}

static void step_connect(void) {
    struct client *client = pick();
    uint8_t who = input_u8(&input);

    if (client->fd >= 0) {
        drop(client);
    }
    client->allowed = who & 1;
    client->fd = fixture_connect(who >> 1 & 3 ? 1000 + (who >> 1 & 3) : 0, client->allowed);
}

static void step_send(void) {
    struct client *client = pick();
    char bytes[SEND_MAX];
    size_t size = input_bytes(&input, bytes, input_u16(&input) % SEND_MAX);

    if (client->fd >= 0) {
        (void)send(client->fd, bytes, size, MSG_NOSIGNAL);
    }
}

// A call that is well-formed, with parameters that may be anything.
static void step_call(void) {
    static const char *const methods[] = {"org.mpyd.App.Status",
                                          "org.mpyd.App.Stop",
                                          "org.mpyd.App.Restart",
                                          "org.mpyd.App.Trace",
                                          "org.mpyd.App.Metrics",
                                          "org.mpyd.App.Policy",
                                          "org.mpyd.App.Call",
                                          "org.mpyd.App.Crash",
                                          "org.varlink.service.GetInfo",
                                          "org.mpyd.App.Nothing",
                                          "org.varlink.service.GetInterfaceDescription"};
    struct client *client = pick();
    const char *method = methods[input_below(&input, sizeof(methods) / sizeof(methods[0]))];
    uint8_t flags = input_u8(&input);
    char parameters[SEND_MAX] = "", call[2 * SEND_MAX];
    int n = 0;

    parameters[input_bytes(&input, parameters, input_u8(&input))] = '\0';
    n = snprintf(call, sizeof(call), "{\"method\":\"%s\",\"more\":%s,\"oneway\":%s%s%s}", method,
                 flags & 1 ? "true" : "false", flags & 2 ? "true" : "false",
                 flags & 4 ? ",\"parameters\":" : "", flags & 4 ? parameters : "");
    if (client->fd >= 0) {
        (void)send(client->fd, call, (size_t)n + 1, MSG_NOSIGNAL);
    }
}

static void step_hear(void) {
    struct client *client = pick();

    if (client->fd >= 0) {
        hear(client);
    }
}

static void step_leave(void) {
    struct client *client = pick();

    if (client->fd >= 0 && input_u8(&input) & 1) {
        (void)shutdown(client->fd, SHUT_WR);
    } else if (client->fd >= 0) {
        drop(client);
    }
}

static void step_pass(void) {
    REQUIRE(fixture_run(input_u32(&input) % 20000000) == 0);
}

static void step_record(void) {
    char bytes[64];
    uint32_t number = input_below(&input, CALLS_END + 2);
    int error = input_u8(&input) & 1 ? (int)input_below(&input, 140) : 0;
    size_t size = input_bytes(&input, bytes, input_u8(&input) % sizeof(bytes));

    fixture_record(number, bytes, size, error);
}

static void step_enter(void) {
    fixture.supervisor.app.worker.generation += input_u8(&input) & 1;
    fixture.supervisor.config.trace_payloads = input_u8(&input) & 1;
    fixture.request_return = input_u8(&input) & 1 ? -EAGAIN : 0;
    fixture_enter((enum state)input_below(&input, STATES));
}

static void finish(void) {
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i].fd >= 0) {
            drop(&clients[i]);
        }
    }
    REQUIRE(fixture_run(0) == 0);
    REQUIRE(!fixture.supervisor.app.records.watcher);
    (void)fixture_teardown(NULL);
    REQUIRE(fake_loop_count() == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const steps[])(void) = {step_connect, step_send,   step_call,   step_hear,
                                          step_leave,   step_pass,   step_record, step_enter,
                                          step_call,    step_connect};
    unsigned n_before = count_descriptors();

    input = (struct input){data, size};
    log_set_level(LOG_DEBUG);
    (void)fixture_setup(NULL);
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i].fd = -1;
        clients[i].heard = clients[i].heard ? clients[i].heard : malloc(HEARD_MAX);
        REQUIRE(clients[i].heard);
    }
    while (input.size > 0) {
        steps[input_below(&input, sizeof(steps) / sizeof(steps[0]))]();
        REQUIRE(fixture_run(0) == 0);
    }
    finish();
    REQUIRE(count_descriptors() == n_before);
    return 0;
}
