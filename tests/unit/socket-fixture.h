// SPDX-License-Identifier: MIT
#pragma once

// An app that has a real loop, real sockets and no worker, for tests of the socket handlers. It may
// bind port 0 of 127.0.0.1, and connect to 127.0.0.1 (tcp) and 127.0.0.2 (udp).

#include <stdint.h>

#include "daemon/app/app.h"
#include "daemon/dispatch/call.h"

#define SOCKET_QUOTA 6u /* most handles */

extern struct app socket_app;
extern struct call socket_call;

int socket_setup(void **state);
int socket_teardown(void **state);

// Lets the loop see what the kernel has to tell.
void socket_turn(void);

// The readiness bits of HANDLE.
uint32_t socket_ready(const struct handle *handle);

struct wire_address socket_loopback(uint8_t last, uint16_t port); /* 127.0.0.LAST */
struct wire_address socket_local(struct handle *handle);          /* its own address */

struct handle *socket_make(uint32_t type);
struct handle *socket_make_listener(void);

// Connects to LISTENER from outside the app. Returns the descriptor.
int socket_connect_outside(struct handle *listener);

// What accept returned, and if that is 0 the new socket.
int socket_accept_one(struct handle *listener, struct handle **ret_accepted);

// A stream socket of the app that is connected to the outside. Returns its end; the other is
// *ret_outside, the caller's.
struct handle *socket_make_pair(int *ret_outside);
