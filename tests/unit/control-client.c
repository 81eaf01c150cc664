// SPDX-License-Identifier: MIT
#include "control-client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "control-fixture.h"

#define REPLY_SIZE (3u << 20)

static char reply[REPLY_SIZE];

void client_give(int fd, const char *text, size_t size) {
    assert_int_equal(send(fd, text, size, MSG_NOSIGNAL), size);
    assert_int_equal(fixture_run(0), 0);
}

void client_ask(int fd, const char *text) {
    client_give(fd, text, strlen(text) + 1);
}

const char *client_hear(int fd) {
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

void client_expect(int fd, const char *part) {
    const char *text = client_hear(fd);

    assert_non_null(text);
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in %s", part, text);
    }
}

void client_expect_end(int fd) {
    assert_string_equal(client_hear(fd), "");
}

void client_asked(const char *text, const char *part) {
    CLEANUP_FD int fd = fixture_connect(0, true);

    client_ask(fd, text);
    client_expect(fd, part);
}
