// SPDX-License-Identifier: MIT
// The resolver against a name server in the same loop.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/loop/loop.h"
#include "daemon/network/address.h"
#include "daemon/network/policy-names.h"
#include "daemon/network/resolver.h"

#define DEADLINE_USEC 10000000
#define HEADER_SIZE 12
#define RECORD_SIZE 12 /* of a record before its data, the name compressed */
#define TYPE_A 1
#define TYPE_AAAA 28

static struct loop *loop;
static struct resolver *resolver;
static struct source *server_source;
static struct timer *deadline;
static int server_fd = -1;

// What the server says: addresses of both kinds, or an error, or nothing.
static const char *zone[4];
static uint8_t zone_error;
static bool is_silent;
static unsigned n_queries;

// What the resolver said.
static unsigned n_answers;
static int last_error;
static struct wire_address last[RESOLVER_ADDRESSES_MAX];
static size_t n_last;

// What Linux says to the loop.
static bool has_no_memory;
static unsigned n_failed, n_watched;

int __real_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event);

int __wrap_epoll_ctl(int epoll_fd, int operation, int fd, struct epoll_event *event) {
    int r = -1;

    errno = ENOMEM;
    if (!has_no_memory || operation == EPOLL_CTL_DEL) {
        r = __real_epoll_ctl(epoll_fd, operation, fd, event);
    }
    n_failed += r < 0;
    n_watched += r == 0 && operation != EPOLL_CTL_DEL;
    return r;
}

// -- the name server -----------------------------------------------------------------------------

static size_t add_record(uint8_t *response, size_t size, const char *text, uint8_t type) {
    struct wire_address address;
    uint8_t data_size = type == TYPE_A ? 4 : 16;
    const uint8_t record[RECORD_SIZE] = {0xc0, HEADER_SIZE, 0, type, 0, 1,
                                         0,    0,           0, 0,    0, data_size};

    assert_int_equal(address_parse(text, &address), 0);
    if ((address.family == WIRE_INET) != (type == TYPE_A)) {
        return size;
    }
    memcpy(response + size, record, sizeof(record));
    memcpy(response + size + sizeof(record), address.host, data_size);
    response[7]++;
    return size + sizeof(record) + data_size;
}

static int on_query(void *context, uint32_t events) {
    uint8_t message[1024];
    struct sockaddr_storage sender;
    socklen_t sender_size = sizeof(sender);
    ssize_t received =
        recvfrom(server_fd, message, 512, MSG_DONTWAIT, (struct sockaddr *)&sender, &sender_size);
    size_t place = HEADER_SIZE, size;

    if (received < HEADER_SIZE || is_silent) {
        return 0;
    }
    n_queries++;
    while (message[place] != 0) {
        place += 1u + message[place];
    }
    size = place + 5;
    message[2] = 0x81;
    message[3] = 0x80 | zone_error;
    memset(message + 6, 0, 6); /* no answer yet, and no additional record of the query */
    for (size_t i = 0; i < 4 && zone[i] && !zone_error; i++) {
        size = add_record(message, size, zone[i], message[place + 2]);
    }
    assert_int_equal(sendto(server_fd, message, size, 0, (struct sockaddr *)&sender, sender_size),
                     size);
    return 0;
}

static int on_deadline(void *context) {
    fail_msg("no answer");
    return 0;
}

static int setup(void **state) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    char servers[32];

    memset(zone, 0, sizeof(zone));
    zone_error = 0;
    is_silent = false;
    n_queries = n_answers = 0;
    has_no_memory = false;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (server_fd < 0 || bind(server_fd, (struct sockaddr *)&address, size) < 0 ||
        getsockname(server_fd, (struct sockaddr *)&address, &size) < 0) {
        return -1;
    }
    (void)snprintf(servers, sizeof(servers), "127.0.0.1:%u", ntohs(address.sin_port));
    if (loop_new(&loop) < 0 || resolver_new(loop, servers, &resolver) < 0 ||
        source_new(loop, server_fd, EPOLLIN, on_query, NULL, &server_source) < 0) {
        return -1;
    }
    return timer_new(loop, on_deadline, NULL, &deadline);
}

static int teardown(void **state) {
    resolver = resolver_free(resolver);
    server_source = source_free(server_source);
    deadline = timer_free(deadline);
    loop = loop_free(loop);
    server_fd = close_fd(server_fd);
    return 0;
}

// -- asking --------------------------------------------------------------------------------------

static void on_answer(void *context, int error, const struct wire_address *addresses,
                      size_t n_addresses) {
    assert_ptr_equal(context, &last);
    n_answers++;
    last_error = error;
    n_last = n_addresses;
    assert_true(n_addresses <= RESOLVER_ADDRESSES_MAX);
    memcpy(last, addresses, n_addresses * sizeof(last[0]));
    loop_exit(loop, 0);
}

static int resolve(const char *name, uint16_t family) {
    unsigned before = n_answers;

    assert_int_equal(resolver_ask(resolver, name, family, on_answer, &last), 0);
    timer_set(deadline, DEADLINE_USEC);
    while (n_answers == before) {
        assert_int_equal(loop_run(loop), 0);
    }
    timer_clear(deadline);
    assert_int_equal(n_answers, before + 1);
    return last_error;
}

static bool is_known(const char *text, const char *name) {
    struct wire_address address;
    size_t position = 0;
    const char *known;

    assert_int_equal(address_parse(text, &address), 0);
    while ((known = policy_names_next(resolver_names(resolver), &address, &position))) {
        if (strcmp(known, name) == 0) {
            return true;
        }
    }
    return false;
}

static void test_answer_given_and_remembered(void **state) {
    zone[0] = "192.0.2.1";
    zone[1] = "2001:db8::1";
    assert_int_equal(resolve("a.example.org", 0), 0);
    assert_int_equal(n_last, 2);
    assert_int_equal(last[0].port, 0);
    assert_true(is_known("192.0.2.1", "a.example.org"));
    assert_true(is_known("2001:db8::1", "a.example.org"));
    assert_false(is_known("192.0.2.2", "a.example.org"));
    assert_false(is_known("192.0.2.1", "example.org"));

    assert_int_equal(resolve("b.example.org", WIRE_INET), 0);
    assert_int_equal(n_last, 1);
    assert_int_equal(last[0].family, WIRE_INET);
    assert_int_equal(resolve("b.example.org", WIRE_INET6), 0);
    assert_int_equal(n_last, 1);
    assert_int_equal(last[0].family, WIRE_INET6);
}

static void test_addresses_of_this_machine_dropped(void **state) {
    static const char *const bad[] = {
        "127.0.0.1",       "127.255.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255",
        "169.254.169.254", "::1",         "::",      "fe80::1", "febf::1",   "ff02::1",
        "::ffff:127.0.0.1"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        zone[0] = bad[i];
        zone[1] = NULL;
        assert_int_equal(resolve("evil.example.org", 0), ENOENT);
        assert_false(is_known(bad[i], "evil.example.org"));
        zone[1] = "198.51.100.1";
        assert_int_equal(resolve("evil.example.org", 0), 0);
        assert_int_equal(n_last, 1);
        assert_false(is_known(bad[i], "evil.example.org"));
    }
}

static void test_mapped_answer_is_the_ipv4_address(void **state) {
    zone[0] = "::ffff:192.0.2.7";
    assert_int_equal(resolve("a.example.org", WIRE_INET6), 0);
    assert_int_equal(last[0].family, WIRE_INET);
    assert_true(is_known("192.0.2.7", "a.example.org"));
}

static void test_failures_told_apart(void **state) {
    zone_error = 3;
    assert_int_equal(resolve("a.example.org", 0), ENOENT);
    zone_error = 2;
    assert_int_equal(resolve("a.example.org", WIRE_INET), EAGAIN);
    zone_error = 0;
    assert_int_equal(resolve("a.example.org", 0), ENOENT); /* a name without addresses */
}

static void test_lookups_bounded_and_ended(void **state) {
    is_silent = true;
    for (unsigned i = 0; i < RESOLVER_LOOKUPS_MAX; i++) {
        assert_int_equal(resolver_ask(resolver, "a.example.org", 0, on_answer, &last), 0);
    }
    assert_int_equal(resolver_ask(resolver, "a.example.org", 0, on_answer, &last), EBUSY);
    assert_int_equal(n_answers, 0);
    resolver = resolver_free(resolver);
    assert_int_equal(n_answers, RESOLVER_LOOKUPS_MAX);
    assert_int_equal(last_error, ECANCELED);
}

// Whose worker died; the next one starts with none in flight.
static void test_cancelled_lookups_make_room(void **state) {
    is_silent = true;
    for (unsigned i = 0; i < RESOLVER_LOOKUPS_MAX; i++) {
        assert_int_equal(resolver_ask(resolver, "a.example.org", 0, on_answer, &last), 0);
    }
    resolver_cancel(resolver);
    assert_int_equal(n_answers, RESOLVER_LOOKUPS_MAX);
    assert_int_equal(last_error, ECANCELED);

    is_silent = false;
    zone[0] = "192.0.2.1";
    assert_int_equal(resolve("a.example.org", WIRE_INET), 0);
    assert_true(is_known("192.0.2.1", "a.example.org"));
    resolver_cancel(NULL);
}

static void test_hosts_file_answers_at_once(void **state) {
    if (access("/etc/hosts", R_OK) < 0) {
        skip(); /* a bare root without it */
    }
    assert_int_equal(resolver_ask(resolver, "localhost", WIRE_INET, on_answer, &last), 0);
    assert_int_equal(n_answers, 1);
    assert_int_equal(last_error, 0);
    assert_true(is_known("127.0.0.1", "localhost"));
    assert_int_equal(n_queries, 0);
}

// Asks while no socket can be watched.
static void ask_unwatched(void) {
    zone[0] = "192.0.2.1";
    has_no_memory = true;
    n_failed = n_watched = 0;
    assert_int_equal(resolver_ask(resolver, "a.example.org", WIRE_INET, on_answer, &last), 0);
    assert_true(n_failed > 0);
    assert_int_equal(n_watched, 0);
    has_no_memory = false;
    n_failed = 0;
}

static void test_unwatched_socket_watched_later(void **state) {
    ask_unwatched();
    timer_set(deadline, DEADLINE_USEC);
    while (n_answers == 0) {
        assert_int_equal(loop_run(loop), 0);
    }
    assert_int_equal(last_error, 0);
    assert_int_equal(n_failed, 0);
}

static void test_unwatched_socket_watched_by_the_next_question(void **state) {
    ask_unwatched();
    assert_int_equal(resolver_ask(resolver, "b.example.org", WIRE_INET, on_answer, &last), 0);
    assert_true(n_watched > 0);
    timer_set(deadline, DEADLINE_USEC);
    while (n_answers < 2) {
        assert_int_equal(loop_run(loop), 0);
        assert_int_equal(last_error, 0);
    }
}

// Its number may be another's by then.
static void test_unwatched_socket_forgotten_once_closed(void **state) {
    ask_unwatched();
    resolver_cancel(resolver);
    assert_int_equal(last_error, ECANCELED);
    assert_int_equal(resolve("b.example.org", WIRE_INET), 0);
    assert_int_equal(n_failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answer_given_and_remembered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_addresses_of_this_machine_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mapped_answer_is_the_ipv4_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failures_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lookups_bounded_and_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled_lookups_make_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hosts_file_answers_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unwatched_socket_watched_later, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unwatched_socket_watched_by_the_next_question, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_unwatched_socket_forgotten_once_closed, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
