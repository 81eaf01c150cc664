// SPDX-License-Identifier: MIT

// mpyctl trace: an app's calls as they end, in the way of strace(1).

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/client.h"
#include "ctl/interrupt.h"
#include "ctl/json.h"
#include "ctl/print.h"
#include "ctl/reply.h"
#include "ctl/running.h"
#include "ctl/tally.h"
#include "ctl/verbs.h"

enum {
    OPTION_CALL,
    OPTION_COUNT,
    OPTION_ERROR,
    OPTION_FAILED,
    OPTION_GROUP,
    OPTION_JSON,
    OPTION_SUMMARY
};

const struct verb_option trace_options[] = {
    [OPTION_CALL] = {"call", "NAME,...", "these calls: socket.send", 'c'},
    [OPTION_COUNT] = {"count", "N", "end after so many", 'n'},
    [OPTION_ERROR] = {"error", "NAME,...", "those that failed with these: EAGAIN", 'e'},
    [OPTION_FAILED] = {"failed", NULL, "those that failed", 'Z'},
    [OPTION_GROUP] = {"group", "NAME,...", "the calls of these groups: socket", 'g'},
    [OPTION_JSON] = {"json", NULL, "for programs: a JSON object a line"},
    [OPTION_SUMMARY] = {"summary", NULL, "at the end, a table of what calls took", 's'},
    {0},
};

struct tracing {
    struct client *client;
    struct tally *tally; /* NULL: calls are printed one by one */
    bool is_json;
    uint64_t generation, left;
};

// -- what is asked -------------------------------------------------------------------------------

// A list of what stands between the commas of TEXT; NULL for a TEXT that is NULL.
static struct json_object *split(const char *text) {
    struct json_object *list;

    if (!text) {
        return NULL;
    }
    list = json_new_array();
    while (*text) {
        size_t size = strcspn(text, ",");
        char word[64];

        (void)snprintf(word, sizeof(word), "%.*s", (int)size, text);
        if (size > 0) {
            json_append_text(list, word);
        }
        text += size + (text[size] == ',');
    }
    return list;
}

static struct json_object *make_filters(const struct verb_arguments *arguments) {
    static const struct {
        int option;
        const char *key;
    } lists[] = {{OPTION_GROUP, "groups"}, {OPTION_CALL, "calls"}, {OPTION_ERROR, "errors"}};
    struct json_object *filters = json_new_object();

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (arguments->values[lists[i].option]) {
            json_set(filters, lists[i].key, split(arguments->values[lists[i].option]));
        }
    }
    if (arguments->values[OPTION_FAILED]) {
        json_set_bool(filters, "failed", true);
    }
    return filters;
}

// -- what is told --------------------------------------------------------------------------------

// The time of day, to the microsecond, of one since 1970.
static void format_time(uint64_t usec, char text[32]) {
    time_t seconds = (time_t)(usec / 1000000);
    struct tm local;
    char clock[16] = "";

    if (localtime_r(&seconds, &local)) {
        (void)strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    }
    (void)snprintf(text, 32, "%s.%06u", clock, (unsigned)(usec % 1000000));
}

static void print_call(struct tracing *tracing, struct json_object *call) {
    uint64_t generation = reply_number(call, "generation");
    const char *error = reply_text(call, "error");
    struct json_object *result = NULL;
    char when[32], value[24] = "", duration[24] = "?"; // it began before the trace

    if (tracing->generation != 0 && generation != tracing->generation) {
        printf("--- worker %" PRIu64 " ---\n", generation);
    }
    tracing->generation = generation;
    format_time(reply_number(call, "time_usec"), when);
    if (!error && json_object_object_get_ex(call, "result", &result)) {
        (void)snprintf(value, sizeof(value), "%" PRId64, json_object_get_int64(result));
    }
    if (reply_has(call, "duration_nsec")) {
        (void)snprintf(duration, sizeof(duration), "%.6f",
                       (double)reply_number(call, "duration_nsec") / 1e9);
    }
    print_line("%s %s(%s) = %s <%s>", when, reply_text_or(call, "name", "?"),
               reply_text_or(call, "arguments", ""), error ? error : value, duration);
}

static void take_call(struct tracing *tracing, struct json_object *call) {
    if (tracing->tally) {
        tally_add(tracing->tally, reply_text_or(call, "name", "?"),
                  reply_number(call, "duration_nsec"), reply_has(call, "error"));
    } else if (tracing->is_json) {
        print_text(json_object_to_json_string_ext(call, JSON_C_TO_STRING_PLAIN |
                                                            JSON_C_TO_STRING_NOSLASHESCAPE));
    } else {
        print_call(tracing, call);
    }
}

// One reply. Returns CTL_DONE, or what ended the trace; *ret_is_last: no more are wanted.
static int take_reply(struct tracing *tracing, bool *ret_is_last) {
    struct json_object *reply = NULL, *call;
    bool continues = true;
    int r = client_receive(tracing->client, &reply, &continues);
    uint64_t dropped = reply_number(reply, "dropped");

    if (r != CTL_DONE) {
        return r;
    }
    if (dropped > 0) {
        log_warning("%s: %" PRIu64 " calls were not read in time and are missing here",
                    client_name(tracing->client), dropped);
    }
    call = reply_object(reply, "call");
    if (call) {
        take_call(tracing, call);
        *ret_is_last = tracing->left > 0 && --tracing->left == 0;
    }
    (void)json_object_put(reply);
    *ret_is_last = *ret_is_last || !continues;
    return CTL_DONE;
}

// -- the loop ------------------------------------------------------------------------------------

// Waits for a reply. Returns whether one is to be read; not after Ctrl-C, or once nobody reads us.
static bool wait_for_reply(const struct client *client, int signals) {
    struct pollfd fds[] = {{.fd = client_fd(client), .events = POLLIN},
                           {.fd = signals, .events = POLLIN},
                           {.fd = STDOUT_FILENO}};

    if (client_has_reply(client)) {
        return poll(fds + 1, 1, 0) <= 0;
    }
    if (fflush(stdout) == EOF) {
        return false;
    }
    while (poll(fds, 3, -1) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return !fds[1].revents && !(fds[2].revents & (POLLERR | POLLHUP));
}

static int follow(struct tracing *tracing) {
    CLEANUP_FD int signals = -1;
    bool is_last = false;
    int r = interrupt_open(&signals);

    client_set_timeout(tracing->client, CLIENT_FOREVER);
    while (r == CTL_DONE && !is_last && wait_for_reply(tracing->client, signals)) {
        r = take_reply(tracing, &is_last);
    }
    return r;
}

int trace_run(const struct verb_arguments *arguments) {
    CLEANUP(client_free) struct client *client = NULL;
    CLEANUP(tally_free) struct tally *tally = NULL;
    const char *count = arguments->values[OPTION_COUNT];
    struct tracing tracing = {.is_json = arguments->values[OPTION_JSON]};
    int r;

    if (count && parse_u64(count, 1, UINT64_MAX, &tracing.left) < 0) {
        log_error("trace: --count %s: is no number from 1 on", count);
        return CTL_USAGE;
    }
    r = running_open(arguments->operands[0], &client);
    if (r != CTL_DONE) {
        return r;
    }
    tally = arguments->values[OPTION_SUMMARY] ? tally_new() : NULL;
    tracing.client = client;
    tracing.tally = tally;
    r = client_call_more(client, "Trace", make_filters(arguments));
    if (r == CTL_DONE) {
        r = follow(&tracing);
    }
    if (tally) {
        tally_print(tally);
    }
    return r;
}
