// SPDX-License-Identifier: MIT

// The control socket and what is asked on it: by clients that behave, and by clients that do not.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "control-fixture.h"
#include "daemon/app.h"
#include "daemon/connection.h"
#include "tests/fuzz/fake-loop.h"
#include "tests/fuzz/fuzz.h"

#define REPLY_SIZE (3u << 20)

static char reply[REPLY_SIZE];

static void give(int fd, const char *text, size_t size) {
    assert_int_equal(send(fd, text, size, MSG_NOSIGNAL), size);
    assert_int_equal(fixture_run(0), 0);
}

static void ask(int fd, const char *text) {
    give(fd, text, strlen(text) + 1);
}

// The next reply; "" once the connection is at its end, NULL if there is nothing.
static const char *hear(int fd) {
    size_t n = 0;
    ssize_t got = 0;

    do {
        assert_true(n < REPLY_SIZE);
        got = recv(fd, reply + n, 1, 0);
        if (got < 0 && errno == EAGAIN && n > 0) {
            assert_int_equal(fixture_run(0), 0); // the rest comes when there is room
            got = 1;
            continue;
        }
        n += got > 0;
    } while (got > 0 && reply[n - 1] != '\0');
    if (got == 0 || (got < 0 && errno == ECONNRESET)) {
        assert_int_equal(n, 0);
        reply[0] = '\0';
        return reply;
    }
    return got < 0 ? NULL : reply;
}

static void expect(int fd, const char *part) {
    const char *text = hear(fd);

    assert_non_null(text);
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in %s", part, text);
    }
}

static void expect_end(int fd) {
    assert_string_equal(hear(fd), "");
}

static void asked(const char *text, const char *part) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    ask(fd, text);
    expect(fd, part);
}

#define METHOD(name) "{\"method\":\"org.mpyd.App." name "\"}"

// -- the protocol --------------------------------------------------------------------------------

static void test_service_tells_of_itself(void **state) {
    asked("{\"method\":\"org.varlink.service.GetInfo\"}",
          "\"interfaces\":[\"org.mpyd.App\",\"org.varlink.service\"]");
    asked("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
          "\"parameters\":{\"interface\":\"org.mpyd.App\"}}",
          "\\ninterface org.mpyd.App\\n");
    asked("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
          "\"parameters\":{\"interface\":\"org.nobody\"}}",
          "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{\"interface\":"
          "\"org.nobody\"}}");
}

static void test_what_is_not_there_is_an_error(void **state) {
    asked(METHOD("Fly"), "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{"
                         "\"method\":\"org.mpyd.App.Fly\"}}");
    asked("{\"method\":\"org.nobody.Status\"}", "org.varlink.service.InterfaceNotFound");
    asked("{\"method\":\"Status\"}", "org.varlink.service.InterfaceNotFound");
    asked("{\"method\":\"\"}", "org.varlink.service.InterfaceNotFound");
    asked("{\"method\":\"org.mpyd.App.\"}", "org.varlink.service.MethodNotFound");
}

static void test_parameters_are_checked_against_the_description(void **state) {
#define WRONG(parameters, name)                                                                    \
    asked("{\"method\":\"org.mpyd.App.Call\",\"parameters\":" parameters "}",                      \
          "\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"" name "\"}")
    WRONG("{}", "name");
    WRONG("{\"name\":null}", "name");
    WRONG("{\"name\":7}", "name");
    WRONG("{\"name\":\"a\\u0000b\"}", "name");
    WRONG("{\"name\":\"a\",\"more\":true}", "more");
    WRONG("{\"name\":\"a\",\"timeout_usec\":1.5}", "timeout_usec");
    WRONG("{\"name\":\"a\",\"timeout_usec\":0}", "timeout_usec");
    WRONG("{\"name\":\"a\",\"timeout_usec\":9223372036854775807}", "timeout_usec");
    asked("{\"method\":\"org.mpyd.App.Call\",\"parameters\":null}", "InvalidParameter");
    asked("{\"method\":\"org.mpyd.App.Status\",\"parameters\":null}", "\"app\":\"hello\"");
}

// What is no call ends the connection, with nothing said.
static void test_what_is_no_call_ends_the_connection(void **state) {
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"method\":7}",
        "{\"method\":null}",
        "{\"method\":\"a\",\"parameters\":[]}",
        "{\"method\":\"a\",\"more\":1}",
        "{\"method\":\"a\"}x",
        "\xff",
        "{\"method\":\"\xc0\xaf\"}",
        "{\"method\":\"org.mpyd.App.Status\\u0000\"}",
        "{'method':'a'}",
        "NaN",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CLEANUP_FD int fd = fixture_connect(0, true);

        ask(fd, texts[i]);
        if (!hear(fd) || reply[0] != '\0') {
            fail_msg("%s is a call", texts[i]);
        }
    }
    assert_int_equal(control_count(fixture.supervisor.control)->closed,
                     sizeof(texts) / sizeof(texts[0]));
}

static void test_calls_come_in_pieces_and_together(void **state) {
    static const char two[] = METHOD("Status") "\0" METHOD("Crash");
    CLEANUP_FD int fd = fixture_connect(0, true);

    for (size_t i = 0; i < sizeof(two); i++) {
        give(fd, two + i, 1);
    }
    expect(fd, "\"app\":\"hello\"");
    expect(fd, "\"reports\":[]");
    give(fd, two, sizeof(two));
    expect(fd, "\"app\":\"hello\"");
    expect(fd, "\"reports\":[]");
    assert_null(hear(fd));
}

static void test_oneway_has_no_reply(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    ask(fd, "{\"method\":\"org.mpyd.App.Stop\",\"oneway\":true}");
    assert_null(hear(fd));
    assert_int_equal(fixture.n_stops, 1);
    ask(fd, "{\"method\":\"org.mpyd.App.Trace\",\"oneway\":true,\"more\":true}");
    assert_null(hear(fd));
    ask(fd, METHOD("Status"));
    expect(fd, "hello");
}

static void test_client_that_only_stops_sending_is_answered(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    assert_int_equal(send(fd, METHOD("Status"), sizeof(METHOD("Status")), 0),
                     sizeof(METHOD("Status")));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_int_equal(fixture_run(0), 0);
    expect(fd, "hello");
    expect_end(fd);
}

static void test_oneway_is_served_though_its_client_is_gone(void **state) {
    int fd = fixture_connect(0, true);

    assert_true(send(fd, "{\"method\":\"org.mpyd.App.Stop\",\"oneway\":true}", 46, 0) == 46);
    fd = close_fd(fd);
    assert_int_equal(fixture_run(0), 0);
    assert_int_equal(fixture.n_stops, 1);
}

// -- hostile clients -----------------------------------------------------------------------------

static void test_others_are_told_that_they_may_not(void **state) {
    CLEANUP_FD int fd = fixture_connect(1234, false);

    ask(fd, METHOD("Stop"));
    expect(fd, "{\"error\":\"org.varlink.service.PermissionDenied\",\"parameters\":{}}");
    expect_end(fd);
    assert_int_equal(fixture.n_stops, 0);
    assert_int_equal(control_count(fixture.supervisor.control)->refused, 1);
}

static void test_others_learn_nothing_by_introspection(void **state) {
    CLEANUP_FD int fd = fixture_connect(1234, false);

    ask(fd, "{\"method\":\"org.varlink.service.GetInfo\"}");
    expect(fd, "PermissionDenied");
    expect_end(fd);
}

static void test_others_that_say_nothing_do_not_stay(void **state) {
    CLEANUP_FD int fd = fixture_connect(1234, false);

    assert_int_equal(fixture_run(CONNECTION_PATIENCE_USEC - 1), 0);
    assert_null(hear(fd));
    assert_int_equal(fixture_run(1), 0);
    expect_end(fd);
}

static void test_half_a_call_does_not_stay(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    give(fd, "{\"method\"", 9);
    assert_int_equal(fixture_run(CONNECTION_PATIENCE_USEC / 2), 0);
    give(fd, ":", 1); // a byte now and then is no more time
    assert_null(hear(fd));
    assert_int_equal(fixture_run(CONNECTION_PATIENCE_USEC / 2), 0);
    expect_end(fd);
}

static void test_client_between_calls_may_stay(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    ask(fd, METHOD("Status"));
    expect(fd, "hello");
    assert_int_equal(fixture_run(3600000000u - 1), 0);
    ask(fd, METHOD("Status"));
    expect(fd, "hello");
}

static void test_huge_call_ends_the_connection(void **state) {
    static char text[CONNECTION_IN_MAX + 1];
    CLEANUP_FD int fd = fixture_connect(0, true);
    size_t sent = 0;
    ssize_t n = 0;

    memset(text, ' ', sizeof(text));
    while (sent < sizeof(text) && (n = send(fd, text, sizeof(text) - sent, MSG_NOSIGNAL)) > 0) {
        sent += (size_t)n;
        assert_int_equal(fixture_run(0), 0);
    }
    expect_end(fd);
}

static void test_long_call_within_the_limit_is_served(void **state) {
    static char text[CONNECTION_IN_MAX / 2];
    CLEANUP_FD int fd = fixture_connect(0, true);
    static const char call[] = METHOD("Status");

    memset(text, ' ', sizeof(text));
    memcpy(text + sizeof(text) - sizeof(call), call, sizeof(call));
    for (size_t i = 0; i < sizeof(text); i += sizeof(text) / 16) {
        give(fd, text + i, sizeof(text) / 16);
    }
    expect(fd, "hello");
}

static void test_descriptors_are_not_taken(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);
    char call[] = METHOD("Status");
    struct iovec vector = {call, sizeof(call)};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
    const struct msghdr message = {.msg_iov = &vector,
                                   .msg_iovlen = 1,
                                   .msg_control = &control,
                                   .msg_controllen = sizeof(control)};
    unsigned n_before = 0;

    memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    n_before = count_descriptors();
    assert_int_equal(sendmsg(fd, &message, 0), sizeof(call));
    assert_int_equal(fixture_run(0), 0);
    expect_end(fd);
    assert_int_equal(count_descriptors(), n_before - 1); // the connection's, and none came
}

static void test_clients_are_counted_by_user(void **state) {
    int fds[CONTROL_CLIENTS_MAX + 1];
    unsigned n = 0;

    for (unsigned i = 0; i < CONTROL_USER_MAX + 1; i++) {
        fds[n++] = fixture_connect(1000, true);
    }
    expect_end(fds[n - 1]);
    assert_null(hear(fds[n - 2]));
    for (; n < CONTROL_CLIENTS_MAX + 1; n++) {
        fds[n] = fixture_connect(0, true);
        assert_null(hear(fds[n]));
    }
    fds[0] = close_fd(fds[0]);
    assert_int_equal(fixture_run(0), 0);
    fds[0] = fixture_connect(1000, true);
    ask(fds[0], METHOD("Status"));
    expect(fds[0], "hello");
    for (unsigned i = 0; i < n; i++) {
        close_fd(fds[i]);
    }
}

static void test_clients_that_are_too_many_are_turned_away(void **state) {
    int fds[CONTROL_CLIENTS_MAX + 1];

    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX + 1; i++) {
        fds[i] = fixture_connect(0, true);
    }
    expect_end(fds[CONTROL_CLIENTS_MAX]);
    ask(fds[0], METHOD("Status"));
    expect(fds[0], "hello");
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX + 1; i++) {
        close_fd(fds[i]);
    }
}

static void test_others_take_no_room_of_those_who_may(void **state) {
    int fds[100];

    for (unsigned i = 0; i < 100; i++) {
        fds[i] = fixture_connect(5000 + i, false);
    }
    expect_end(fds[99]);
    asked(METHOD("Status"), "hello");
    for (unsigned i = 0; i < 100; i++) {
        close_fd(fds[i]);
    }
}

// Calls beyond the rate wait, and none is lost.
static void test_flood_of_calls_is_served_at_a_rate(void **state) {
    static const char call[] = "{\"method\":\"org.mpyd.App.Stop\",\"oneway\":true}";
    CLEANUP_FD int fd = fixture_connect(0, true);
    unsigned n_sent = 0;

    while (n_sent < 3 * CONTROL_RATE) {
        if (send(fd, call, sizeof(call), 0) == (ssize_t)sizeof(call)) {
            n_sent++;
        } else {
            assert_int_equal(fixture_run(0), 0);
            if (fixture.n_stops >= CONTROL_RATE) {
                break;
            }
        }
    }
    assert_int_equal(fixture_run(0), 0);
    assert_in_range(fixture.n_stops, CONTROL_RATE - 1, CONTROL_RATE + 1);
    for (unsigned i = 0; i < 1000 && fixture.n_stops < n_sent; i++) {
        assert_int_equal(fixture_run(100000), 0);
    }
    assert_int_equal(fixture.n_stops, n_sent);
}

static void test_client_that_reads_nothing_is_dropped(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);
    ssize_t n = 0;

    for (unsigned i = 0; i < 2000 && n >= 0; i++) {
        n = send(fd, METHOD("Metrics"), sizeof(METHOD("Metrics")), MSG_NOSIGNAL);
        assert_int_equal(fixture_run(1000), 0);
    }
    assert_int_equal(fixture_run(CONNECTION_READ_USEC), 0);
    assert_int_equal(send(fd, "", 1, MSG_NOSIGNAL), -1);
    assert_int_equal(errno, EPIPE);
}

// -- methods -------------------------------------------------------------------------------------

static void test_stop_says_how_long_it_may_take(void **state) {
    fixture.supervisor.config.stop_usec = 5000000;
    fixture.supervisor.config.abort_usec = 2000000;
    asked(METHOD("Stop"), "{\"parameters\":{\"deadline_usec\":7000000}}");
    assert_int_equal(fixture.n_stops, 1);
    fixture.request_return = -EAGAIN;
    fixture.supervisor.state = STATE_ENDED;
    asked(METHOD("Stop"),
          "{\"error\":\"org.mpyd.App.NotRunning\",\"parameters\":{\"state\":\"ended\"}}");
}

static void test_restart_is_answered_when_the_next_worker_runs(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    ask(fd, METHOD("Restart"));
    assert_int_equal(fixture.n_restarts, 1);
    fixture_enter(STATE_STOPPING);
    fixture.supervisor.app.worker.generation = 2;
    fixture_enter(STATE_STARTING);
    assert_int_equal(fixture_run(0), 0);
    assert_null(hear(fd));
    fixture_enter(STATE_RUNNING);
    assert_int_equal(fixture_run(0), 0);
    expect(fd, "{\"parameters\":{\"generation\":2}}");
    fixture_enter(STATE_DEGRADED);
    ask(fd, METHOD("Status"));
    expect(fd, "degraded");
}

static void test_restart_that_fails_is_told(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    ask(fd, METHOD("Restart"));
    fixture.supervisor.app.worker.generation = 2;
    fixture_enter(STATE_BACKOFF);
    assert_int_equal(fixture_run(0), 0);
    expect(fd, "\"org.mpyd.App.NotRunning\",\"parameters\":{\"state\":\"backoff\"}");
}

static void test_client_that_goes_before_its_answer_leaves_nothing(void **state) {
    int restart = fixture_connect(0, true), trace = fixture_connect(0, true);

    ask(restart, METHOD("Restart"));
    ask(trace, "{\"method\":\"org.mpyd.App.Trace\",\"more\":true}");
    restart = close_fd(restart);
    trace = close_fd(trace);
    assert_int_equal(fixture_run(0), 0);
    fixture.supervisor.app.worker.generation = 2;
    fixture_enter(STATE_RUNNING);
    fixture_record(CALL_CHANNEL_NOP, "", 0, 0);
    assert_null(fixture.supervisor.app.records.watcher);
}

static void test_message_without_a_worker_is_not_running(void **state) {
    fixture.supervisor.app.worker.running = false;
    fixture.supervisor.state = STATE_BACKOFF;
    asked("{\"method\":\"org.mpyd.App.Call\",\"parameters\":{\"name\":\"a\"}}",
          "\"org.mpyd.App.NotRunning\",\"parameters\":{\"state\":\"backoff\"}");
}

static void test_policy_says_what_and_why(void **state) {
    asked(METHOD("Policy"),
          "{\"name\":\"listen\",\"value\":\"tcp:127.0.0.1:8080-8099\",\"requested\":true,"
          "\"granted\":true,\"by\":null}");
#define MAY(action, address, said)                                                                 \
    asked("{\"method\":\"org.mpyd.App.Policy\",\"parameters\":{\"action\":\"" action               \
          "\",\"address\":\"" address "\"}}",                                                      \
          said)
    MAY("listen", "tcp:127.0.0.1:8081",
        "\"allowed\":true,\"why\":\"the grant listen tcp:127.0.0.1:8080-8099 covers it\"");
    MAY("listen", "tcp:127.0.0.1:80", "\"allowed\":false");
    MAY("connect", "tcp:127.0.0.1:8081", "\"allowed\":false");
    MAY("resolve", "example.org", "\"allowed\":false");
    MAY("listen", "nonsense", "org.mpyd.App.Refused");
    MAY("fly", "tcp:127.0.0.1:80", "InvalidParameter");
    asked("{\"method\":\"org.mpyd.App.Policy\",\"parameters\":{\"action\":\"listen\"}}",
          "\"parameter\":\"address\"");
}

// -- trace ---------------------------------------------------------------------------------------

static int trace(const char *parameters) {
    int fd = fixture_connect(0, true);
    char call[512];

    (void)snprintf(call, sizeof(call),
                   "{\"method\":\"org.mpyd.App.Trace\",\"more\":true,\"parameters\":%s}",
                   parameters);
    ask(fd, call);
    return fd;
}

static void test_trace_begins_with_a_reply_and_tells_calls(void **state) {
    CLEANUP_FD int fd = trace("{}");

    expect(fd, "{\"parameters\":{\"call\":null,\"dropped\":0},\"continues\":true}");
    fixture_record(CALL_CHANNEL_NOP, "", 0, 0);
    fixture_record(CALL_SOCKET_OPEN, "", 0, EACCES);
    fixture_record(CALLS_END + 1, "", 0, ENOSYS);
    fixture_record(CALL_CHANNEL_WAIT, "", 0, APP_BROKEN);
    assert_int_equal(fixture_run(0), 0);
    expect(fd, "\"name\":\"channel.nop\",\"arguments\":\"\",\"result\":0,\"error\":null");
    expect(fd, "\"name\":\"socket.open\",\"arguments\":\"family=0, type=0\",\"error\":\"EACCES\"");
    expect(fd, "\"name\":\"call ");
    expect(fd, "\"error\":\"protocol violation\"");
    assert_null(hear(fd));
}

static void test_trace_filters(void **state) {
    CLEANUP_FD int group = trace("{\"groups\":[\"socket\"],\"calls\":[\"channel.nop\"]}");
    CLEANUP_FD int failed = trace("{\"failed\":true}");
    CLEANUP_FD int errors = trace("{\"errors\":[\"EAGAIN\"]}");

    expect(group, "null");
    expect(failed, "null");
    expect(errors, "null");
    fixture_record(CALL_CHANNEL_NOP, "", 0, 0);
    fixture_record(CALL_LOG_WRITE, "", 0, EINVAL);
    fixture_record(CALL_SOCKET_ACCEPT, "", 0, EAGAIN);
    assert_int_equal(fixture_run(0), 0);
    expect(group, "channel.nop");
    expect(group, "socket.accept");
    assert_null(hear(group));
    expect(failed, "log.write");
    expect(failed, "socket.accept");
    expect(errors, "socket.accept");
    assert_null(hear(errors));
}

static void test_trace_filters_that_mean_nothing_are_refused(void **state) {
    CLEANUP_FD int group = trace("{\"groups\":[\"sock\"]}");
    CLEANUP_FD int call = trace("{\"calls\":[\"channel\"]}");
    CLEANUP_FD int error = trace("{\"errors\":[\"EWRONG\"]}");

    expect(group, "\"parameter\":\"groups\"");
    expect(call, "\"parameter\":\"calls\"");
    expect(error, "\"parameter\":\"errors\"");
    asked(METHOD("Trace"), "org.varlink.service.ExpectedMore");
}

static void test_payloads_are_for_who_was_granted_them(void **state) {
    CLEANUP_FD int fd = trace("{}");

    expect(fd, "null");
    fixture_record(CALL_LOG_WRITE, "my words", 8, 0);
    assert_int_equal(fixture_run(0), 0);
    expect(fd, "\"arguments\":\"level=emerg, text=8 bytes\"");
    fixture.supervisor.config.trace_payloads = 1;
    {
        CLEANUP_FD int granted = trace("{}");

        expect(granted, "null");
        fixture_record(CALL_LOG_WRITE, "my \"words\"\n", 11, 0);
        assert_int_equal(fixture_run(0), 0);
        expect(granted, "text=\\\"my \\\\\\\"words\\\\\\\"\\\\n\\\"");
        fixture.supervisor.config.trace_payloads = 0; // taken away while somebody traces
        fixture_record(CALL_LOG_WRITE, "my words", 8, 0);
        assert_int_equal(fixture_run(0), 0);
        expect(granted, "text=8 bytes");
    }
}

// Nothing is kept for a reader without end, and what was left out is counted.
static void test_slow_reader_of_a_trace_misses_calls_and_knows(void **state) {
    CLEANUP_FD int fd = trace("{}");
    unsigned n = 0;

    expect(fd, "null");
    for (unsigned i = 0; i < 20000; i++) {
        fixture_record(CALL_CHANNEL_NOP, "", 0, 0);
    }
    assert_int_equal(fixture_run(CONNECTION_READ_USEC * 2), 0);
    while (hear(fd)) {
        assert_non_null(strstr(reply, "\"dropped\":0}"));
        n++;
    }
    assert_in_range(n, 1000, 19999);
    fixture_record(CALL_CHANNEL_NOP, "", 0, 0);
    assert_int_equal(fixture_run(0), 0);
    {
        char dropped[64];

        (void)snprintf(dropped, sizeof(dropped), "\"dropped\":%u}", 20000 - n);
        expect(fd, dropped);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_service_tells_of_itself),
        TEST(test_what_is_not_there_is_an_error),
        TEST(test_parameters_are_checked_against_the_description),
        TEST(test_what_is_no_call_ends_the_connection),
        TEST(test_calls_come_in_pieces_and_together),
        TEST(test_oneway_has_no_reply),
        TEST(test_client_that_only_stops_sending_is_answered),
        TEST(test_oneway_is_served_though_its_client_is_gone),
        TEST(test_others_are_told_that_they_may_not),
        TEST(test_others_learn_nothing_by_introspection),
        TEST(test_others_that_say_nothing_do_not_stay),
        TEST(test_half_a_call_does_not_stay),
        TEST(test_client_between_calls_may_stay),
        TEST(test_huge_call_ends_the_connection),
        TEST(test_long_call_within_the_limit_is_served),
        TEST(test_descriptors_are_not_taken),
        TEST(test_clients_are_counted_by_user),
        TEST(test_clients_that_are_too_many_are_turned_away),
        TEST(test_others_take_no_room_of_those_who_may),
        TEST(test_flood_of_calls_is_served_at_a_rate),
        TEST(test_client_that_reads_nothing_is_dropped),
        TEST(test_stop_says_how_long_it_may_take),
        TEST(test_restart_is_answered_when_the_next_worker_runs),
        TEST(test_restart_that_fails_is_told),
        TEST(test_client_that_goes_before_its_answer_leaves_nothing),
        TEST(test_message_without_a_worker_is_not_running),
        TEST(test_policy_says_what_and_why),
        TEST(test_trace_begins_with_a_reply_and_tells_calls),
        TEST(test_trace_filters),
        TEST(test_trace_filters_that_mean_nothing_are_refused),
        TEST(test_payloads_are_for_who_was_granted_them),
        TEST(test_slow_reader_of_a_trace_misses_calls_and_knows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
