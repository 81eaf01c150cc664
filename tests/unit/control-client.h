// SPDX-License-Identifier: MIT
#pragma once

// A client of the control socket, in tests: FD is its end of a connection (control-fixture.h).

#include <stddef.h>

#define METHOD(name) "{\"method\":\"org.mpyd.App." name "\"}"

// Sends bytes, or TEXT and the NUL behind it, and lets be done what there is to do.
void client_give(int fd, const char *text, size_t size);
void client_ask(int fd, const char *text);

// The next reply; "" once the connection is at its end, NULL if there is nothing. Valid until the
// next.
const char *client_hear(int fd);

// The next reply has PART in it; the connection is at its end.
void client_expect(int fd, const char *part);
void client_expect_end(int fd);

// A client of root's asks that and hears this.
void client_asked(const char *text, const char *part);
