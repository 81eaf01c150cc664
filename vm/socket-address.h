// SPDX-License-Identifier: MIT
#pragma once

// Literal addresses as text, without a libc resolver and without a call. Pure.

#include <stddef.h>

#include "call/wire.h"

#define SOCKET_ADDRESS_TEXT_SIZE 46 /* bytes of a literal, NUL included */

// Reads the SIZE bytes of an IPv4 literal (four decimal parts) or an IPv6 literal (no brackets; a
// numeric %SCOPE may follow). The port becomes 0. Returns 0 or -EINVAL.
int socket_address_parse(const char *text, size_t size, struct wire_address *ret_address);

// Writes the host without port and scope; IPv6 as RFC 5952 has it. Returns its length.
size_t socket_address_format(const struct wire_address *address,
                             char text[SOCKET_ADDRESS_TEXT_SIZE]);
