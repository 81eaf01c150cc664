// SPDX-License-Identifier: MIT
// Entries of the journal, read from a socket that plays it: no text makes a field, and a journal
// that is down or stuck holds up nothing.
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/log-journal.h"
#include "base/log-sink.h"
#include "base/log.h"
#include "base/message-ids.h"

#define ENTRY_SIZE (256u << 10)
#define PATIENCE 1000 /* times 10 ms */

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static char folder[] = "/tmp/mpyd-journal-XXXXXX";
static int journal_fd = -1, stream_fd = -1, saved = -1;

static void start_journal(void) {
    journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(journal_fd >= 0);
    assert_return_code(bind(journal_fd, (struct sockaddr *)&address, sizeof(address)), errno);
}

static void stop_journal(void) {
    journal_fd = close_fd(journal_fd);
    (void)unlink(address.sun_path);
}

// Standard error becomes a stream of the journal, whose other end is stream_fd.
static int setup_all(void **state) {
    int ends[2];
    struct stat st;
    char stream[64];

    if (!mkdtemp(folder) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        return -1;
    }
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
    saved = dup(STDERR_FILENO);
    if (saved < 0 || dup2(ends[1], STDERR_FILENO) < 0 || fstat(STDERR_FILENO, &st) < 0) {
        return -1;
    }
    (void)close_fd(ends[1]);
    stream_fd = ends[0];
    (void)fcntl(stream_fd, F_SETFL, O_NONBLOCK);
    (void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    (void)setenv("JOURNAL_STREAM", stream, 1);
    log_sink_open();
    start_journal();
    return log_journal_open(address.sun_path);
}

static int teardown_all(void **state) {
    stop_journal();
    (void)rmdir(folder);
    (void)dup2(saved, STDERR_FILENO);
    saved = close_fd(saved);
    stream_fd = close_fd(stream_fd);
    return 0;
}

// -- what arrived --------------------------------------------------------------------------------

static char entry[ENTRY_SIZE];
static size_t entry_size;

static bool receive(void) {
    ssize_t n = recv(journal_fd, entry, sizeof(entry), 0);

    entry_size = n > 0 ? (size_t)n : 0;
    return n > 0;
}

// Reads the field at *OFFSET the way the journal does.
static void next_field(size_t *offset, char name[64], const char **ret_value, size_t *ret_size) {
    const char *at = entry + *offset, *end = entry + entry_size;
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    const char *equals = newline ? memchr(at, '=', (size_t)(newline - at)) : NULL;
    uint64_t size = 0;

    assert_non_null(newline);
    (void)snprintf(name, 64, "%.*s", (int)((equals ? equals : newline) - at), at);
    if (equals) {
        *ret_value = equals + 1;
        *ret_size = (size_t)(newline - *ret_value);
    } else {
        memcpy(&size, newline + 1, sizeof(size));
        *ret_size = le64toh(size);
        *ret_value = newline + 1 + sizeof(size);
        assert_true(*ret_size < (size_t)(end - *ret_value) && (*ret_value)[*ret_size] == '\n');
    }
    *offset = (size_t)(*ret_value + *ret_size + 1 - entry);
}

// The fields of the last entry as "NAME=VALUE|", in order.
static const char *fields(void) {
    static char text[ENTRY_SIZE + 256];
    size_t n = 0;

    text[0] = '\0';
    for (size_t offset = 0; offset < entry_size;) {
        const char *value = NULL;
        size_t size = 0;
        char name[64];

        next_field(&offset, name, &value, &size);
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s=%.*s|", name, (int)size, value);
    }
    return text;
}

static const char *stream(void) {
    static char text[ENTRY_SIZE];
    ssize_t n = recv(stream_fd, text, sizeof(text) - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

// -- entries -------------------------------------------------------------------------------------

static void test_message_has_its_fields(void **state) {
    log_set_app("demo", "0123456789abcdef");
    log_set_call("socket.connect");
    log_warning("%s: not today", "demo");
    log_set_call(NULL);
    log_set_app(NULL, NULL);
    assert_true(receive());
    assert_string_equal(fields(), "MESSAGE=demo: not today|PRIORITY=4|LEVEL=warning|"
                                  "SYSLOG_IDENTIFIER=mpyd|APP=demo|IMAGE=0123456789abcdef|"
                                  "CALL=socket.connect|");
    assert_string_equal(stream(), "");
}

static void test_error_has_its_reason(void **state) {
    assert_int_equal(log_errno(-ENOENT, "cannot open %s", "x"), -ENOENT);
    assert_true(receive());
    assert_string_equal(fields(), "MESSAGE=cannot open x: No such file or directory|PRIORITY=3|"
                                  "LEVEL=err|SYSLOG_IDENTIFIER=mpyd|");
}

static void test_event_has_its_id_and_fields(void **state) {
    const struct log_field more[] = {{"KIND", "exit"}, {"REPORT", "{\n \"a\": 1\nAPP=root\n}"}};

    log_event_with(MESSAGE_ID_CRASH, more, 2, LOG_ERR, "%s: crashed", "demo");
    assert_true(receive());
    assert_string_equal(fields(), "MESSAGE=demo: crashed|PRIORITY=3|LEVEL=err|"
                                  "SYSLOG_IDENTIFIER=mpyd|MESSAGE_ID=" MESSAGE_ID_CRASH
                                  "|KIND=exit|REPORT={\n \"a\": 1\nAPP=root\n}|");
    log_event(MESSAGE_ID_GAVE_UP, LOG_ERR, "enough");
    assert_true(receive());
    assert_non_null(strstr(fields(), "|MESSAGE_ID=" MESSAGE_ID_GAVE_UP "|"));
}

// What an app says is one value of one field, whoever it pretends to be.
static void test_text_of_others_makes_no_field(void **state) {
    static const char *const texts[] = {
        "harmless", "a\nPRIORITY=0\nAPP=root", "\nMESSAGE\n\x04",
        "x\rAPP=y", "=\x01\x02\xff\xfe",       "demo: started, generation 1",
    };
    static const char *const messages[] = {
        "demo> harmless",
        "demo> a\\x0aPRIORITY=0\\x0aAPP=root",
        "demo> \\x0aMESSAGE\\x0a\\x04",
        "demo> x\\x0dAPP=y",
        "demo> =\\x01\\x02\\xff\\xfe",
        "demo> demo: started, generation 1",
    };
    char expected[512];

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        log_message_as("demo", LOG_INFO, "%s", texts[i]);
        assert_true(receive());
        (void)snprintf(expected, sizeof(expected),
                       "MESSAGE=%s|PRIORITY=6|LEVEL=info|SYSLOG_IDENTIFIER=mpyd|", messages[i]);
        assert_string_equal(fields(), expected);
    }
}

// -- a journal in trouble ------------------------------------------------------------------------

static void drain(void) {
    while (receive()) {
        (void)log_flush();
    }
}

// The number in the last entry, "MESSAGE=line 7|...".
static int number(void) {
    int n = -1;

    assert_int_equal(sscanf(fields(), "MESSAGE=line %d|", &n), 1);
    return n;
}

static void test_stuck_journal_has_entries_kept_in_order(void **state) {
    for (int i = 0; i < 300; i++) {
        log_info("line %d", i);
    }
    assert_false(log_journal_is_empty());
    for (int i = 0; i < 300; i++) {
        assert_true(receive());
        assert_int_equal(number(), i);
        (void)log_flush();
    }
    assert_true(log_journal_is_empty());
    assert_string_equal(stream(), "");
}

static void test_journal_stuck_for_long_loses_and_counts(void **state) {
    int n = 0;

    for (int i = 0; i < 10000; i++) {
        log_info("line %d", i);
    }
    for (; receive() && strncmp(entry, "MESSAGE=line", 12) == 0; n++) {
        assert_int_equal(number(), n);
        (void)log_flush();
    }
    assert_in_range(n, 500, 9999);
    assert_int_equal(sscanf(fields(), "MESSAGE=%d lines of the log were lost", &n), 1);
    assert_in_range(n, 1, 9500);
    assert_false(receive());
    assert_string_equal(stream(), "");
}

static void test_last_entries_wait_for_a_moment(void **state) {
    for (int i = 0; i < 100; i++) {
        log_info("line %d", i);
    }
    log_hurry(NULL, NULL); // half a second, for nothing
    assert_false(log_journal_is_empty());
    drain();
    assert_true(log_journal_is_empty());
}

static void test_lines_keep_their_level_and_speaker(void **state) {
    stop_journal();
    log_error("trouble");
    assert_string_equal(stream(), "<3>trouble\n");
    log_message_as("demo", LOG_INFO, "text\nforged");
    assert_string_equal(stream(), "<6>demo> text\\x0aforged\n");
    start_journal();
}

static void test_journal_that_came_back_is_found(void **state) {
    int n = 0;

    stop_journal();
    log_info("to nobody");
    (void)stream();
    start_journal();
    for (; !receive(); n++) {
        assert_in_range(n, 0, PATIENCE);
        (void)usleep(10000);
        log_info("to somebody");
    }
    assert_memory_equal(fields(), "MESSAGE=to somebody|", 20);
    (void)stream();
}

static void test_entry_too_large_for_a_datagram_is_a_line(void **state) {
    char *report = calloc(1, 4u << 20);
    const struct log_field more[] = {{"REPORT", report}};

    assert_non_null(report);
    memset(report, 'x', (4u << 20) - 1);
    log_event_with(MESSAGE_ID_CRASH, more, 1, LOG_ERR, "large");
    free(report);
    assert_string_equal(stream(), "<3>large\n");
    assert_false(receive());
}

// Last: there is no way back.
static void test_forgotten_journal_hears_nothing(void **state) {
    log_journal_forget();
    log_info("in a child");
    assert_string_equal(stream(), "<6>in a child\n");
    assert_false(receive());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_has_its_fields),
        cmocka_unit_test(test_error_has_its_reason),
        cmocka_unit_test(test_event_has_its_id_and_fields),
        cmocka_unit_test(test_text_of_others_makes_no_field),
        cmocka_unit_test(test_stuck_journal_has_entries_kept_in_order),
        cmocka_unit_test(test_journal_stuck_for_long_loses_and_counts),
        cmocka_unit_test(test_last_entries_wait_for_a_moment),
        cmocka_unit_test(test_lines_keep_their_level_and_speaker),
        cmocka_unit_test(test_journal_that_came_back_is_found),
        cmocka_unit_test(test_entry_too_large_for_a_datagram_is_a_line),
        cmocka_unit_test(test_forgotten_journal_hears_nothing),
    };

    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
