// SPDX-License-Identifier: MIT

// What an app says, on its way to the log: daemon/app/app-log.c and base/log.c; and its calls as
// daemon/record/trace.c tells them. Nothing of it may look like anything but one line of that app.

#include <string.h>
#include <syslog.h>

#include "base/escape.h"
#include "base/log-sink.h"
#include "base/log.h"
#include "call/calls.h"
#include "daemon/app/app-log.h"
#include "daemon/record/trace.h"
#include "tests/fuzz/fuzz.h"

#define TEXT_MAX 4096u  /* of log.write */
#define TRACE_SIZE 512u /* of daemon/dispatch/dispatch.c */

static unsigned n_lines;

// In place of the sink's: a line that reaches it is what a reader of the log gets.
void __wrap_log_sink_write(const char *line, size_t size);

void __wrap_log_sink_write(const char *line, size_t size) {
    static const char prefix[] = "fuzzed: ";

    n_lines++;
    REQUIRE(size > sizeof(prefix) - 1 && size <= 8192);
    REQUIRE(memcmp(line, prefix, sizeof(prefix) - 1) == 0);
    REQUIRE(line[size - 1] == '\n' && is_harmless(line, size - 1));
}

static unsigned count_breaks(const char *text) {
    unsigned n = 0;

    for (; *text; text++) {
        n += *text == '\n' && text[1] != '\0';
    }
    return n;
}

static void write_text(const uint8_t *data, size_t size) {
    static char text[TEXT_MAX + 1];
    struct app_log log = {.name = "fuzzed", .timer = NULL};

    size = size > TEXT_MAX ? TEXT_MAX : size;
    memcpy(text, data, size);
    text[size] = '\0';
    n_lines = 0;
    app_log_set_rate(&log, 1000000);
    app_log_write(&log, LOG_INFO, text);
    REQUIRE(n_lines == count_breaks(text) + 1);
}

// Room of any size, and the memory behind it untouched.
static void escape_into(struct input *input) {
    static char text[TEXT_MAX + 1], line[512 + 1];
    size_t room = 16 + input_u8(input) + input_u8(input) % 240;
    const char *next = text;

    text[input_bytes(input, text, TEXT_MAX)] = '\0';
    while (next) {
        const char *before = next;

        line[room] = 'x';
        next = escape_line(next, line, room);
        REQUIRE(line[room] == 'x' && memchr(line, '\0', room));
        REQUIRE(is_harmless(line, strlen(line)) && (!next || next > before));
    }
}

static void trace(struct input *input) {
    struct wire_submission submission = {0};
    char text[TRACE_SIZE + 1];
    size_t room = 1 + input_u16(input) % TRACE_SIZE, length;

    (void)input_bytes(input, &submission, sizeof(submission));
    submission.call %= CALLS_END + 2;
    memset(text, 'x', sizeof(text));
    length = trace_format(text, room, &submission, input->data, input->size, TRACE_PAYLOADS);
    REQUIRE(length < room && text[length] == '\0' && text[room] == 'x');
    REQUIRE(strlen(text) == length && is_printable_ascii(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {data, size};

    switch (input_u8(&input) % 3) {
    case 0:
        write_text(input.data, input.size);
        break;
    case 1:
        escape_into(&input);
        break;
    default:
        trace(&input);
    }
    return 0;
}
