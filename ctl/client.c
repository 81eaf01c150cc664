// SPDX-License-Identifier: MIT
#include "ctl/client.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/exit.h"
#include "ctl/json.h"
#include "ctl/refusal.h"
#include "ctl/reply.h"

#define INTERFACE "org.mpyd.App."
#define READ_SIZE (64u << 10)
#define MESSAGE_MAX (4u << 20) /* no reply is that long: the other end is not mpyd */

struct client {
    int fd;
    char name[PLACE_CONTROL_SIZE];
    unsigned seconds;
    bool is_quiet; /* that it is not running is no news */
    char *data;    /* received, not yet read; messages end with a NUL */
    size_t n_data, room;
};

const char *client_name(const struct client *client) {
    return client->name;
}

int client_fd(const struct client *client) {
    return client->fd;
}

bool client_has_reply(const struct client *client) {
    return client->n_data > 0 && memchr(client->data, '\0', client->n_data);
}

void client_free(struct client **client) {
    if (*client) {
        close_fd((*client)->fd);
        free((*client)->data);
        free(*client);
        *client = NULL;
    }
}

void client_set_timeout(struct client *client, unsigned seconds) {
    const struct timeval time = {.tv_sec = (time_t)seconds};

    client->seconds = seconds;
    (void)setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
}

// -- opening -------------------------------------------------------------------------------------

static int cannot_connect(const struct client *client, int error) {
    bool is_denied = error == EACCES || error == EPERM, is_quiet = client->is_quiet;

    if (!is_quiet && is_denied) {
        log_error("%s: may not be asked: that is for root, the group mpyd and who started it",
                  client->name);
    } else if (!is_quiet && error == EAGAIN) {
        log_error("%s: does not take connections", client->name);
    } else if (!is_quiet && (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR)) {
        log_error("%s: is not running", client->name);
    } else if (!is_quiet) {
        (void)log_errno(error, "%s: cannot connect", client->name);
    }
    return is_denied ? CTL_DENIED : CTL_NOT_RUNNING;
}

int client_open(const struct place *place, bool is_quiet, struct client **ret_client) {
    CLEANUP(client_free) struct client *client = calloc(1, sizeof(*client));
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (!client) {
        (void)log_errno(ENOMEM, "cannot connect");
        return CTL_INTERNAL;
    }
    client->is_quiet = is_quiet;
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0) {
        (void)log_errno(errno, "cannot make a socket");
        return CTL_INTERNAL;
    }
    (void)snprintf(client->name, sizeof(client->name), "%s",
                   place->name[0] ? place->name : place->control);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->control);
    client_set_timeout(client, CLIENT_SECONDS);
    if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        return cannot_connect(client, errno);
    }
    *ret_client = steal_ptr(&client);
    return CTL_DONE;
}

// -- messages ------------------------------------------------------------------------------------

static int broken(const struct client *client, int error) {
    if (error == EAGAIN || error == EWOULDBLOCK) {
        log_error("%s: gave no answer within %u s", client->name, client->seconds);
        return CTL_FAILED;
    }
    if (error == 0 || error == EPIPE || error == ECONNRESET) {
        if (!client->is_quiet) {
            log_error("%s: ended the connection", client->name);
        }
        return CTL_NOT_RUNNING;
    }
    (void)log_errno(error, "%s: cannot be asked", client->name);
    return CTL_INTERNAL;
}

static int send_text(struct client *client, const char *text, size_t size) {
    while (size > 0) {
        ssize_t n = send(client->fd, text, size, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR) {
            return broken(client, errno);
        }
        text += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return CTL_DONE;
}

static int send_call(struct client *client, const char *method, struct json_object *parameters,
                     bool is_more) {
    struct json_object *message = json_new_object();
    char name[64];
    const char *text;
    int r;

    (void)snprintf(name, sizeof(name), INTERFACE "%s", method);
    json_set_text(message, "method", name);
    json_set(message, "parameters", parameters ? parameters : json_new_object());
    if (is_more) {
        json_set_bool(message, "more", true);
    }
    text = json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN);
    r = text ? send_text(client, text, strlen(text) + 1) : CTL_INTERNAL;
    (void)json_object_put(message);
    return r;
}

static int make_room(struct client *client) {
    size_t room = 2 * client->room + READ_SIZE;
    char *data;

    if (client->room - client->n_data >= READ_SIZE && client->n_data <= MESSAGE_MAX) {
        return CTL_DONE;
    }
    if (client->n_data > MESSAGE_MAX) {
        log_error("%s: sent a message that is too long", client->name);
        return CTL_INTERNAL;
    }
    data = realloc(client->data, room);
    if (!data) {
        (void)log_errno(ENOMEM, "%s: cannot be heard", client->name);
        return CTL_INTERNAL;
    }
    client->data = data;
    client->room = room;
    return CTL_DONE;
}

static int64_t now_msec(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// When what the client is to hear now must have come, whole: a supervisor in wrong hands might send
// a byte now and then without end. 0: it may take as long as it likes.
static int64_t deadline(const struct client *client) {
    return client->seconds ? now_msec() + (int64_t)client->seconds * 1000 : 0;
}

// As recv(2), but not after END, by now_msec(): EAGAIN.
static ssize_t receive_until(const struct client *client, char *data, size_t size, int64_t end) {
    struct pollfd ready = {.fd = client->fd, .events = POLLIN};
    ssize_t n;

    do {
        int64_t left = end ? end - now_msec() : -1;
        int n_ready = end && left <= 0 ? 0 : poll(&ready, 1, left > INT_MAX ? INT_MAX : (int)left);

        if (n_ready == 0) {
            errno = EAGAIN;
        }
        n = n_ready > 0 ? recv(client->fd, data, size, MSG_DONTWAIT) : -1;
    } while (n < 0 && errno == EINTR);
    return n;
}

static int receive_some(struct client *client, int64_t end) {
    int r = make_room(client);
    ssize_t n;

    if (r != CTL_DONE) {
        return r;
    }
    n = receive_until(client, client->data + client->n_data, READ_SIZE, end);
    if (n <= 0) {
        return broken(client, n < 0 ? errno : 0);
    }
    client->n_data += (size_t)n;
    return CTL_DONE;
}

// The message that data begins with, up to its NUL, of which there is one.
static struct json_object *take_message(struct client *client) {
    size_t size = strlen(client->data) + 1;
    struct json_object *message = json_tokener_parse(client->data);

    memmove(client->data, client->data + size, client->n_data - size);
    client->n_data -= size;
    if (message && !json_object_is_type(message, json_type_object)) {
        (void)json_object_put(message);
        message = NULL;
    }
    return message;
}

int client_receive(struct client *client, struct json_object **ret_reply, bool *ret_continues) {
    struct json_object *message, *reply = NULL;
    int64_t end = deadline(client);
    int r = CTL_DONE;

    while (r == CTL_DONE && !client_has_reply(client)) {
        r = receive_some(client, end);
    }
    if (r != CTL_DONE) {
        return r;
    }
    message = take_message(client);
    if (!message) {
        log_error("%s: answered something that is no Varlink", client->name);
        return CTL_INTERNAL;
    }
    if (reply_has(message, "error")) {
        r = refusal_tell(client->name, reply_text_or(message, "error", "?"),
                         reply_object(message, "parameters"));
    } else {
        reply = reply_object(message, "parameters");
        *ret_reply = reply ? json_object_get(reply) : json_new_object();
        *ret_continues = reply_bool(message, "continues");
    }
    (void)json_object_put(message);
    return r;
}

int client_call(struct client *client, const char *method, struct json_object *parameters,
                struct json_object **ret_reply) {
    bool continues = false;
    int r = send_call(client, method, parameters, false);

    return r == CTL_DONE ? client_receive(client, ret_reply, &continues) : r;
}

int client_call_more(struct client *client, const char *method, struct json_object *parameters) {
    return send_call(client, method, parameters, true);
}

int client_wait_end(struct client *client) {
    int64_t end = deadline(client);
    char rest[512];
    ssize_t n;

    do {
        n = receive_until(client, rest, sizeof(rest), end);
    } while (n > 0);
    return n == 0 || errno == ECONNRESET ? CTL_DONE : broken(client, errno);
}

int client_ask(const struct place *place, const char *method, struct json_object *parameters,
               struct json_object **ret_reply) {
    CLEANUP(client_free) struct client *client = NULL;
    int r = client_open(place, false, &client);

    if (r != CTL_DONE) {
        (void)json_object_put(parameters);
        return r;
    }
    return client_call(client, method, parameters, ret_reply);
}
