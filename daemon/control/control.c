// SPDX-License-Identifier: MIT
#include "daemon/control/control.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/message-ids.h"
#include "daemon/app/app.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "daemon/control/control-trace.h"
#include "daemon/life/supervise.h"
#include "daemon/loop/quota.h"

#define ACCEPTS 16          /* at once, before others have their turn */
#define LINES_RATE 2u       /* lines of log a second */
#define RETRY_USEC 1000000u /* where there are no descriptors for clients */
#define NAME_MAX_SHOWN 100u /* of what a client asks for */

struct control {
    struct supervisor *supervisor;
    int fd; /* owned */
    struct control_peers peers;
    struct source *source;
    struct timer *retry;
    struct connection *connections;
    struct quota calls, notices, complaints;
    struct control_counters counters;
    struct trace_feed feed;
};

struct trace_feed *control_feed(struct control *control) {
    return &control->feed;
}

const struct control_counters *control_count(const struct control *control) {
    return &control->counters;
}

struct loop *control_loop(const struct control *control) {
    return control->supervisor->app.loop;
}

struct supervisor *control_supervisor(const struct control *control) {
    return control->supervisor;
}

bool control_may_serve(struct control *control, uint64_t now_usec) {
    return quota_take(&control->calls, now_usec);
}

void control_tell(struct control *control, const struct connection *connection, const char *what) {
    char who[CONTROL_WHO_SIZE];

    if (quota_take(&control->notices, loop_now_usec())) {
        control_peers_describe(&control->peers, connection->uid, who);
        log_info("%s: control socket: process %d of %s %s", control->supervisor->app.name,
                 (int)connection->pid, who, what);
    }
}

static void complain(struct control *control, pid_t pid, uid_t uid, const char *what) {
    char who[CONTROL_WHO_SIZE];

    if (quota_take(&control->complaints, loop_now_usec())) {
        control_peers_describe(&control->peers, uid, who);
        log_event(MESSAGE_ID_REFUSED_CLIENT, LOG_WARNING, "%s: control socket: process %d of %s %s",
                  control->supervisor->app.name, (int)pid, who, what);
    }
}

void control_complain(struct control *control, const struct connection *connection,
                      const char *what) {
    control->counters.closed++;
    complain(control, connection->pid, connection->uid, what);
}

// -- calls ---------------------------------------------------------------------------------------

static bool is_text(struct json_object *value) {
    return json_object_is_type(value, json_type_string) &&
           strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

static bool is_number(struct json_object *value) {
    return json_object_is_type(value, json_type_int);
}

static bool is_bool(struct json_object *value) {
    return json_object_is_type(value, json_type_boolean);
}

static bool is_texts(struct json_object *value) {
    bool good = json_object_is_type(value, json_type_array);

    for (size_t i = 0; good && i < json_object_array_length(value); i++) {
        good = is_text(json_object_array_get_idx(value, i));
    }
    return good;
}

static bool has_type(struct json_object *value, enum control_type type) {
    static bool (*const checks[])(struct json_object * value) = {
        [CONTROL_TEXT] = is_text,
        [CONTROL_NUMBER] = is_number,
        [CONTROL_BOOL] = is_bool,
        [CONTROL_TEXTS] = is_texts,
    };

    return checks[type](value);
}

static const struct control_field *find_field(const struct control_field *fields,
                                              const char *name) {
    while (fields->name && strcmp(fields->name, name) != 0) {
        fields++;
    }
    return fields->name ? fields : NULL;
}

// Returns the name of a parameter that is missing, unknown or of another type; NULL: all is well.
// What is null is taken out.
static const char *check_parameters(struct json_object *parameters,
                                    const struct control_field *fields) {
    struct json_object *value = NULL;

    json_object_object_foreach(parameters, name, one) {
        const struct control_field *field = find_field(fields, name);

        if (!field || (one && !has_type(one, field->type))) {
            return name;
        }
    }
    for (; fields->name; fields++) {
        if (json_object_object_get_ex(parameters, fields->name, &value) && !value) {
            json_object_object_del(parameters, fields->name);
        }
        if (!value && !fields->nullable) {
            return fields->name;
        }
    }
    return NULL;
}

static const struct control_interface *find_interface(const char *name, size_t size) {
    const struct control_interface *interface = control_interfaces;

    while (interface->name &&
           (strlen(interface->name) != size || memcmp(interface->name, name, size) != 0)) {
        interface++;
    }
    return interface->name ? interface : NULL;
}

static const struct control_method *find_method(const struct control_interface *interface,
                                                const char *name) {
    const struct control_method *method = interface->methods;

    while (method->name && strcmp(method->name, name) != 0) {
        method++;
    }
    return method->name ? method : NULL;
}

// As much of NAME as is worth repeating.
static void fail_with_name(struct connection *connection, const char *error, const char *key,
                           const char *name, size_t size) {
    CLEANUP_FREE char *shown = strndup(name, size < NAME_MAX_SHOWN ? size : NAME_MAX_SHOWN);

    connection_fail_with(connection, error, key, shown);
}

static void serve_method(struct connection *connection, const struct control_method *method) {
    struct json_object *parameters = connection->call.parameters;
    struct json_object *none = NULL;
    const char *wrong = NULL;

    if (!parameters) {
        parameters = none = json_object_new_object();
    }
    if (!parameters) {
        connection_reply(connection, NULL);
        return;
    }
    wrong = check_parameters(parameters, method->fields);
    if (wrong) {
        fail_with_name(connection, "org.varlink.service.InvalidParameter", "parameter", wrong,
                       strlen(wrong));
    } else {
        method->serve(connection, parameters);
    }
    (void)json_object_put(none);
}

void control_serve(struct control *control, struct connection *connection) {
    const char *name = connection->call.method;
    const char *dot = strrchr(name, '.');
    size_t size = dot ? (size_t)(dot - name) : strlen(name);
    const struct control_interface *interface = find_interface(name, size);
    const struct control_method *method = interface && dot ? find_method(interface, dot + 1) : NULL;

    control->counters.calls++;
    if (!connection->allowed) {
        connection_fail_with(connection, "org.varlink.service.PermissionDenied", NULL, NULL);
    } else if (!interface) {
        fail_with_name(connection, "org.varlink.service.InterfaceNotFound", "interface", name,
                       size);
    } else if (!method) {
        fail_with_name(connection, "org.varlink.service.MethodNotFound", "method", name,
                       strlen(name));
    } else {
        serve_method(connection, method);
    }
}

// -- clients -------------------------------------------------------------------------------------

void control_drop(struct control *control, struct connection *connection) {
    struct connection **place = &control->connections;

    while (*place != connection) {
        place = &(*place)->next;
    }
    *place = connection->next;
    (void)connection_free(connection);
}

// Whether there is room for one more client like PEER.
static bool has_room(const struct control *control, const struct control_peer *peer) {
    unsigned n_allowed = 0, n_refused = 0, n_user = 0;

    for (const struct connection *one = control->connections; one; one = one->next) {
        n_allowed += one->allowed;
        n_refused += !one->allowed;
        n_user += one->uid == peer->uid;
    }
    if (!peer->allowed) {
        return n_refused < CONTROL_REFUSED_MAX;
    }
    return n_allowed < CONTROL_CLIENTS_MAX && (peer->uid == 0 || n_user < CONTROL_USER_MAX);
}

// FD is taken only if a connection comes of it.
static void admit(struct control *control, int *fd) {
    struct connection *connection = NULL;
    struct control_peer peer;

    if (control_peer_of(*fd, &control->peers, &peer) < 0) {
        return;
    }
    if (!peer.allowed) {
        complain(control, peer.pid, peer.uid, "is not of those who may administer the app");
    }
    if (!has_room(control, &peer)) {
        control->counters.refused++;
        complain(control, peer.pid, peer.uid, "is turned away: there are too many clients");
        return;
    }
    control->counters.refused += !peer.allowed;
    control->counters.clients += peer.allowed;
    if (connection_new(control, *fd, peer.allowed, &connection) < 0) {
        return;
    }
    (void)steal_fd(fd);
    connection->uid = peer.uid;
    connection->pid = peer.pid;
    connection->next = control->connections;
    control->connections = connection;
}

static int on_client(void *context, uint32_t events) {
    struct control *control = context;

    for (int i = 0; i < ACCEPTS; i++) {
        CLEANUP_FD int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            admit(control, &fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            // The client stays where it is, and is not to keep the loop from sleeping.
            timer_set(control->retry, RETRY_USEC);
            return source_set_events(control->source, 0);
        } else {
            break;
        }
    }
    return 0;
}

// The state of the app has changed: whoever waits for that is answered.
static void on_change(void *context) {
    const struct control *control = context;

    for (struct connection *one = control->connections; one; one = one->next) {
        if (one->on_change) {
            one->on_change(one);
        }
    }
}

static int on_retry(void *context) {
    struct control *control = context;

    return source_set_events(control->source, EPOLLIN);
}

// -- life ----------------------------------------------------------------------------------------

int control_new(struct supervisor *supervisor, int fd, const struct control_peers *peers,
                struct control **ret_control) {
    struct control *control = calloc(1, sizeof(*control));
    struct loop *loop = supervisor->app.loop;
    int r = 0;

    if (!control) {
        return -ENOMEM;
    }
    *control = (struct control){.supervisor = supervisor, .fd = -1, .peers = *peers};
    quota_init(&control->calls, CONTROL_RATE, loop_now_usec());
    quota_init(&control->notices, LINES_RATE, loop_now_usec());
    quota_init(&control->complaints, LINES_RATE, loop_now_usec());
    r = timer_new(loop, on_retry, control, &control->retry);
    if (r == 0) {
        r = source_new(loop, fd, EPOLLIN, on_client, control, &control->source);
    }
    if (r < 0) {
        (void)control_free(control);
        return r;
    }
    control->fd = fd;
    supervisor->on_change = on_change;
    supervisor->on_change_context = control;
    *ret_control = control;
    return 0;
}

struct control *control_free(struct control *control) {
    if (!control) {
        return NULL;
    }
    while (control->connections) {
        control_drop(control, control->connections);
    }
    control->supervisor->on_change = NULL;
    control->source = source_free(control->source);
    control->retry = timer_free(control->retry);
    close_fd(control->fd);
    free(control);
    return NULL;
}
