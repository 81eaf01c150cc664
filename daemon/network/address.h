// SPDX-License-Identifier: MIT
#pragma once

// Wire addresses: text, kinds, and the kernel's struct sockaddr.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "call/wire.h"

#define ADDRESS_TEXT_SIZE 72 /* "[" 45 characters "%" 10 digits "]:65535" and NUL */

// Reads a literal: IPv4 in four decimal parts, or IPv6 (no brackets, no scope). The port becomes 0.
// Returns 0 or -EINVAL.
int address_parse(const char *text, struct wire_address *ret_address);

// Writes "10.0.0.1:80" or "[::1%2]:80".
void address_format(const struct wire_address *address, char text[ADDRESS_TEXT_SIZE]);

// An IPv4-mapped IPv6 address becomes the IPv4 address; any other stays as it is.
struct wire_address address_unmapped(const struct wire_address *address);

// Of an address that is not IPv4-mapped: 0.0.0.0 and ::, and 127.0.0.0/8 and ::1.
bool address_is_any(const struct wire_address *address);
bool address_is_loopback(const struct wire_address *address);

// Whether an address means this machine or its link alone: loopback, link-local, multicast or
// unspecified. Of an IPv4-mapped one, ask for the address_unmapped().
bool address_is_local(const struct wire_address *address);

// Same family and host; the port and the scope do not matter.
bool address_same_host(const struct wire_address *a, const struct wire_address *b);

// To and from the kernel's form. address_to_socket() returns the length.
socklen_t address_to_socket(const struct wire_address *address,
                            struct sockaddr_storage *ret_socket);
int address_from_socket(const struct sockaddr_storage *socket, struct wire_address *ret_address);
