// SPDX-License-Identifier: MIT

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include "call/proxies.h"

#include "call/calls.h"
#include "call/proxy.h"

PROXY int64_t call_line_start(uint32_t abi, uint32_t level, int64_t offset) {
    struct proxy proxy = {0};

    proxy_value(&proxy, 0, abi);
    proxy_value(&proxy, 1, level);
    proxy_value(&proxy, 2, (uint64_t)offset);
    return proxy_call(&proxy, CALL_LINE_START);
}

PROXY int64_t call_line_mix(bool on, double gain, uint32_t mode, int64_t low) {
    struct proxy proxy = {0};

    proxy_value(&proxy, 0, on);
    proxy_f64(&proxy, 1, gain);
    proxy_value(&proxy, 2, mode);
    proxy_value(&proxy, 3, (uint64_t)low);
    return proxy_call(&proxy, CALL_LINE_MIX);
}

PROXY int64_t call_line_nothing(void) {
    struct proxy proxy = {0};

    return proxy_call(&proxy, CALL_LINE_NOTHING);
}

PROXY int64_t call_file_open(const char *path, size_t path_size, uint32_t flags) {
    struct proxy proxy = {0};

    proxy_in(&proxy, 0, path, path_size, 255);
    proxy_value(&proxy, 1, flags);
    return proxy_call(&proxy, CALL_FILE_OPEN);
}

PROXY int64_t call_file_read(uint32_t file, void *data, size_t data_size) {
    struct proxy proxy = {0};

    proxy_value(&proxy, 0, file);
    proxy_out_length(&proxy, 1, data, data_size, 4096);
    return proxy_call(&proxy, CALL_FILE_READ);
}

PROXY int64_t call_file_write(uint32_t file, const void *data, size_t data_size, const char *path,
                              size_t path_size, int64_t at) {
    struct proxy proxy = {0};

    proxy_value(&proxy, 0, file);
    proxy_in(&proxy, 1, data, data_size, 4096);
    proxy_in(&proxy, 2, path, path_size, 7);
    proxy_value(&proxy, 3, (uint64_t)at);
    return proxy_call(&proxy, CALL_FILE_WRITE);
}

PROXY int64_t call_file_seed(void *data, size_t data_size) {
    struct proxy proxy = {0};

    proxy_out(&proxy, 0, data, data_size, 16);
    return proxy_call(&proxy, CALL_FILE_SEED);
}

PROXY int64_t call_peer_send(uint32_t file, const void *data, size_t data_size,
                             const struct wire_address *peer) {
    struct proxy proxy = {0};

    proxy_value(&proxy, 0, file);
    proxy_in(&proxy, 1, data, data_size, 512);
    proxy_in(&proxy, 2, peer, sizeof(*peer), sizeof(*peer));
    return proxy_call(&proxy, CALL_PEER_SEND);
}

PROXY int64_t call_peer_recv(uint32_t file, void *data, size_t data_size, void *peer,
                             size_t peer_size) {
    struct proxy proxy = {0};

    proxy_value(&proxy, 0, file);
    proxy_out_length(&proxy, 1, data, data_size, 512);
    proxy_out(&proxy, 2, peer, peer_size, 24);
    return proxy_call(&proxy, CALL_PEER_RECV);
}
