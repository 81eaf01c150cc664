// SPDX-License-Identifier: MIT
// An app's messages: nothing a terminal obeys gets through, and no more lines than the quota
// allows.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/log.h"
#include "daemon/app/app-log.h"

// -- escaping ------------------------------------------------------------------------------------

static const struct {
    const char *text, *line;
} escapes[] = {
    {"", ""},
    {"plain text", "plain text"},
    {"tab\tstays", "tab\tstays"},
    {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
    {"\xf0\x9f\x8c\xa1 21", "\xf0\x9f\x8c\xa1 21"},
    {"\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"},
    {"over\rwritten", "over\\x0dwritten"},
    {"back\b\x7f", "back\\x08\\x7f"},
    {"\xc2\x9b"
     "31m",
     "\\x9b31m"}, // C1: CSI in one character
    {"\xe2\x80\xae"
     "drow",
     "\\u202edrow"}, // right-to-left override
    {"a\xe2\x80\xa8"
     "b",
     "a\\u2028b"}, // line separator
    {"\xe2\x81\xa6"
     "x\xe2\x81\xa9",
     "\\u2066x\\u2069"}, // isolates
    {"\xef\xbb\xbf", "\\ufeff"},
    {"\xff\xfe", "\\xff\\xfe"}, // no UTF-8 at all
    {"\xc3", "\\xc3"},
};

static void test_escape_every_row(void **state) {
    char line[APP_LOG_LINE_SIZE];

    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        assert_null(escape_line(escapes[i].text, line, sizeof(line)));
        assert_string_equal(line, escapes[i].line);
    }
}

static void test_escape_goes_line_by_line(void **state) {
    char line[APP_LOG_LINE_SIZE];
    const char *next = escape_line("one\n\ntwo\n", line, sizeof(line));

    assert_string_equal(line, "one");
    next = escape_line(next, line, sizeof(line));
    assert_string_equal(line, "");
    next = escape_line(next, line, sizeof(line));
    assert_string_equal(line, "two");
    assert_null(next);
}

static void test_escape_too_long_cut_within_room(void **state) {
    char text[100], line[20];

    memset(text, '\x1b', sizeof(text));
    memcpy(text + 97, "\nb", 3);
    memset(line, '#', sizeof(line));
    assert_string_equal(escape_line(text, line, sizeof(line)), "b");
    assert_string_equal(line, "\\x1b\\x1b\\x1b\\x1b...");
}

// -- what reaches standard error -----------------------------------------------------------------

static struct app_log app_log;
static struct loop *loop;
static int captured, saved;

static int setup(void **state) {
    captured = memfd_create("stderr", MFD_CLOEXEC);
    saved = dup(STDERR_FILENO);
    if (captured < 0 || saved < 0 || dup2(captured, STDERR_FILENO) < 0 || loop_new(&loop) < 0) {
        return -1;
    }
    return app_log_init(&app_log, loop, "demo");
}

static int teardown(void **state) {
    app_log_done(&app_log);
    loop = loop_free(loop);
    log_set_level(LOG_INFO);
    (void)dup2(saved, STDERR_FILENO);
    captured = close_fd(captured);
    saved = close_fd(saved);
    return 0;
}

static const char *output(void) {
    static char text[65536];
    ssize_t n = pread(captured, text, sizeof(text) - 1, 0);

    assert_true(n >= 0);
    text[n] = '\0';
    return text;
}

static void test_write_prefixes_every_line_with_the_app(void **state) {
    app_log_set_rate(&app_log, 100);
    app_log_write(&app_log, LOG_INFO, "first\nmpyd: forged\n");
    assert_string_equal(output(), "demo: first\ndemo: mpyd: forged\n");
}

// What a message quotes, the name of a file as a rule, is anybody's.
static void test_message_says_nothing_to_a_terminal(void **state) {
    log_error("%s: no", "/tmp/gr\xc3\xbc\xc3\x9f");
    log_error("%s: no", "/tmp/a\nmpyd: forged");
    (void)log_errno(-ENOENT, "cannot open %s", "\x1b[2J\xff\xe2\x80\xae");
    assert_string_equal(output(), "mpyd: /tmp/gr\xc3\xbc\xc3\x9f: no\n"
                                  "mpyd: /tmp/a\\x0ampyd: forged: no\n"
                                  "mpyd: cannot open \\x1b[2J\\xff\\u202e: "
                                  "No such file or directory\n");
}

static void test_message_too_long_cut_within_a_line(void **state) {
    static char text[20000];

    memset(text, '\n', sizeof(text) - 1);
    log_error("%s", text);
    assert_in_range(strlen(output()), 8000, 8192);
    assert_ptr_equal(strchr(output(), '\n'), output() + strlen(output()) - 1);
    assert_non_null(strstr(output(), "\\x0a\\x0a"));
}

static void test_write_level_above_threshold_left_out(void **state) {
    app_log_set_rate(&app_log, 100);
    log_set_level(LOG_WARNING);
    app_log_write(&app_log, LOG_DEBUG, "detail");
    app_log_write(&app_log, LOG_ERR, "trouble");
    assert_string_equal(output(), "demo: trouble\n");
}

// A text of many lines is charged for each: a flood in one call is a flood.
static void test_write_above_rate_dropped_and_counted(void **state) {
    app_log_set_rate(&app_log, 3);
    app_log_write(&app_log, LOG_INFO, "1\n2\n3\n4\n5\n6\n7");
    app_log_report(&app_log);
    assert_string_equal(output(), "demo: 1\ndemo: 2\ndemo: 3\n"
                                  "mpyd: demo: 4 log messages dropped, limit is 3 a second\n");
    assert_int_equal(app_log.n_dropped, 0);
}

static void test_write_last_words_of_a_chatty_app_kept(void **state) {
    app_log_set_rate(&app_log, 1);
    app_log_write(&app_log, LOG_INFO, "1\n2\n3");
    app_log_write(&app_log, LOG_ERR, "Traceback:\n  File\nValueError");
    assert_string_equal(output(), "demo: 1\ndemo: Traceback:\ndemo:   File\ndemo: ValueError\n");
}

static void test_write_errors_above_their_rate_dropped(void **state) {
    app_log_set_rate(&app_log, 1);
    for (int i = 0; i < 100; i++) {
        app_log_write(&app_log, LOG_ERR, "again");
    }
    assert_int_equal(app_log.n_dropped, 100 - 64);
}

// -- the quota -----------------------------------------------------------------------------------

static void test_quota_gives_rate_and_no_more(void **state) {
    struct quota quota;
    uint64_t now = 5000000;

    quota_init(&quota, 10, now);
    for (int i = 0; i < 10; i++) {
        assert_true(quota_take(&quota, now));
    }
    assert_false(quota_take(&quota, now));
    assert_false(quota_take(&quota, now + 99999));
    assert_true(quota_take(&quota, now + 100000));
    assert_false(quota_take(&quota, now + 100000));
}

static void test_quota_rest_fills_to_rate_only(void **state) {
    struct quota quota;
    uint64_t now = 0;
    int n = 0;

    quota_init(&quota, 10, now);
    for (now = UINT64_MAX / 2; quota_take(&quota, now); n++) {
    }
    assert_int_equal(n, 10);
}

static void test_quota_of_zero_gives_none(void **state) {
    struct quota quota;

    quota_init(&quota, 0, 0);
    assert_false(quota_take(&quota, 0));
    assert_false(quota_take(&quota, 10000000));
}

#define CAPTURED(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape_every_row),
        cmocka_unit_test(test_escape_goes_line_by_line),
        cmocka_unit_test(test_escape_too_long_cut_within_room),
        CAPTURED(message_says_nothing_to_a_terminal),
        CAPTURED(message_too_long_cut_within_a_line),
        CAPTURED(write_prefixes_every_line_with_the_app),
        CAPTURED(write_level_above_threshold_left_out),
        CAPTURED(write_above_rate_dropped_and_counted),
        CAPTURED(write_last_words_of_a_chatty_app_kept),
        CAPTURED(write_errors_above_their_rate_dropped),
        cmocka_unit_test(test_quota_gives_rate_and_no_more),
        cmocka_unit_test(test_quota_rest_fills_to_rate_only),
        cmocka_unit_test(test_quota_of_zero_gives_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
