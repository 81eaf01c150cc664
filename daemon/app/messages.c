// SPDX-License-Identifier: MIT
#include "daemon/app/messages.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "daemon/app/app.h"

#define USEC_NEVER UINT64_MAX

struct message {
    uint32_t number;
    bool taken;
    uint64_t due_usec;
    message_answer answer;
    void *context;
    size_t name_size, argument_size;
    uint8_t *text; /* the name, then the argument */
};

struct messages {
    struct app *app;
    struct timer *timer;
    uint32_t last_number;
    struct message waiting[MESSAGES_MAX]; /* the first n_waiting, oldest first */
    size_t n_waiting;
};

static void set_timer(struct messages *messages) {
    uint64_t due = USEC_NEVER;
    uint64_t now = 0;

    for (size_t i = 0; i < messages->n_waiting; i++) {
        due = messages->waiting[i].due_usec < due ? messages->waiting[i].due_usec : due;
    }
    if (due == USEC_NEVER) {
        timer_clear(messages->timer);
        return;
    }
    now = loop_now_usec();
    timer_set(messages->timer, due > now ? due - now : 0);
}

static void take_out(struct messages *messages, size_t index) {
    free(messages->waiting[index].text);
    messages->n_waiting--;
    memmove(&messages->waiting[index], &messages->waiting[index + 1],
            (messages->n_waiting - index) * sizeof(messages->waiting[0]));
    set_timer(messages);
}

// It is out of the list before its answer is given, which may post and cancel others.
static void finish(struct messages *messages, size_t index, enum message_outcome outcome,
                   const char *text) {
    message_answer answer = messages->waiting[index].answer;
    void *context = messages->waiting[index].context;

    take_out(messages, index);
    answer(context, outcome, text);
}

static int on_timer(void *context) {
    struct messages *messages = context;
    uint64_t now = loop_now_usec();
    size_t i = 0;

    while (i < messages->n_waiting) {
        if (messages->waiting[i].due_usec <= now) {
            finish(messages, i, MESSAGES_TIMEOUT, "");
            i = 0;
        } else {
            i++;
        }
    }
    set_timer(messages);
    return 0;
}

int messages_new(struct app *app, struct messages **ret_messages) {
    CLEANUP_FREE struct messages *messages = calloc(1, sizeof(*messages));
    int r = 0;

    if (!messages) {
        return -ENOMEM;
    }
    messages->app = app;
    r = timer_new(app->loop, on_timer, messages, &messages->timer);
    if (r < 0) {
        return r;
    }
    *ret_messages = steal_ptr(&messages);
    return 0;
}

struct messages *messages_free(struct messages *messages) {
    if (messages) {
        while (messages->n_waiting > 0) {
            take_out(messages, messages->n_waiting - 1);
        }
        messages->timer = timer_free(messages->timer);
        free(messages);
    }
    return NULL;
}

static int check(const struct app *app, const char *name, size_t name_size, const char *argument,
                 size_t argument_size) {
    if (name_size == 0 || name_size > WIRE_MESSAGE_NAME_MAX ||
        argument_size > WIRE_MESSAGE_TEXT_MAX) {
        return -EMSGSIZE;
    }
    if (!utf8_is_text((const uint8_t *)name, name_size) ||
        !utf8_is_text((const uint8_t *)argument, argument_size)) {
        return -EILSEQ;
    }
    if (!app->worker.running || !app->worker.started || app->worker.exiting ||
        app->worker.broken[0] != '\0') {
        return -ENOTCONN;
    }
    return app->messages->n_waiting == MESSAGES_MAX ? -EBUSY : 0;
}

int messages_post(struct app *app, const char *name, const char *argument, uint64_t timeout_usec,
                  message_answer answer, void *context) {
    struct messages *messages = app->messages;
    struct message message = {.answer = answer,
                              .context = context,
                              .name_size = strlen(name),
                              .argument_size = strlen(argument)};
    int r = check(app, name, message.name_size, argument, message.argument_size);

    if (r < 0) {
        return r;
    }
    message.text = malloc(message.name_size + message.argument_size);
    if (!message.text) {
        return -ENOMEM;
    }
    memcpy(message.text, name, message.name_size);
    memcpy(message.text + message.name_size, argument, message.argument_size);
    message.number = ++messages->last_number;
    if (__builtin_add_overflow(loop_now_usec(), timeout_usec, &message.due_usec)) {
        message.due_usec = USEC_NEVER;
    }
    messages->waiting[messages->n_waiting++] = message;
    set_timer(messages);
    app_upcall(app, WIRE_UPCALL_MESSAGE);
    return 0;
}

void messages_cancel(struct app *app, void *context) {
    struct messages *messages = app->messages;

    for (size_t i = messages->n_waiting; i-- > 0;) {
        if (messages->waiting[i].context == context) {
            take_out(messages, i);
        }
    }
}

int messages_take(struct messages *messages, uint8_t *data, size_t size, size_t *ret_size) {
    for (size_t i = 0; i < messages->n_waiting; i++) {
        struct message *message = &messages->waiting[i];
        struct wire_message head = {.number = message->number,
                                    .name_size = (uint32_t)message->name_size};
        size_t text_size = message->name_size + message->argument_size;

        if (message->taken) {
            continue;
        }
        if (sizeof(head) + text_size > size) {
            return EMSGSIZE;
        }
        memcpy(data, &head, sizeof(head));
        memcpy(data + sizeof(head), message->text, text_size);
        message->taken = true;
        *ret_size = sizeof(head) + text_size;
        return 0;
    }
    *ret_size = 0;
    return 0;
}

int messages_reply(struct messages *messages, uint32_t number, enum message_outcome outcome,
                   const char *text) {
    for (size_t i = 0; i < messages->n_waiting; i++) {
        if (messages->waiting[i].number == number && messages->waiting[i].taken) {
            finish(messages, i, outcome, text);
            return 0;
        }
    }
    return ENOENT;
}

void messages_end(struct messages *messages) {
    // Those that an answer posts now would find no worker, and so cannot come without end.
    while (messages->n_waiting > 0) {
        finish(messages, 0, MESSAGES_GONE, "");
    }
}
