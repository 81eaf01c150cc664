// SPDX-License-Identifier: MIT
#include "daemon/control/connection.h"

#include <assert.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/control/answer.h"
#include "daemon/control/control.h"

#define READ_SIZE 4096u  /* at once: one client is not to keep the others waiting */
#define ERROR_SIZE 128u  /* of a name */
#define BUSY_USEC 10000u /* before the next call of clients that make too many */

static bool is_serving(const struct connection *connection) {
    return connection->call.message != NULL;
}

// -- when to look again --------------------------------------------------------------------------

// While a call is served the next is left in the socket; an end that was seen is not looked for
// again.
static int watch(struct connection *connection) {
    uint32_t events = connection->ended ? 0 : EPOLLRDHUP;

    if (!connection->ended && !connection->closing && !is_serving(connection) &&
        connection->serve_due_usec == 0) {
        events |= EPOLLIN;
    }
    if (byte_queue_size(&connection->out) > 0) {
        events |= EPOLLOUT;
    }
    if (events == connection->events) {
        return 0;
    }
    connection->events = events;
    return source_set_events(connection->source, events);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a == 0 || (b != 0 && b < a) ? b : a;
}

// A stream that is not read drops what it would say; who looks at one may take a break.
static uint64_t read_due_usec(const struct connection *connection) {
    return is_serving(connection) && connection->call.more ? 0 : connection->read_due_usec;
}

static void set_timer(struct connection *connection) {
    uint64_t due = earlier(connection->call_due_usec,
                           earlier(read_due_usec(connection), connection->serve_due_usec));
    uint64_t now = loop_now_usec();

    if (due == 0) {
        timer_clear(connection->timer);
    } else {
        timer_set(connection->timer, due > now ? due - now : 0);
    }
}

// Sends what there is room for. Returns 0, or -errno: the client is gone.
static int flush(struct connection *connection) {
    size_t size = 0;
    const char *data = byte_queue_front(&connection->out, &size);
    ssize_t n = 0;

    if (size == 0) {
        return 0;
    }
    n = send(connection->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    byte_queue_consume(&connection->out, (size_t)n);
    connection->read_due_usec =
        byte_queue_size(&connection->out) > 0 ? loop_now_usec() + CONNECTION_READ_USEC : 0;
    return 0;
}

// What a turn ends with. CONNECTION may be gone after it.
static int settle(struct connection *connection) {
    bool over = connection->ended && !is_serving(connection) && connection->serve_due_usec == 0;

    if (flush(connection) < 0 ||
        ((connection->closing || over) && byte_queue_size(&connection->out) == 0)) {
        control_drop(connection->control, connection);
        return 0;
    }
    set_timer(connection);
    return watch(connection);
}

// -- out -----------------------------------------------------------------------------------------

// Has it looked at again in a turn of its own.
static void look_soon(struct connection *connection) {
    connection->serve_due_usec = loop_now_usec();
    set_timer(connection);
}

// Sent with what else there is once the loop looks: a stream's replies go out together. A client
// that cannot be answered is no longer listened to.
static void queue_reply(struct connection *connection, const char *error,
                        struct json_object *parameters, bool continues) {
    size_t size = 0;
    CLEANUP_FREE char *text = varlink_reply(error, parameters, continues, &size);
    char *place = text ? byte_queue_reserve(&connection->out, size, CONNECTION_OUT_MAX) : NULL;

    if (!place) {
        connection->closing = true;
        look_soon(connection);
        return;
    }
    memcpy(place, text, size);
    byte_queue_commit(&connection->out, size);
    if (connection->read_due_usec == 0) {
        connection->read_due_usec = loop_now_usec() + CONNECTION_READ_USEC;
    }
}

static void end_call(struct connection *connection, const char *error,
                     struct json_object *parameters) {
    assert(is_serving(connection));
    if (connection->call.oneway) {
        answer_drop(parameters);
    } else {
        queue_reply(connection, error, parameters, false);
    }
    varlink_call_done(&connection->call);
    connection->cancel = NULL;
    connection->context = NULL;
    if (!connection->allowed) {
        connection->closing = true;
    }
    look_soon(connection); // at what it has sent meanwhile
    (void)watch(connection);
}

void connection_reply(struct connection *connection, struct json_object *parameters) {
    end_call(connection, NULL, parameters);
}

void connection_fail(struct connection *connection, const char *error,
                     struct json_object *parameters) {
    char name[ERROR_SIZE];

    (void)snprintf(name, sizeof(name), "%s%s", strchr(error, '.') ? "" : "org.mpyd.App.", error);
    end_call(connection, name, parameters);
}

void connection_fail_with(struct connection *connection, const char *error, const char *name,
                          const char *value) {
    struct answer answer = answer_new();

    if (name) {
        answer_text(&answer, answer.object, name, value);
    }
    connection_fail(connection, error, answer_take(&answer));
}

void connection_continue(struct connection *connection, struct json_object *parameters) {
    assert(is_serving(connection) && connection->call.more);
    queue_reply(connection, NULL, parameters, true);
    (void)watch(connection);
}

bool connection_is_behind(const struct connection *connection) {
    return connection->closing || byte_queue_size(&connection->out) > CONNECTION_STREAM_MAX;
}

const char *connection_text(const struct connection *connection, const char *name) {
    struct json_object *value = NULL;

    return json_object_object_get_ex(connection->call.parameters, name, &value)
               ? json_object_get_string(value)
               : NULL;
}

bool connection_wants_more(const struct connection *connection) {
    return connection->call.more && !connection->call.oneway;
}

void connection_defer(struct connection *connection,
                      void (*cancel)(void *context, struct connection *connection), void *context) {
    connection->cancel = cancel;
    connection->context = context;
}

struct supervisor *connection_supervisor(const struct connection *connection) {
    return control_supervisor(connection->control);
}

// -- in ------------------------------------------------------------------------------------------

// The first call that has come as a whole: its size without its NUL, or -1.
static ssize_t find_call(struct connection *connection) {
    size_t size = 0;
    const char *data = byte_queue_front(&connection->in, &size);
    const char *end = NULL;

    if (size > connection->n_looked) {
        end = memchr(data + connection->n_looked, '\0', size - connection->n_looked);
    }
    connection->n_looked = end ? (size_t)(end - data) : size;
    return end ? end - data : -1;
}

static void serve(struct connection *connection, size_t size) {
    size_t whole = 0;
    int r = varlink_parse(byte_queue_front(&connection->in, &whole), size, &connection->call);

    connection->n_looked = 0;
    connection->call_due_usec = 0;
    byte_queue_consume(&connection->in, size + 1);
    if (r < 0) {
        control_complain(connection->control, connection, "sent what is no call");
        connection->closing = true;
        return;
    }
    control_serve(connection->control, connection);
}

static void serve_in_turn(struct connection *connection) {
    uint64_t now = loop_now_usec();
    ssize_t size = -1;

    connection->serve_due_usec = 0;
    if (is_serving(connection) || connection->closing) {
        return;
    }
    size = find_call(connection);
    if (size >= 0 && !control_may_serve(connection->control, now)) {
        connection->serve_due_usec = now + BUSY_USEC;
    } else if (size >= 0) {
        serve(connection, (size_t)size);
    } else if (byte_queue_size(&connection->in) > 0 && connection->call_due_usec == 0) {
        connection->call_due_usec = now + CONNECTION_PATIENCE_USEC;
    }
}

// Returns 0, or -errno: the client is gone, or is to be.
static int receive(struct connection *connection) {
    char *place = byte_queue_reserve(&connection->in, READ_SIZE, CONNECTION_IN_MAX);
    struct iovec vector = {.iov_base = place, .iov_len = READ_SIZE};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    ssize_t n = 0;

    if (!place) {
        control_complain(connection->control, connection, "sent too long a call");
        return -EMSGSIZE;
    }
    // Without room for them the kernel closes descriptors that come along, and says so.
    n = recvmsg(connection->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    if (message.msg_flags & MSG_CTRUNC) {
        control_complain(connection->control, connection, "sent descriptors");
        return -EBADMSG;
    }
    connection->ended = n == 0;
    byte_queue_commit(&connection->in, (size_t)n);
    serve_in_turn(connection);
    return 0;
}

static int on_ready(void *context, uint32_t events) {
    struct connection *connection = context;
    int r = 0;

    if (events & EPOLLIN && !is_serving(connection)) {
        r = receive(connection);
    } else if (events & EPOLLRDHUP) {
        connection->ended = true;
    }
    // A call that asks for no reply is served, be its client gone or not.
    if (r < 0 || events & (EPOLLERR | EPOLLHUP)) {
        control_drop(connection->control, connection);
        return 0;
    }
    return settle(connection);
}

static bool is_due(uint64_t due_usec, uint64_t now) {
    return due_usec > 0 && due_usec <= now;
}

static int on_timer(void *context) {
    struct connection *connection = context;
    uint64_t now = loop_now_usec();

    if (is_due(connection->call_due_usec, now) || is_due(read_due_usec(connection), now)) {
        control_complain(connection->control, connection, "took too long");
        control_drop(connection->control, connection);
        return 0;
    }
    if (is_due(connection->serve_due_usec, now)) {
        serve_in_turn(connection);
    }
    return settle(connection);
}

// -- life ----------------------------------------------------------------------------------------

int connection_new(struct control *control, int fd, bool allowed,
                   struct connection **ret_connection) {
    struct connection *connection = calloc(1, sizeof(*connection));
    struct loop *loop = control_loop(control);
    int r = 0;

    if (!connection) {
        return -ENOMEM;
    }
    *connection = (struct connection){
        .control = control, .fd = -1, .allowed = allowed, .events = EPOLLIN | EPOLLRDHUP};
    r = timer_new(loop, on_timer, connection, &connection->timer);
    if (r == 0) {
        r = source_new(loop, fd, EPOLLIN | EPOLLRDHUP, on_ready, connection, &connection->source);
    }
    if (r < 0) {
        (void)connection_free(connection);
        return r;
    }
    connection->fd = fd;
    if (!allowed) {
        connection->call_due_usec = loop_now_usec() + CONNECTION_PATIENCE_USEC;
        set_timer(connection);
    }
    *ret_connection = connection;
    return 0;
}

struct connection *connection_free(struct connection *connection) {
    if (!connection) {
        return NULL;
    }
    if (connection->cancel) {
        connection->cancel(connection->context, connection);
    }
    (void)flush(connection);
    varlink_call_done(&connection->call);
    connection->source = source_free(connection->source);
    connection->timer = timer_free(connection->timer);
    byte_queue_done(&connection->in);
    byte_queue_done(&connection->out);
    close_fd(connection->fd);
    free(connection);
    return NULL;
}
