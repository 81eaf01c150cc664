// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config-fixture.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void test_defaults(void **state) {
    struct config config;

    assert_int_equal(config_init(&config), 0);
    assert_false(config.listen.set);
    assert_false(config.connect.set);
    assert_int_equal(config.handles, 1024);
    assert_int_equal(config.arena_size, 16 << 20);
    assert_int_equal(config.stop_usec, 5000000);
    assert_int_equal(config.abort_usec, 2000000);
    assert_int_equal(config.restart, CONFIG_RESTART_ON_FAILURE);
    assert_int_equal(config.restart_delay_usec, 100000);
    assert_int_equal(config.restart_delay_max_usec, 10000000);
    assert_int_equal(config.restart_burst, 5);
    assert_int_equal(config.restart_window_usec, 60000000);
    assert_string_equal(config.optional, "");
    assert_int_equal(config.cpu, CONFIG_CPU_SAME);
    assert_int_equal(config.spin_usec, 20);
    assert_int_equal(config.calls, CONFIG_CALLS_ANY);
    assert_int_equal(config.quota_percent, 0);
    assert_int_equal(config.ready_usec, 3600000000);
    assert_int_equal(config.heartbeat_usec, 3600000000);
    assert_int_equal(config.cpu_percent, 100);
    assert_int_equal(config.cpu_window_usec, 10000000);
    config_done(&config);
    config_done(&config); /* an empty one is fine */
}

static void test_every_key_read(void **state) {
    static const char text[] = "; a comment\n"
                               "# another\n"
                               "[grants]\n"
                               "listen = tcp:127.0.0.1:8080, udp:[::1]:53\n"
                               "listen = tcp:81\n"
                               "connect = tcp:example.org:443 ; and why\n"
                               "  udp:*.ntp.org:123\n"
                               "[limits]\n"
                               "handles=12\n"
                               "log_rate = 5\n"
                               "arena = 64K\n"
                               "heap = 1M\n"
                               "doorbells = 1000\n"
                               "storage = 3M\n"
                               "[stop]\n"
                               "stop = 1min\n"
                               "abort = 0\n"
                               "[restart]\n"
                               "restart = always\r\n"
                               "delay = 1ms\n"
                               "delay_max = 2s\n"
                               "burst = 7\n"
                               "window = 1h\n"
                               "[sandbox]\n"
                               "optional = landlock, speculation\n"
                               "cpu = 0\n"
                               "spin = 0us";
    struct config config;
    char why[CONFIG_WHY_SIZE] = "";

    if (config_fixture_read(&config, text, why) != 0) {
        fail_msg("%s", why);
    }
    assert_true(config.listen.set && config.connect.set);
    assert_int_equal(config.listen.n_items, 3);
    assert_string_equal(config.listen.items[0], "tcp:127.0.0.1:8080");
    assert_string_equal(config.listen.items[1], "udp:[::1]:53");
    assert_string_equal(config.listen.items[2], "tcp:81");
    assert_int_equal(config.connect.n_items, 2);
    assert_string_equal(config.connect.items[0], "tcp:example.org:443");
    assert_string_equal(config.connect.items[1], "udp:*.ntp.org:123");
    assert_int_equal(config.handles, 12);
    assert_int_equal(config.log_rate, 5);
    assert_int_equal(config.arena_size, 64 << 10);
    assert_int_equal(config.heap_size, 1 << 20);
    assert_int_equal(config.doorbells, 1000);
    assert_int_equal(config.storage, 3 << 20);
    assert_int_equal(config.stop_usec, 60000000);
    assert_int_equal(config.abort_usec, 0);
    assert_int_equal(config.restart, CONFIG_RESTART_ALWAYS);
    assert_int_equal(config.restart_delay_usec, 1000);
    assert_int_equal(config.restart_delay_max_usec, 2000000);
    assert_int_equal(config.restart_burst, 7);
    assert_int_equal(config.restart_window_usec, 3600000000);
    assert_string_equal(config.optional, "landlock, speculation");
    assert_int_equal(config.cpu, 0);
    assert_int_equal(config.spin_usec, 0);
    config_done(&config);
}

static void test_every_key_of_health_read(void **state) {
    static const char text[] = "[limits]\ncalls = 10\ncpu = 250\n"
                               "[health]\nready = 5s\nheartbeat = 100ms\ncpu = 80\n"
                               "cpu_window = 1min\n";
    struct config config;
    char why[CONFIG_WHY_SIZE] = "";

    assert_int_equal(config_fixture_read(&config, text, why), 0);
    assert_int_equal(config.calls, 10);
    assert_int_equal(config.quota_percent, 250);
    assert_int_equal(config.ready_usec, 5000000);
    assert_int_equal(config.heartbeat_usec, 100000);
    assert_int_equal(config.cpu_percent, 80);
    assert_int_equal(config.cpu_window_usec, 60000000);
    config_done(&config);
}

static void test_lines_of_grants_kept(void **state) {
    struct config config;
    char why[CONFIG_WHY_SIZE] = "";

    assert_int_equal(
        config_fixture_read(&config,
                            "[grants]\n\nlisten = tcp:1, tcp:2\n  tcp:3\nconnect = tcp:4\n", why),
        0);
    assert_int_equal(config.listen.n_items, 3);
    assert_int_equal(config.listen.lines[0], 3);
    assert_int_equal(config.listen.lines[1], 3);
    assert_int_equal(config.listen.lines[2], 4);
    assert_int_equal(config.connect.lines[0], 5);
    config_done(&config);
}

static void test_empty_grants_leave_nothing(void **state) {
    struct config config;
    char why[CONFIG_WHY_SIZE] = "";

    assert_int_equal(config_fixture_read(&config, "[grants]\nconnect =\n", why), 0);
    assert_true(config.connect.set);
    assert_int_equal(config.connect.n_items, 0);
    assert_false(config.listen.set);
    config_done(&config);
}

static void test_empty_file_leaves_defaults(void **state) {
    struct config config;
    char why[CONFIG_WHY_SIZE] = "";

    assert_int_equal(config_fixture_read(&config, "\n\n; nothing\n", why), 0);
    assert_int_equal(config.restart_burst, 5);
    config_done(&config);
}

static void test_unknown_refused(void **state) {
    config_fixture_refuses("[limits]\nhandles = 1\n\nhandle = 1\n",
                           "a.conf:4: there is no key handle in [limits]");
    config_fixture_refuses("\n[limit]\nhandles = 1\n", "a.conf:2: there is no section [limit]");
    config_fixture_refuses("[colours]\n", "a.conf:1: there is no section [colours]");
    config_fixture_refuses("handles = 1\n", "a.conf:1: handles stands in no section");
    config_fixture_refuses("[limits]\nHandles = 1\n",
                           "a.conf:2: there is no key Handles in [limits]");
    config_fixture_refuses("[stop]\nhandles = 1\n", "a.conf:2: there is no key handles in [stop]");
    config_fixture_refuses("[limits]\nhandles\n", "a.conf:2: neither [SECTION] nor KEY = VALUE");
}

static void test_bad_values_refused(void **state) {
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"[limits]\nhandles = many\n", "[limits] handles: \"many\" is not a number"},
        {"[limits]\nhandles =\n", "[limits] handles: \"\" is not a number"},
        {"[limits]\nhandles = -1\n", "[limits] handles: \"-1\" is not a number"},
        {"[limits]\ncpu = 50%\n", "[limits] cpu: \"50%\" is not a number"},
        {"[limits]\nhandles = 0\n", "[limits] handles: \"0\" is not from 1 to 1024"},
        {"[limits]\nhandles = 1025\n", "[limits] handles: \"1025\" is not from 1 to 1024"},
        {"[limits]\narena = 63K\n", "[limits] arena: \"63K\" is not from 64K to 16M"},
        {"[limits]\narena = 1T\n", "[limits] arena: \"1T\" is not a number of bytes"},
        {"[stop]\nstop = soon\n", "[stop] stop: \"soon\" is not a time span"},
        {"[stop]\nstop = 25h\n", "[stop] stop: \"25h\" is not from 0 to 24h"},
        {"[restart]\nrestart = maybe\n",
         "[restart] restart: \"maybe\" is not no, on-failure or always"},
        {"[sandbox]\ncpu = -1\n", "[sandbox] cpu: \"-1\" is not same, any or a CPU's number"},
        {"[sandbox]\noptional = a/b\n",
         "[sandbox] optional: the sandbox has no layer \"a/b\"; the log of a start names all"},
        {"[limits]\ndoorbells = 1\n", "[limits] doorbells: \"1\" is not from 1000 to 10000000"},
        {"[sandbox]\nspin = 1s\n", "[sandbox] spin: \"1s\" is not from 0 to 1ms"},
        {"[sandbox]\noptional = landlock, landlok\n",
         "[sandbox] optional: the sandbox has no layer \"landlok\"; the log of a start names all"},
        {"[grants]\nlisten = sctp:1\n",
         "[grants] listen: \"sctp:1\": a grant begins with tcp: or udp:"},
        {"[grants]\nlisten = tcp:*:1 # all\n",
         "[grants] listen: \"tcp:*:1 # all\": only a line of its own can be a comment with #; "
         "after a value, write \" ;\""},
        {"[stop]\nstop = 1s # soon\n",
         "[stop] stop: \"1s # soon\": only a line of its own can be a comment with #; "
         "after a value, write \" ;\""},
        {"[grants]\nlisten = tcp:1,\n", "[grants] listen: \"tcp:1,\" is not a list of grants"},
        {"[grants]\nlisten = ,tcp:1\n", "[grants] listen: \",tcp:1\" is not a list of grants"},
        {"[grants]\nlisten = tcp:1,,tcp:2\n",
         "[grants] listen: \"tcp:1,,tcp:2\" is not a list of grants"},
    };

    for (size_t i = 0; i < N(bad); i++) {
        char message[CONFIG_WHY_SIZE];

        (void)snprintf(message, sizeof(message), "a.conf:2: %s", bad[i].message);
        config_fixture_refuses(bad[i].text, message);
    }
}

static void test_bad_header_told_on_its_line(void **state) {
    config_fixture_refuses("[limits\n", "a.conf:1: no ] ends the name of the section");
    config_fixture_refuses("[grants\nlisten = tcp:1\n",
                           "a.conf:1: no ] ends the name of the section");
    config_fixture_refuses("[stop]\n[limits] stop = 1\n",
                           "a.conf:2: something follows the ] of the section");
    config_fixture_refuses("handles\nred = 1\n", "a.conf:1: neither [SECTION] nor KEY = VALUE");
}

static void test_comments_passed_over(void **state) {
    struct config config;
    char why[CONFIG_WHY_SIZE] = "";

    if (config_fixture_read(&config, "[stop] ; of an app\n  # indented\nstop = 1s ; soon\n", why) !=
        0) {
        fail_msg("%s", why);
    }
    assert_int_equal(config.stop_usec, 1000000);
    config_done(&config);
}

static void test_delay_above_its_maximum_refused(void **state) {
    config_fixture_refuses("[restart]\ndelay = 10s\ndelay_max = 1s\n",
                           "a.conf:3: [restart] delay is longer than delay_max");
    config_fixture_refuses("[restart]\ndelay_max = 1s\ndelay = 10s\n\n",
                           "a.conf:3: [restart] delay is longer than delay_max");
    config_fixture_refuses("[restart]\ndelay = 11s\n\n",
                           "a.conf:2: [restart] delay is longer than delay_max (10s by default)");
    config_fixture_refuses("[restart]\ndelay_max = 0\n",
                           "a.conf:2: [restart] delay (100ms by default) is longer than delay_max");
}

static void test_missing_processor_refused(void **state) {
    long last = sysconf(_SC_NPROCESSORS_CONF) - 1;
    char text[64], message[128];

    (void)snprintf(text, sizeof(text), "[sandbox]\ncpu = %ld\n", last + 1);
    (void)snprintf(message, sizeof(message),
                   "a.conf:2: [sandbox] cpu: this machine has no CPU %ld, the last one is %ld",
                   last + 1, last);
    config_fixture_refuses(text, message);
}

static void test_too_many_grants_refused(void **state) {
    char text[4096] = "[grants]\n";
    size_t size = strlen(text);

    for (int i = 0; i <= 256; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "listen=tcp:1\n");
    }
    config_fixture_refuses(text, "a.conf:258: [grants] listen: more than 256 grants");
}

static void test_twice_refused_but_for_lists(void **state) {
    config_fixture_refuses("[stop]\nstop = 1s\nstop = 1s\n", "a.conf:3: [stop] stop is set twice");
    config_fixture_refuses("[stop]\nstop = 1s\n  2s\n", "a.conf:3: [stop] stop is set twice");
}

static void test_first_of_several_errors_told(void **state) {
    config_fixture_refuses("[stop]\nstop = x\n[nowhere]\na = b\n",
                           "a.conf:2: [stop] stop: \"x\" is not a time span");
}

static void test_unreadable_lines_refused(void **state) {
    static const char nul[] = "[limits]\nhandles = 1\0"
                              "2\n";
    struct config config;
    char why[CONFIG_WHY_SIZE] = "", text[1024];

    assert_int_equal(config_fixture_read_bytes(&config, nul, sizeof(nul) - 1, why), -EINVAL);
    assert_string_equal(why, "a.conf:2: a NUL byte");
    config_done(&config);

    memset(text, ' ', sizeof(text));
    (void)snprintf(text, sizeof(text), "[limits]\nhandles = 1%600s\n", "2");
    assert_int_equal(config_fixture_read(&config, text, why), -EINVAL);
    assert_string_equal(why, "a.conf:2: the line is too long");
    config_done(&config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_every_key_read),
        cmocka_unit_test(test_every_key_of_health_read),
        cmocka_unit_test(test_lines_of_grants_kept),
        cmocka_unit_test(test_empty_grants_leave_nothing),
        cmocka_unit_test(test_empty_file_leaves_defaults),
        cmocka_unit_test(test_unknown_refused),
        cmocka_unit_test(test_bad_values_refused),
        cmocka_unit_test(test_bad_header_told_on_its_line),
        cmocka_unit_test(test_comments_passed_over),
        cmocka_unit_test(test_delay_above_its_maximum_refused),
        cmocka_unit_test(test_missing_processor_refused),
        cmocka_unit_test(test_too_many_grants_refused),
        cmocka_unit_test(test_twice_refused_but_for_lists),
        cmocka_unit_test(test_first_of_several_errors_told),
        cmocka_unit_test(test_unreadable_lines_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
