// SPDX-License-Identifier: MIT
// Module socket: MicroPython's standard one, with IPv6, over calls.
#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"

#include "call/calls.h"
#include "call/proxies.h"
#include "vm/error.h"
#include "vm/socket-address.h"
#include "vm/socket.h"

#define RESOLVED_MAX 32 /* addresses:out(768) of name.resolve */
#define AI_PASSIVE 1

// -- addresses -----------------------------------------------------------------------------------

static uint16_t get_port(mp_obj_t port_in) {
    mp_int_t port = 0;
    const char *text;
    size_t size;

    if (!mp_obj_is_str(port_in)) {
        port = mp_obj_get_int(port_in);
    } else {
        text = mp_obj_str_get_data(port_in, &size);
        for (size_t i = 0; i < size && port <= UINT16_MAX; i++) {
            port = text[i] >= '0' && text[i] <= '9' ? port * 10 + (text[i] - '0') : -UINT16_MAX;
        }
    }
    if (port < 0 || port > UINT16_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("port must be 0-65535"));
    }
    return (uint16_t)port;
}

// The addresses of HOST: none is a name that the supervisor is asked for. Returns their number, at
// least 1.
static size_t resolve(mp_obj_t host_in, uint16_t port, uint32_t family,
                      struct wire_address addresses[RESOLVED_MAX]) {
    size_t size;
    const char *host = mp_obj_str_get_data(host_in, &size);
    int64_t result;

    if (size == 0) {
        addresses[0] = (struct wire_address){
            .family = family == WIRE_INET6 ? WIRE_INET6 : WIRE_INET, .port = port};
        return 1;
    }
    if (socket_address_parse(host, size, &addresses[0]) == 0) {
        addresses[0].port = port;
        return 1;
    }
    result =
        call_name_resolve(host, size, port, family, addresses, RESOLVED_MAX * sizeof(addresses[0]));
    if (result < (int64_t)sizeof(addresses[0])) {
        mpyd_raise_call_error(CALL_NAME_RESOLVE, result < 0 ? (int)-result : MP_ENOENT);
    }
    return (size_t)result / sizeof(addresses[0]);
}

struct wire_address socket_get_address(mp_obj_t tuple, uint32_t family) {
    struct wire_address addresses[RESOLVED_MAX];
    size_t n_items;
    mp_obj_t *items;

    mp_obj_get_array(tuple, &n_items, &items);
    if (n_items < 2 || n_items > 4) {
        mp_raise_ValueError(MP_ERROR_TEXT("an address is (host, port)"));
    }
    resolve(items[0], get_port(items[1]), family, addresses);
    if (n_items == 4 && addresses[0].family == WIRE_INET6) {
        mp_int_t scope = mp_obj_get_int(items[3]);

        if (scope != 0) {
            addresses[0].scope = (uint32_t)scope;
        }
    }
    return addresses[0];
}

mp_obj_t socket_make_address(const struct wire_address *address) {
    char text[SOCKET_ADDRESS_TEXT_SIZE];
    size_t size = socket_address_format(address, text);
    mp_obj_t items[4] = {mp_obj_new_str(text, size), MP_OBJ_NEW_SMALL_INT(address->port),
                         MP_OBJ_NEW_SMALL_INT(0), mp_obj_new_int_from_uint(address->scope)};

    return mp_obj_new_tuple(address->family == WIRE_INET6 ? 4 : 2, items);
}

// -- getaddrinfo ---------------------------------------------------------------------------------

// Of no host: every address to listen on, or this machine to connect to.
static size_t resolve_none(uint16_t port, uint32_t family, mp_int_t flags,
                           struct wire_address addresses[RESOLVED_MAX]) {
    mp_obj_t host =
        (flags & AI_PASSIVE) != 0 ? MP_OBJ_NEW_QSTR(MP_QSTR_) : MP_OBJ_NEW_QSTR(MP_QSTR_localhost);

    return resolve(host, port, family, addresses);
}

// getaddrinfo(host, port, family=0, type=0, proto=0, flags=0): one entry an address, a stream's
// unless type says otherwise.
static mp_obj_t getaddrinfo(size_t n_args, const mp_obj_t *args) {
    struct wire_address addresses[RESOLVED_MAX];
    mp_int_t options[4] = {0}; /* family, type, proto, flags */
    uint16_t port = args[1] == mp_const_none ? 0 : get_port(args[1]);
    mp_obj_t list = mp_obj_new_list(0, NULL);
    size_t n_addresses;

    for (size_t i = 2; i < n_args; i++) {
        options[i - 2] = mp_obj_get_int(args[i]);
    }
    if (options[0] != 0 && options[0] != WIRE_INET && options[0] != WIRE_INET6) {
        mp_raise_OSError(MP_EAFNOSUPPORT);
    }
    n_addresses = args[0] == mp_const_none
                      ? resolve_none(port, (uint32_t)options[0], options[3], addresses)
                      : resolve(args[0], port, (uint32_t)options[0], addresses);
    for (size_t i = 0; i < n_addresses; i++) {
        mp_obj_t items[5] = {
            MP_OBJ_NEW_SMALL_INT(addresses[i].family),
            MP_OBJ_NEW_SMALL_INT(options[1] ? options[1] : SOCKET_OPEN_TYPE_STREAM),
            MP_OBJ_NEW_SMALL_INT(options[2]), MP_OBJ_NEW_QSTR(MP_QSTR_),
            socket_make_address(&addresses[i])};

        if (options[0] == 0 || options[0] == addresses[i].family) {
            mp_obj_list_append(list, mp_obj_new_tuple(MP_ARRAY_SIZE(items), items));
        }
    }
    if (!mp_obj_is_true(list)) {
        mp_raise_OSError(MP_ENOENT); /* a literal of the other family */
    }
    return list;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(getaddrinfo_obj, 2, 6, getaddrinfo);

// -- the module ----------------------------------------------------------------------------------

static const mp_rom_map_elem_t socket_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_socket)},
    {MP_ROM_QSTR(MP_QSTR_socket), MP_ROM_PTR(&socket_type)},
    {MP_ROM_QSTR(MP_QSTR_getaddrinfo), MP_ROM_PTR(&getaddrinfo_obj)},

    {MP_ROM_QSTR(MP_QSTR_AF_INET), MP_ROM_INT(WIRE_INET)},
    {MP_ROM_QSTR(MP_QSTR_AF_INET6), MP_ROM_INT(WIRE_INET6)},
    {MP_ROM_QSTR(MP_QSTR_SOCK_STREAM), MP_ROM_INT(SOCKET_OPEN_TYPE_STREAM)},
    {MP_ROM_QSTR(MP_QSTR_SOCK_DGRAM), MP_ROM_INT(SOCKET_OPEN_TYPE_DGRAM)},
    {MP_ROM_QSTR(MP_QSTR_AI_PASSIVE), MP_ROM_INT(AI_PASSIVE)},
    {MP_ROM_QSTR(MP_QSTR_SHUT_RD), MP_ROM_INT(SOCKET_SHUTDOWN_HOW_READ)},
    {MP_ROM_QSTR(MP_QSTR_SHUT_WR), MP_ROM_INT(SOCKET_SHUTDOWN_HOW_WRITE)},
    {MP_ROM_QSTR(MP_QSTR_SHUT_RDWR), MP_ROM_INT(SOCKET_SHUTDOWN_HOW_BOTH)},

    {MP_ROM_QSTR(MP_QSTR_SOL_SOCKET), MP_ROM_INT(SOCKET_SOL_SOCKET)},
    {MP_ROM_QSTR(MP_QSTR_SO_REUSEADDR), MP_ROM_INT(SOCKET_SO_REUSEADDR)},
    {MP_ROM_QSTR(MP_QSTR_SO_TYPE), MP_ROM_INT(SOCKET_SO_TYPE)},
    {MP_ROM_QSTR(MP_QSTR_SO_ERROR), MP_ROM_INT(SOCKET_SO_ERROR)},
    {MP_ROM_QSTR(MP_QSTR_SO_BROADCAST), MP_ROM_INT(SOCKET_SO_BROADCAST)},
    {MP_ROM_QSTR(MP_QSTR_SO_SNDBUF), MP_ROM_INT(SOCKET_SO_SNDBUF)},
    {MP_ROM_QSTR(MP_QSTR_SO_RCVBUF), MP_ROM_INT(SOCKET_SO_RCVBUF)},
    {MP_ROM_QSTR(MP_QSTR_SO_KEEPALIVE), MP_ROM_INT(SOCKET_SO_KEEPALIVE)},
    {MP_ROM_QSTR(MP_QSTR_IPPROTO_TCP), MP_ROM_INT(SOCKET_IPPROTO_TCP)},
    {MP_ROM_QSTR(MP_QSTR_TCP_NODELAY), MP_ROM_INT(SOCKET_TCP_NODELAY)},
    {MP_ROM_QSTR(MP_QSTR_IPPROTO_UDP), MP_ROM_INT(SOCKET_IPPROTO_UDP)},
    {MP_ROM_QSTR(MP_QSTR_IPPROTO_IPV6), MP_ROM_INT(SOCKET_IPPROTO_IPV6)},
    {MP_ROM_QSTR(MP_QSTR_IPV6_V6ONLY), MP_ROM_INT(SOCKET_IPV6_V6ONLY)},
};
static MP_DEFINE_CONST_DICT(socket_globals, socket_globals_table);

const mp_obj_module_t mp_module_socket = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&socket_globals,
};

MP_REGISTER_EXTENSIBLE_MODULE(MP_QSTR_socket, mp_module_socket);
