// SPDX-License-Identifier: MIT
#include "daemon/network/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

int address_parse(const char *text, struct wire_address *ret_address) {
    struct wire_address address = {0};

    if (inet_pton(AF_INET, text, address.host) == 1) {
        address.family = WIRE_INET;
    } else if (inet_pton(AF_INET6, text, address.host) == 1) {
        address.family = WIRE_INET6;
    } else {
        return -EINVAL;
    }
    *ret_address = address;
    return 0;
}

void address_format(const struct wire_address *address, char text[ADDRESS_TEXT_SIZE]) {
    char host[INET6_ADDRSTRLEN] = "?";
    bool is_inet6 = address->family == WIRE_INET6;

    (void)inet_ntop(is_inet6 ? AF_INET6 : AF_INET, address->host, host, sizeof(host));
    if (!is_inet6) {
        (void)snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, address->port);
    } else if (address->scope) {
        (void)snprintf(text, ADDRESS_TEXT_SIZE, "[%s%%%u]:%u", host, address->scope, address->port);
    } else {
        (void)snprintf(text, ADDRESS_TEXT_SIZE, "[%s]:%u", host, address->port);
    }
}

struct wire_address address_unmapped(const struct wire_address *address) {
    struct wire_address inet = {.family = WIRE_INET, .port = address->port};

    if (address->family != WIRE_INET6 ||
        memcmp(address->host, mapped_prefix, sizeof(mapped_prefix)) != 0) {
        return *address;
    }
    memcpy(inet.host, address->host + sizeof(mapped_prefix), 4);
    return inet;
}

static size_t host_size(const struct wire_address *address) {
    return address->family == WIRE_INET6 ? 16 : 4;
}

bool address_is_any(const struct wire_address *address) {
    static const uint8_t any[16];

    return memcmp(address->host, any, host_size(address)) == 0;
}

bool address_is_loopback(const struct wire_address *address) {
    static const uint8_t loopback[16] = {[15] = 1};

    if (address->family == WIRE_INET) {
        return address->host[0] == 127;
    }
    return memcmp(address->host, loopback, sizeof(loopback)) == 0;
}

bool address_is_local(const struct wire_address *address) {
    const uint8_t *host = address->host;

    if (address_is_any(address) || address_is_loopback(address)) {
        return true;
    }
    if (address->family == WIRE_INET) {
        return (host[0] == 169 && host[1] == 254) || host[0] == 0 || host[0] >= 224;
    }
    return (host[0] == 0xfe && (host[1] & 0xc0) == 0x80) || host[0] == 0xff;
}

bool address_same_host(const struct wire_address *a, const struct wire_address *b) {
    return a->family == b->family && memcmp(a->host, b->host, host_size(a)) == 0;
}

socklen_t address_to_socket(const struct wire_address *address,
                            struct sockaddr_storage *ret_socket) {
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6,
                                 .sin6_port = htons(address->port),
                                 .sin6_scope_id = address->scope};

    memset(ret_socket, 0, sizeof(*ret_socket));
    if (address->family == WIRE_INET6) {
        memcpy(&inet6.sin6_addr, address->host, sizeof(inet6.sin6_addr));
        memcpy(ret_socket, &inet6, sizeof(inet6));
        return sizeof(inet6);
    }
    memcpy(&inet.sin_addr, address->host, sizeof(inet.sin_addr));
    memcpy(ret_socket, &inet, sizeof(inet));
    return sizeof(inet);
}

int address_from_socket(const struct sockaddr_storage *socket, struct wire_address *ret_address) {
    struct wire_address address = {0};
    struct sockaddr_in6 inet6;
    struct sockaddr_in inet;

    if (socket->ss_family == AF_INET6) {
        memcpy(&inet6, socket, sizeof(inet6));
        address.family = WIRE_INET6;
        address.port = ntohs(inet6.sin6_port);
        address.scope = inet6.sin6_scope_id;
        memcpy(address.host, &inet6.sin6_addr, sizeof(inet6.sin6_addr));
    } else if (socket->ss_family == AF_INET) {
        memcpy(&inet, socket, sizeof(inet));
        address.family = WIRE_INET;
        address.port = ntohs(inet.sin_port);
        memcpy(address.host, &inet.sin_addr, sizeof(inet.sin_addr));
    } else {
        return -EAFNOSUPPORT;
    }
    *ret_address = address;
    return 0;
}
