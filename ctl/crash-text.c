// SPDX-License-Identifier: MIT
#include "ctl/crash-text.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "ctl/colour.h"
#include "ctl/print.h"
#include "ctl/reply.h"
#include "ctl/span.h"

#define TIME_SIZE 40

static void write_head(FILE *stream, struct json_object *report, bool is_colour) {
    uint64_t usec = reply_number(report, "time_usec");
    time_t seconds = (time_t)(usec / 1000000);
    char when[TIME_SIZE] = "?";
    struct tm parts;

    if (localtime_r(&seconds, &parts)) {
        (void)strftime(when, sizeof(when), "%a %F %T %Z", &parts);
    }
    (void)fputs(is_colour ? colour_start(COLOUR_BAD) : "", stream);
    print_line_to(stream, "%s: %s", reply_text_or(report, "app", "?"),
                  reply_text_or(report, "text", "?"));
    (void)fputs(is_colour ? colour_end() : "", stream);
    print_line_to(stream, "        When: %s", when);
    if (reply_has(report, "report")) {
        print_line_to(stream, "      Report: %" PRIu64, reply_number(report, "report"));
    }
}

// What mpyctl symbolize reads, too: of which image the traceback is.
static void write_image(FILE *stream, struct json_object *report) {
    print_line_to(stream, "       Image: %s, version %s, run by mpyd %s",
                  reply_text_or(report, "image", "?"), reply_text_or(report, "version", "?"),
                  reply_text_or(report, "mpyd", "?"));
}

static void write_kind(FILE *stream, struct json_object *report) {
    const char *kind = reply_text_or(report, "kind", "?");
    const char *signal = reply_text(report, "signal");
    struct json_object *denied = reply_object(report, "denied");

    if (signal) {
        print_line_to(stream, "        Kind: %s, by %s", kind, signal);
    } else {
        print_line_to(stream, "        Kind: %s, exit status %" PRIu64, kind,
                      reply_number(report, "status"));
    }
    if (denied) {
        print_line_to(stream, "  Linux call: %s, number %" PRIu64,
                      reply_text_or(denied, "call", "?"), reply_number(denied, "number"));
    } else if (strcmp(kind, "denied") == 0) {
        print_line_to(stream, "  Linux call: not known; root may find it in the kernel's log");
    }
}

static void write_worker(FILE *stream, struct json_object *report) {
    struct json_object *heap = reply_object(report, "heap");
    char uptime[SPAN_SIZE], used[SPAN_SIZE], size[SPAN_SIZE], age[SPAN_SIZE];

    print_line_to(stream, "      Worker: generation %" PRIu64 ", up %s, phase %s",
                  reply_number(report, "generation"),
                  span_time(reply_number(report, "uptime_usec"), uptime),
                  reply_text_or(report, "phase", "?"));
    if (heap) {
        print_line_to(stream, "        Heap: %s of %s used, %s before the end",
                      span_bytes(reply_number(heap, "used"), used),
                      span_bytes(reply_number(heap, "size"), size),
                      span_time(reply_number(heap, "age_usec"), age));
    }
}

static void write_traceback(FILE *stream, struct json_object *report) {
    const char *line;

    if (!reply_member_text(report, "traceback", 0)) {
        return;
    }
    (void)fputs("\n", stream);
    if (reply_bool(report, "traceback_cut")) {
        (void)fputs("  ...\n", stream);
    }
    for (size_t i = 0; (line = reply_member_text(report, "traceback", i)); i++) {
        print_line_to(stream, "  %s", line);
    }
}

static void write_call(FILE *stream, struct json_object *call) {
    const char *text = reply_text_or(call, "call", "?"), *error = reply_text(call, "error");
    char age[SPAN_SIZE];

    (void)span_time(reply_number(call, "age_usec"), age);
    if (error) {
        print_line_to(stream, "  %8s  %s = -%s", age, text, error);
    } else if (reply_has(call, "result")) {
        print_line_to(stream, "  %8s  %s = %" PRIu64, age, text, reply_number(call, "result"));
    } else {
        print_line_to(stream, "  %8s  %s = ?", age, text);
    }
}

static void write_calls(FILE *stream, struct json_object *report) {
    struct json_object *call;

    if (!reply_member(report, "calls", 0)) {
        return;
    }
    print_line_to(stream, "%s", "");
    print_line_to(stream, "  The last of %" PRIu64 " calls, and how long before the end:",
                  reply_number(report, "n_calls"));
    for (size_t i = 0; (call = reply_member(report, "calls", i)); i++) {
        write_call(stream, call);
    }
}

void crash_text_write(FILE *stream, struct json_object *report, bool is_colour) {
    write_head(stream, report, is_colour);
    write_image(stream, report);
    write_kind(stream, report);
    write_worker(stream, report);
    write_traceback(stream, report);
    write_calls(stream, report);
}
