// SPDX-License-Identifier: MIT
// Crash reports: what is in them, what is not, and that there are never too many.
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "call/calls.h"
#include "daemon/app/app.h"
#include "daemon/crash/crash.h"
#include "tests/unit/folder.h"

static struct app app;
static char folder[40];
static int state_fd;

static const struct crash_origin origin = {
    .version = "1.2", .image = "0123456789abcdef", .worker_uid = 61234};

static int setup(void **state) {
    log_set_level(LOG_EMERG);
    app = (struct app){.name = "demo", .worker = {.generation = 7, .ran = 2}};
    (void)snprintf(folder, sizeof(folder), "/tmp/mpyd-crash-XXXXXX");
    return folder_make(folder, &state_fd);
}

static int teardown(void **state) {
    crashes_done(&app.crashes);
    secrets_done(&app.secrets);
    state_fd = close_fd(state_fd);
    (void)folder_remove(folder);
    log_set_level(LOG_INFO);
    return 0;
}

// -- reports -------------------------------------------------------------------------------------

static const struct ending_facts exited = {
    .code = CLD_EXITED, .status = 120, .announced = true, .broken = ""};

static void report(enum ending ending, const struct ending_facts *facts) {
    crash_report(&app, &(struct crash_facts){.ending = ending, .facts = facts, .text = "ended"});
}

static struct json_object *newest(size_t last) {
    struct json_object *reports = NULL;

    assert_int_equal(crash_list(&app, last, &reports), 0);
    return reports;
}

static struct json_object *member(struct json_object *object, const char *name) {
    struct json_object *value = NULL;

    assert_true(json_object_object_get_ex(object, name, &value));
    return value;
}

#define TEXT(object, name) json_object_get_string(member(object, name))
#define NUMBER(object, name) json_object_get_int64(member(object, name))

static void test_report_says_what_ended_and_how(void **state) {
    struct json_object *reports = NULL, *one = NULL;

    crashes_init(&app.crashes, "demo", state_fd, &origin);
    app.heap = (struct app_heap){.size = 1000, .used = 900, .taken_usec = 1};
    report(ENDING_EXCEPTION, &exited);
    reports = newest(1);
    one = json_object_array_get_idx(reports, 0);
    assert_int_equal(NUMBER(one, "report"), 1);
    assert_string_equal(TEXT(one, "app"), "demo");
    assert_string_equal(TEXT(one, "version"), "1.2");
    assert_string_equal(TEXT(one, "image"), "0123456789abcdef");
    assert_int_equal(NUMBER(one, "generation"), 7);
    assert_string_equal(TEXT(one, "kind"), "exception");
    assert_string_equal(TEXT(one, "text"), "ended");
    assert_string_equal(TEXT(one, "phase"), "entry");
    assert_int_equal(NUMBER(one, "status"), 120);
    assert_null(member(one, "signal"));
    assert_int_equal(NUMBER(one, "worker_uid"), 61234);
    assert_int_equal(NUMBER(member(one, "heap"), "size"), 1000);
    assert_int_equal(NUMBER(member(one, "heap"), "used"), 900);
    (void)json_object_put(reports);
}

static void test_report_of_a_signal_has_its_name(void **state) {
    const struct ending_facts killed = {.code = CLD_KILLED, .status = SIGSEGV, .broken = ""};
    struct json_object *reports = NULL, *one = NULL;

    crashes_init(&app.crashes, "demo", state_fd, &origin);
    report(ENDING_SIGNAL, &killed);
    reports = newest(1);
    one = json_object_array_get_idx(reports, 0);
    assert_string_equal(TEXT(one, "kind"), "signal");
    assert_string_equal(TEXT(one, "signal"), "SIGSEGV");
    assert_null(member(one, "status"));
    assert_null(member(one, "heap"));
    (void)json_object_put(reports);
}

static void test_report_decodes_the_last_calls(void **state) {
    const struct wire_submission write = {
        .call = CALL_LOG_WRITE, .tag = 1, .arg = {6, (uint64_t)9 << 32}};
    const struct wire_submission wait = {
        .call = CALL_CHANNEL_WAIT, .tag = 2, .arg = {4, (uint64_t)-1}};
    struct json_object *reports = NULL, *calls = NULL, *call = NULL;

    crashes_init(&app.crashes, "demo", state_fd, &origin);
    recorder_add(&app.recorder, &write, NULL, 0, 0, 1, 1);
    recorder_add(&app.recorder, &write, NULL, 0, -EACCES, 1, 1);
    recorder_add(&app.recorder, &wait, NULL, 0, RECORDER_OPEN, 1, 1);
    report(ENDING_EXCEPTION, &exited);
    reports = newest(1);
    calls = member(json_object_array_get_idx(reports, 0), "calls");
    assert_int_equal(json_object_array_length(calls), 3);
    call = json_object_array_get_idx(calls, 0);
    assert_string_equal(TEXT(call, "call"), "log.write(level=info, text=9 bytes)");
    assert_int_equal(NUMBER(call, "result"), 0);
    assert_null(member(call, "error"));
    call = json_object_array_get_idx(calls, 1);
    assert_string_equal(TEXT(call, "error"), "EACCES");
    assert_null(member(call, "result"));
    call = json_object_array_get_idx(calls, 2);
    assert_string_equal(TEXT(call, "call"), "channel.wait(generation=4, timeout_usec=-1)");
    assert_null(member(call, "result"));
    assert_null(member(call, "error"));
    assert_true(NUMBER(call, "age_usec") > 0);
    (void)json_object_put(reports);
}

static void test_report_has_the_traceback_line_by_line(void **state) {
    struct json_object *reports = NULL, *lines = NULL;

    crashes_init(&app.crashes, "demo", state_fd, &origin);
    crash_hear(&app, "of an earlier worker");
    crashes_next_generation(&app.crashes);
    crash_hear(&app, "Traceback (most recent call last):");
    crash_hear(&app, "  File \"main.py\", line 8, in f\nValueError: \x1b[2J\xff");
    report(ENDING_EXCEPTION, &exited);
    reports = newest(1);
    lines = member(json_object_array_get_idx(reports, 0), "traceback");
    assert_int_equal(json_object_array_length(lines), 3);
    assert_string_equal(json_object_get_string(json_object_array_get_idx(lines, 1)),
                        "  File \"main.py\", line 8, in f");
    assert_string_equal(json_object_get_string(json_object_array_get_idx(lines, 2)),
                        "ValueError: \\x1b[2J\\xff");
    assert_false(
        json_object_get_boolean(member(json_object_array_get_idx(reports, 0), "traceback_cut")));
    (void)json_object_put(reports);
}

static void test_report_keeps_the_end_of_a_long_traceback(void **state) {
    struct json_object *reports = NULL, *lines = NULL;
    char line[100];

    crashes_init(&app.crashes, "demo", state_fd, &origin);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(line, sizeof(line), "  File \"main.py\", line 8, in f%d", i);
        crash_hear(&app, line);
    }
    report(ENDING_EXCEPTION, &exited);
    reports = newest(1);
    lines = member(json_object_array_get_idx(reports, 0), "traceback");
    assert_in_range(json_object_array_length(lines), 150, 300);
    assert_string_equal(json_object_get_string(
                            json_object_array_get_idx(lines, json_object_array_length(lines) - 1)),
                        line);
    assert_memory_equal(json_object_get_string(json_object_array_get_idx(lines, 0)), "  File", 6);
    assert_true(
        json_object_get_boolean(member(json_object_array_get_idx(reports, 0), "traceback_cut")));
    (void)json_object_put(reports);
}

static void test_report_has_no_secret(void **state) {
    char *names[] = {"token"};
    struct json_object *reports = NULL;

    assert_true(folder_write(state_fd, "token", "hunter2hunter2\n"));
    assert_int_equal(secrets_read(folder, &app.secrets), 0);
    secrets_keep(&app.secrets, "demo", names, 1);
    crashes_init(&app.crashes, "demo", state_fd, &origin);
    crash_hear(&app, "ValueError: a hunter2hunter2 is no token");
    report(ENDING_EXCEPTION, &exited);
    reports = newest(1);
    assert_null(strstr(json_object_to_json_string(reports), "hunter2"));
    assert_non_null(strstr(json_object_to_json_string(reports), "is no token"));
    (void)json_object_put(reports);
}

// The largest there can be is still an entry of the journal and a file.
static void test_report_is_bounded(void **state) {
    const struct wire_submission call = {.call = CALL_SOCKET_SENDTO,
                                         .arg = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    struct json_object *reports = NULL;

    crashes_init(&app.crashes, "demo", state_fd, &origin);
    for (int i = 0; i < 100; i++) {
        recorder_add(&app.recorder, &call, NULL, 0, -EACCES, 1, 1);
        crash_hear(&app, "\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\\"\\"
                         "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"");
    }
    report(ENDING_EXCEPTION, &exited);
    assert_true(folder_has(state_fd, "crash/000000001.json"));
    reports = newest(1);
    assert_int_equal(json_object_array_length(reports), 1);
    (void)json_object_put(reports);
}

static void test_list_without_a_directory_is_the_last_four(void **state) {
    struct json_object *reports = NULL;

    crashes_init(&app.crashes, "demo", 0, &origin);
    for (uint32_t i = 1; i <= 6; i++) {
        app.worker.generation = i;
        report(ENDING_EXCEPTION, &exited);
    }
    reports = newest(100);
    assert_int_equal(json_object_array_length(reports), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(NUMBER(json_object_array_get_idx(reports, i), "generation"), 6 - i);
        assert_null(member(json_object_array_get_idx(reports, i), "report"));
    }
    (void)json_object_put(reports);
}

static void test_list_passes_over_what_is_no_report(void **state) {
    struct json_object *reports = NULL;

    crashes_init(&app.crashes, "demo", state_fd, &origin);
    for (int i = 0; i < 3; i++) {
        report(ENDING_EXCEPTION, &exited);
    }
    assert_int_equal(unlinkat(state_fd, "crash/000000003.json", 0), 0);
    assert_int_equal(unlinkat(state_fd, "crash/000000002.json", 0), 0);
    assert_true(folder_write(state_fd, "crash/000000002.json", "{\"format\": 1, \"cal"));
    assert_int_equal(mkfifoat(state_fd, "crash/000000003.json", 0600), 0);
    reports = newest(100);
    assert_int_equal(json_object_array_length(reports), 1);
    assert_int_equal(NUMBER(json_object_array_get_idx(reports, 0), "report"), 1);
    (void)json_object_put(reports);
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(report_says_what_ended_and_how),
        IN_FOLDER(report_of_a_signal_has_its_name),
        IN_FOLDER(report_decodes_the_last_calls),
        IN_FOLDER(report_has_the_traceback_line_by_line),
        IN_FOLDER(report_keeps_the_end_of_a_long_traceback),
        IN_FOLDER(report_has_no_secret),
        IN_FOLDER(report_is_bounded),
        IN_FOLDER(list_without_a_directory_is_the_last_four),
        IN_FOLDER(list_passes_over_what_is_no_report),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
