// SPDX-License-Identifier: MIT

// Traces: which calls are told, what of them, and what of those that are not read.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "control-client.h"
#include "control-fixture.h"
#include "daemon/app/app.h"
#include "daemon/control/connection.h"
static int trace(const char *parameters) {
    int fd = fixture_connect(0, true);
    char call[512];

    (void)snprintf(call, sizeof(call),
                   "{\"method\":\"org.mpyd.App.Trace\",\"more\":true,\"parameters\":%s}",
                   parameters);
    client_ask(fd, call);
    return fd;
}

static void test_trace_begins_with_a_reply_and_tells_calls(void **state) {
    CLEANUP_FD int fd = trace("{}");

    client_expect(fd, "{\"parameters\":{\"call\":null,\"dropped\":0},\"continues\":true}");
    fixture_record(CALL_CHANNEL_NOP, "", 0, 0);
    fixture_record(CALL_SOCKET_OPEN, "", 0, EACCES);
    fixture_record(CALLS_END + 1, "", 0, ENOSYS);
    fixture_record(CALL_CHANNEL_WAIT, "", 0, APP_BROKEN);
    assert_int_equal(fixture_run(0), 0);
    client_expect(fd, "\"name\":\"channel.nop\",\"arguments\":\"\",\"result\":0,\"error\":null");
    client_expect(
        fd, "\"name\":\"socket.open\",\"arguments\":\"family=0, type=0\",\"error\":\"EACCES\"");
    client_expect(fd, "\"name\":\"call ");
    client_expect(fd, "\"error\":\"protocol violation\"");
    assert_null(client_hear(fd));
}

static void test_trace_filters(void **state) {
    CLEANUP_FD int group = trace("{\"groups\":[\"socket\"],\"calls\":[\"channel.nop\"]}");
    CLEANUP_FD int failed = trace("{\"failed\":true}");
    CLEANUP_FD int errors = trace("{\"errors\":[\"EAGAIN\"]}");

    client_expect(group, "null");
    client_expect(failed, "null");
    client_expect(errors, "null");
    fixture_record(CALL_CHANNEL_NOP, "", 0, 0);
    fixture_record(CALL_LOG_WRITE, "", 0, EINVAL);
    fixture_record(CALL_SOCKET_ACCEPT, "", 0, EAGAIN);
    assert_int_equal(fixture_run(0), 0);
    client_expect(group, "channel.nop");
    client_expect(group, "socket.accept");
    assert_null(client_hear(group));
    client_expect(failed, "log.write");
    client_expect(failed, "socket.accept");
    client_expect(errors, "socket.accept");
    assert_null(client_hear(errors));
}

static void test_trace_filters_that_mean_nothing_are_refused(void **state) {
    CLEANUP_FD int group = trace("{\"groups\":[\"sock\"]}");
    CLEANUP_FD int call = trace("{\"calls\":[\"channel\"]}");
    CLEANUP_FD int error = trace("{\"errors\":[\"EWRONG\"]}");

    client_expect(group, "\"parameter\":\"groups\"");
    client_expect(call, "\"parameter\":\"calls\"");
    client_expect(error, "\"parameter\":\"errors\"");
    client_asked(METHOD("Trace"), "org.varlink.service.ExpectedMore");
}

static void test_payloads_are_for_who_was_granted_them(void **state) {
    CLEANUP_FD int fd = trace("{}");

    client_expect(fd, "null");
    fixture_record(CALL_LOG_WRITE, "my words", 8, 0);
    assert_int_equal(fixture_run(0), 0);
    client_expect(fd, "\"arguments\":\"level=emerg, text=8 bytes\"");
    fixture.supervisor.config.trace_payloads = 1;
    {
        CLEANUP_FD int granted = trace("{}");

        client_expect(granted, "null");
        fixture_record(CALL_LOG_WRITE, "my \"words\"\n", 11, 0);
        assert_int_equal(fixture_run(0), 0);
        client_expect(granted, "text=\\\"my \\\\\\\"words\\\\\\\"\\\\n\\\"");
        fixture.supervisor.config.trace_payloads = 0; // taken away while somebody traces
        fixture_record(CALL_LOG_WRITE, "my words", 8, 0);
        assert_int_equal(fixture_run(0), 0);
        client_expect(granted, "text=8 bytes");
    }
}

// A secret of the app's own that it sends on is shown to nobody, whatever else is.
static void test_secrets_are_struck_out_of_payloads(void **state) {
    static char *const granted[] = {"password"};
    struct app *app = &fixture.supervisor.app;
    char directory[] = "/tmp/test-control-trace-XXXXXX";
    char path[sizeof(directory) + sizeof("/password")];
    FILE *file = NULL;

    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/password", directory);
    file = fopen(path, "we");
    assert_true(file && fputs("hunter2", file) != EOF && fclose(file) == 0);
    assert_int_equal(secrets_read(directory, &app->secrets), 0);
    secrets_keep(&app->secrets, "hello", granted, 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);

    fixture.supervisor.config.trace_payloads = 1;
    {
        CLEANUP_FD int fd = trace("{}");

        client_expect(fd, "null");
        fixture_record(CALL_LOG_WRITE, "it is hunter2!", 14, 0);
        assert_int_equal(fixture_run(0), 0);
        client_expect(fd, "it is *******!");
    }
}

// Nothing is kept for a reader without end, and what was left out is counted.
static void test_slow_reader_of_a_trace_misses_calls_and_knows(void **state) {
    CLEANUP_FD int fd = trace("{}");
    const char *text = NULL;
    unsigned n = 0;

    client_expect(fd, "null");
    for (unsigned i = 0; i < 20000; i++) {
        fixture_record(CALL_CHANNEL_NOP, "", 0, 0);
    }
    assert_int_equal(fixture_run(CONNECTION_READ_USEC * 2), 0);
    while ((text = client_hear(fd))) {
        assert_non_null(strstr(text, "\"dropped\":0}"));
        n++;
    }
    assert_in_range(n, 1000, 19999);
    fixture_record(CALL_CHANNEL_NOP, "", 0, 0);
    assert_int_equal(fixture_run(0), 0);
    {
        char dropped[64];

        (void)snprintf(dropped, sizeof(dropped), "\"dropped\":%u}", 20000 - n);
        client_expect(fd, dropped);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_trace_begins_with_a_reply_and_tells_calls),
        TEST(test_trace_filters),
        TEST(test_trace_filters_that_mean_nothing_are_refused),
        TEST(test_payloads_are_for_who_was_granted_them),
        TEST(test_secrets_are_struck_out_of_payloads),
        TEST(test_slow_reader_of_a_trace_misses_calls_and_knows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
