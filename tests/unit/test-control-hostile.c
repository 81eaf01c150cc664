// SPDX-License-Identifier: MIT

// Clients of the control socket that do not behave.

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
#include "control-client.h"
#include "control-fixture.h"
#include "daemon/control/connection.h"
#include "tests/fuzz/fuzz.h"
static void test_others_are_told_that_they_may_not(void **state) {
    CLEANUP_FD int fd = fixture_connect(1234, false);

    client_ask(fd, METHOD("Stop"));
    client_expect(fd, "{\"error\":\"org.varlink.service.PermissionDenied\",\"parameters\":{}}");
    client_expect_end(fd);
    assert_int_equal(fixture.n_stops, 0);
    assert_int_equal(control_count(fixture.supervisor.control)->refused, 1);
}

static void test_others_learn_nothing_by_introspection(void **state) {
    CLEANUP_FD int fd = fixture_connect(1234, false);

    client_ask(fd, "{\"method\":\"org.varlink.service.GetInfo\"}");
    client_expect(fd, "PermissionDenied");
    client_expect_end(fd);
}

static void test_others_that_say_nothing_do_not_stay(void **state) {
    CLEANUP_FD int fd = fixture_connect(1234, false);

    assert_int_equal(fixture_run(CONNECTION_PATIENCE_USEC - 1), 0);
    assert_null(client_hear(fd));
    assert_int_equal(fixture_run(1), 0);
    client_expect_end(fd);
}

static void test_half_a_call_does_not_stay(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    client_give(fd, "{\"method\"", 9);
    assert_int_equal(fixture_run(CONNECTION_PATIENCE_USEC / 2), 0);
    client_give(fd, ":", 1); // a byte now and then is no more time
    assert_null(client_hear(fd));
    assert_int_equal(fixture_run(CONNECTION_PATIENCE_USEC / 2), 0);
    client_expect_end(fd);
}

static void test_client_between_calls_may_stay(void **state) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    client_ask(fd, METHOD("Status"));
    client_expect(fd, "hello");
    assert_int_equal(fixture_run(3600000000u - 1), 0);
    client_ask(fd, METHOD("Status"));
    client_expect(fd, "hello");
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
    client_expect_end(fd);
}

static void test_long_call_within_the_limit_is_served(void **state) {
    static char text[CONNECTION_IN_MAX / 2];
    CLEANUP_FD int fd = fixture_connect(0, true);
    static const char call[] = METHOD("Status");

    memset(text, ' ', sizeof(text));
    memcpy(text + sizeof(text) - sizeof(call), call, sizeof(call));
    for (size_t i = 0; i < sizeof(text); i += sizeof(text) / 16) {
        client_give(fd, text + i, sizeof(text) / 16);
    }
    client_expect(fd, "hello");
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
    client_expect_end(fd);
    assert_int_equal(count_descriptors(), n_before - 1); // the connection's, and none came
}

static void test_clients_are_counted_by_user(void **state) {
    int fds[CONTROL_CLIENTS_MAX + 1];
    unsigned n = 0;

    for (unsigned i = 0; i < CONTROL_USER_MAX + 1; i++) {
        fds[n++] = fixture_connect(1000, true);
    }
    client_expect_end(fds[n - 1]);
    assert_null(client_hear(fds[n - 2]));
    for (; n < CONTROL_CLIENTS_MAX + 1; n++) {
        fds[n] = fixture_connect(0, true);
        assert_null(client_hear(fds[n]));
    }
    fds[0] = close_fd(fds[0]);
    assert_int_equal(fixture_run(0), 0);
    fds[0] = fixture_connect(1000, true);
    client_ask(fds[0], METHOD("Status"));
    client_expect(fds[0], "hello");
    for (unsigned i = 0; i < n; i++) {
        close_fd(fds[i]);
    }
}

static void test_clients_that_are_too_many_are_turned_away(void **state) {
    int fds[CONTROL_CLIENTS_MAX + 1];

    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX + 1; i++) {
        fds[i] = fixture_connect(0, true);
    }
    client_expect_end(fds[CONTROL_CLIENTS_MAX]);
    client_ask(fds[0], METHOD("Status"));
    client_expect(fds[0], "hello");
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX + 1; i++) {
        close_fd(fds[i]);
    }
}

static void test_others_take_no_room_of_those_who_may(void **state) {
    int fds[100];

    for (unsigned i = 0; i < 100; i++) {
        fds[i] = fixture_connect(5000 + i, false);
    }
    client_expect_end(fds[99]);
    client_asked(METHOD("Status"), "hello");
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
