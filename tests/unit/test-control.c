// SPDX-License-Identifier: MIT

// What is asked on the control socket, by clients that behave.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "control-client.h"
#include "control-fixture.h"
#include "daemon/app/app.h"
#include "daemon/control/control.h"
static void test_service_tells_of_itself(void **state) {
    client_asked("{\"method\":\"org.varlink.service.GetInfo\"}",
                 "\"interfaces\":[\"org.mpyd.App\",\"org.varlink.service\"]");
    client_asked("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
                 "\"parameters\":{\"interface\":\"org.mpyd.App\"}}",
                 "\\ninterface org.mpyd.App\\n");
    client_asked(
        "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
        "\"parameters\":{\"interface\":\"org.nobody\"}}",
        "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{\"interface\":"
        "\"org.nobody\"}}");
}

#define TWENTY "üüüüüüüüüüüüüüüüüüüü"

static void test_what_is_not_there_is_an_error(void **state) {
    client_asked(METHOD("Fly"), "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{"
                                "\"method\":\"org.mpyd.App.Fly\"}}");
    client_asked("{\"method\":\"org.nobody.Status\"}", "org.varlink.service.InterfaceNotFound");
    client_asked("{\"method\":\"Status\"}", "org.varlink.service.InterfaceNotFound");
    client_asked("{\"method\":\"\"}", "org.varlink.service.InterfaceNotFound");
    client_asked("{\"method\":\"org.mpyd.App.\"}", "org.varlink.service.MethodNotFound");
    // 100 bytes of a name are repeated, or what is whole of them.
    client_asked("{\"method\":\"org.mpyd.App." TWENTY TWENTY TWENTY "\"}",
                 "\"org.mpyd.App." TWENTY TWENTY "üüü\"}}");
}

static void test_parameters_are_checked_against_the_description(void **state) {
#define WRONG(parameters, name)                                                                    \
    client_asked("{\"method\":\"org.mpyd.App.Call\",\"parameters\":" parameters "}",               \
                 "\"org.varlink.service.InvalidParameter\",\"parameters\":{\"parameter\":\"" name  \
                 "\"}")
    WRONG("{}", "name");
    WRONG("{\"name\":null}", "name");
    WRONG("{\"name\":7}", "name");
    WRONG("{\"name\":\"a\\u0000b\"}", "name");
    WRONG("{\"name\":\"a\",\"more\":true}", "more");
    WRONG("{\"name\":\"a\",\"timeout_usec\":1.5}", "timeout_usec");
    WRONG("{\"name\":\"a\",\"timeout_usec\":0}", "timeout_usec");
    WRONG("{\"name\":\"a\",\"timeout_usec\":9223372036854775807}", "timeout_usec");
    client_asked("{\"method\":\"org.mpyd.App.Call\",\"parameters\":null}", "InvalidParameter");
    client_asked("{\"method\":\"org.mpyd.App.Status\",\"parameters\":null}", "\"app\":\"hello\"");
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
        "NaN",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CLEANUP_FD int fd = fixture_connect(0, true);
        const char *text = NULL;

        client_ask(fd, texts[i]);
        text = client_hear(fd);
        if (!text || text[0] != '\0') {
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
        client_give(fd, two + i, 1);
    }
    client_expect(fd, "\"app\":\"hello\"");
    client_expect(fd, "\"reports\":[]");
    client_give(fd, two, sizeof(two));
    client_expect(fd, "\"app\":\"hello\"");
    client_expect(fd, "\"reports\":[]");
    assert_null(client_hear(fd));
}

static void test_oneway_has_no_reply(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    client_ask(fd, "{\"method\":\"org.mpyd.App.Stop\",\"oneway\":true}");
    assert_null(client_hear(fd));
    assert_int_equal(fixture.n_stops, 1);
    client_ask(fd, "{\"method\":\"org.mpyd.App.Trace\",\"oneway\":true,\"more\":true}");
    assert_null(client_hear(fd));
    client_ask(fd, METHOD("Status"));
    client_expect(fd, "hello");
}

static void test_client_that_only_stops_sending_is_answered(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    assert_int_equal(send(fd, METHOD("Status"), sizeof(METHOD("Status")), 0),
                     sizeof(METHOD("Status")));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    assert_int_equal(fixture_run(0), 0);
    client_expect(fd, "hello");
    client_expect_end(fd);
}

static void test_oneway_is_served_though_its_client_is_gone(void **state) {
    static const char call[] = "{\"method\":\"org.mpyd.App.Stop\",\"oneway\":true}";
    int fd = fixture_connect(0, true);

    assert_int_equal(send(fd, call, sizeof(call), 0), sizeof(call));
    fd = close_fd(fd);
    assert_int_equal(fixture_run(0), 0);
    assert_int_equal(fixture.n_stops, 1);
}

// -- methods -------------------------------------------------------------------------------------

static void test_stop_says_how_long_it_may_take(void **state) {
    fixture.supervisor.config.stop_usec = 5000000;
    fixture.supervisor.config.abort_usec = 2000000;
    client_asked(METHOD("Stop"), "{\"parameters\":{\"deadline_usec\":7000000}}");
    assert_int_equal(fixture.n_stops, 1);
    fixture.request_return = -EAGAIN;
    fixture.supervisor.state = STATE_ENDED;
    client_asked(METHOD("Stop"),
                 "{\"error\":\"org.mpyd.App.NotRunning\",\"parameters\":{\"state\":\"ended\"}}");
}

static void test_restart_is_answered_when_the_next_worker_runs(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    client_ask(fd, METHOD("Restart"));
    assert_int_equal(fixture.n_restarts, 1);
    fixture_enter(STATE_STOPPING);
    fixture.supervisor.app.worker.generation = 2;
    fixture_enter(STATE_STARTING);
    assert_int_equal(fixture_run(0), 0);
    assert_null(client_hear(fd));
    fixture_enter(STATE_RUNNING);
    assert_int_equal(fixture_run(0), 0);
    client_expect(fd, "{\"parameters\":{\"generation\":2}}");
    fixture_enter(STATE_DEGRADED);
    client_ask(fd, METHOD("Status"));
    client_expect(fd, "degraded");
}

static void test_restart_that_fails_is_told(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    client_ask(fd, METHOD("Restart"));
    fixture.supervisor.app.worker.generation = 2;
    fixture_enter(STATE_BACKOFF);
    assert_int_equal(fixture_run(0), 0);
    client_expect(fd, "\"org.mpyd.App.NotRunning\",\"parameters\":{\"state\":\"backoff\"}");
}

static void test_client_that_goes_before_its_answer_leaves_nothing(void **state) {
    int restart = fixture_connect(0, true), trace = fixture_connect(0, true);

    client_ask(restart, METHOD("Restart"));
    client_ask(trace, "{\"method\":\"org.mpyd.App.Trace\",\"more\":true}");
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
    client_asked("{\"method\":\"org.mpyd.App.Call\",\"parameters\":{\"name\":\"a\"}}",
                 "\"org.mpyd.App.NotRunning\",\"parameters\":{\"state\":\"backoff\"}");
}

static void test_policy_says_what_and_why(void **state) {
    client_asked(METHOD("Policy"),
                 "{\"name\":\"listen\",\"value\":\"tcp:127.0.0.1:8080-8099\",\"requested\":true,"
                 "\"granted\":true,\"by\":null}");
#define MAY(action, address, said)                                                                 \
    client_asked("{\"method\":\"org.mpyd.App.Policy\",\"parameters\":{\"action\":\"" action        \
                 "\",\"address\":\"" address "\"}}",                                               \
                 said)
    MAY("listen", "tcp:127.0.0.1:8081",
        "\"allowed\":true,\"why\":\"the grant listen tcp:127.0.0.1:8080-8099 covers it\"");
    MAY("listen", "tcp:127.0.0.1:80", "\"allowed\":false");
    MAY("connect", "tcp:127.0.0.1:8081", "\"allowed\":false");
    MAY("resolve", "example.org", "\"allowed\":false");
    MAY("listen", "nonsense", "org.mpyd.App.Refused");
    MAY("fly", "tcp:127.0.0.1:80", "InvalidParameter");
    client_asked("{\"method\":\"org.mpyd.App.Policy\",\"parameters\":{\"action\":\"listen\"}}",
                 "\"parameter\":\"address\"");
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
        TEST(test_stop_says_how_long_it_may_take),
        TEST(test_restart_is_answered_when_the_next_worker_runs),
        TEST(test_restart_that_fails_is_told),
        TEST(test_client_that_goes_before_its_answer_leaves_nothing),
        TEST(test_message_without_a_worker_is_not_running),
        TEST(test_policy_says_what_and_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
