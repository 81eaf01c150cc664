// SPDX-License-Identifier: MIT
// What is kept of an exception that nothing caught, for one line about the end: which, and where.
#include <fcntl.h>
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
#include "base/utf8.h"
#include "call/calls.h"
#include "daemon/app/app.h"
#include "daemon/app/secrets.h"
#include "daemon/crash/crash.h"
#include "daemon/handler.h"
#include "tests/unit/folder.h"

static struct app app;
static char folder[40];

static int setup(void **state) {
    app = (struct app){.name = "demo"};
    (void)snprintf(folder, sizeof(folder), "/tmp/mpyd-raised-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state) {
    secrets_done(&app.secrets);
    (void)folder_remove(folder);
    return 0;
}

static void make_secret(void) {
    static const char text[] = "hunter2hunter2\n";
    char path[64];
    CLEANUP_FD int fd = -1;

    (void)snprintf(path, sizeof(path), "%s/token", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void test_raised_is_the_first_line_behind_the_frames(void **state) {
    char *names[] = {"token"};

    make_secret();
    assert_int_equal(secrets_read(folder, &app.secrets), 0);
    secrets_keep(&app.secrets, "demo", names, 1);
    crash_hear(&app, "Traceback (most recent call last):");
    crash_hear(&app, "  File \"main.py\", line 8, in f");
    assert_string_equal(app.crashes.raised, "");
    crash_hear(&app, "ValueError: hunter2hunter2\x1b[2J\nmore of it");
    crash_hear(&app, "TypeError: of what ran at exit");
    assert_string_equal(app.crashes.raised, "ValueError: **************\\x1b[2J");
    crashes_next_generation(&app.crashes);
    assert_string_equal(app.crashes.raised, "");
}

// Cut between two characters, whatever it begins with.
static void test_raised_is_bounded(void **state) {
    static const char umlaut[] = "\xc3\xbc";
    const char *raised = app.crashes.raised;

    for (size_t shift = 0; shift < 2; shift++) {
        char line[401] = "x";

        for (size_t i = shift; i + 2 < sizeof(line); i += 2) {
            memcpy(line + i, umlaut, sizeof(umlaut));
        }
        crashes_next_generation(&app.crashes);
        crash_hear(&app, line);
        assert_in_range(strlen(raised), CRASH_RAISED_SIZE - 2, CRASH_RAISED_SIZE - 1);
        assert_true(utf8_is_text((const uint8_t *)raised, strlen(raised)));
        assert_string_equal(raised + strlen(raised) - 3, "...");
    }
}

static void test_phase_is_that_of_the_first_failure(void **state) {
    app.worker = (struct worker){0};
    app_announce_phase(&app, APP_ENTER_PHASE_BOOT);
    app_announce_phase(&app, APP_ENTER_PHASE_FAILED);
    app_announce_phase(&app, APP_ENTER_PHASE_EXIT);
    app_announce_phase(&app, APP_ENTER_PHASE_FAILED);
    assert_int_equal(app.worker.ran, APP_ENTER_PHASE_BOOT);
    app.worker = (struct worker){0};
    app_announce_phase(&app, APP_ENTER_PHASE_ENTRY);
    app_announce_phase(&app, APP_ENTER_PHASE_EXIT);
    assert_int_equal(app.worker.ran, APP_ENTER_PHASE_EXIT);
}

#define IN_FOLDER(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(raised_is_the_first_line_behind_the_frames),
        IN_FOLDER(raised_is_bounded),
        IN_FOLDER(phase_is_that_of_the_first_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
