// SPDX-License-Identifier: MIT
#include "ctl/unit-file.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"

#define SUPERVISOR_MEMORY                                                                          \
    ((uint64_t)64 << 20) /* with the spawner, the image and what sockets hold */

static void write_head(FILE *file, const struct unit_wants *wants) {
    (void)fprintf(
        file,
        "# Written by mpyctl enable %s, from what its image asks for and the configuration\n"
        "# leaves. It is written anew each time: put your own into a drop-in.\n",
        wants->app);
}

bool unit_file_is_word(const char *text) {
    return text[0] != '\0' &&
           text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "0123456789/._-+:@,=~")] == '\0';
}

// Colons separate the parts of OpenFile=.
static void write_escaped(FILE *file, const char *path) {
    for (; *path != '\0'; path++) {
        if (*path == ':') {
            (void)fputs("\\x3a", file);
        } else {
            (void)fputc(*path, file);
        }
    }
}

// A file is opened by systemd, which may open what the app's user may not; what is not there is
// left to mpyd, which tells. A device is not: to open one as process 1 could have that wait.
static void write_file(FILE *file, const struct unit_file *given) {
    if (given->is_device) {
        (void)fprintf(file, "DeviceAllow=%s %s\n", given->path, given->writes ? "rw" : "r");
        if (given->group[0]) {
            (void)fprintf(file, "SupplementaryGroups=%s\n", given->group);
        }
        return;
    }
    (void)fputs("OpenFile=", file);
    write_escaped(file, given->path);
    (void)fprintf(file, ":file.%s:%sgraceful\n", given->name, given->writes ? "" : "read-only,");
}

static void write_files(FILE *file, const struct unit_wants *wants) {
    bool has_device = false;

    for (size_t i = 0; i < wants->n_files; i++) {
        write_file(file, &wants->files[i]);
        has_device = has_device || wants->files[i].is_device;
    }
    if (has_device) {
        (void)fputs("PrivateDevices=no\nDevicePolicy=closed\n", file);
    }
}

void unit_file_write_service(FILE *file, const struct unit_wants *wants) {
    write_head(file, wants);
    (void)fprintf(file, "[Service]\nMemoryMax=%" PRIu64 "\n", wants->memory + SUPERVISOR_MEMORY);
    if (wants->cpu) {
        (void)fprintf(file, "CPUAffinity=%s\n", wants->cpu);
    }
    if (wants->quota > 0) {
        (void)fprintf(file, "CPUQuota=%" PRIu64 "%%\n", wants->quota);
    }
    for (size_t i = 0; i < wants->n_credentials; i++) {
        (void)fprintf(file, "LoadCredential%s=%s:mpyd.%s.%s\n",
                      wants->encrypted >> i & 1 ? "Encrypted" : "", wants->credentials[i],
                      wants->app, wants->credentials[i]);
    }
    write_files(file, wants);
    if (unit_file_has_ports(wants)) {
        (void)fprintf(file, "Sockets=mpyd-ports@%s.socket\n", wants->app);
    }
}

// -- ports ---------------------------------------------------------------------------------------

// What comes from a manifest is anybody's text, and what is written here is root's to open: nothing
// of a grant gets there but numbers, and addresses as they were read.
struct ports {
    bool is_stream, is_network;
    char host[INET6_ADDRSTRLEN + sizeof("[]")]; /* "*" for all */
    uint64_t first, last;
};

static bool read_host(const char *text, size_t size, struct ports *ports) {
    char host[INET6_ADDRSTRLEN + sizeof("[]/128")], canonical[INET6_ADDRSTRLEN] = "", *slash;
    struct in6_addr address;
    bool is_bracketed;

    if (size >= sizeof(host)) {
        return false;
    }
    memcpy(host, size ? text : "*", size ? size : 1);
    host[size ? size : 1] = '\0';
    if (strcmp(host, "*") == 0 || strcmp(host, "localhost") == 0) {
        (void)snprintf(ports->host, sizeof(ports->host), "%s", host);
        return true;
    }
    slash = strchr(host, '/');
    ports->is_network = slash;
    if (slash) {
        *slash = '\0';
    }
    size = strlen(host);
    is_bracketed = host[0] == '[' && host[size - 1] == ']';
    if (is_bracketed) {
        host[size - 1] = '\0';
    }
    if (inet_pton(is_bracketed ? AF_INET6 : AF_INET, host + is_bracketed, &address) != 1 ||
        !inet_ntop(is_bracketed ? AF_INET6 : AF_INET, &address, canonical, sizeof(canonical))) {
        return false;
    }
    (void)snprintf(ports->host, sizeof(ports->host), is_bracketed ? "[%s]" : "%s", canonical);
    return true;
}

static bool read_range(const char *range, struct ports *ports) {
    char first[sizeof("65535-65535")], *last;

    if (strcmp(range, "*") == 0) {
        ports->first = 1;
        ports->last = UINT16_MAX;
        return true;
    }
    if (strlen(range) >= sizeof(first)) {
        return false;
    }
    memcpy(first, range, strlen(range) + 1);
    last = strchr(first, '-');
    if (last) {
        *last++ = '\0';
    }
    return parse_u64(first, 0, UINT16_MAX, &ports->first) == 0 &&
           parse_u64(last ? last : first, 0, UINT16_MAX, &ports->last) == 0;
}

// Whether GRANT is of the form; of its ports, those are left that only root may open, or none: LAST
// is 0.
static bool read_privileged(const char *grant, struct ports *ret_ports) {
    const char *host = grant + strlen("tcp:"), *range = strrchr(grant, ':');

    *ret_ports = (struct ports){.is_stream = strncmp(grant, "tcp:", 4) == 0};
    if ((!ret_ports->is_stream && strncmp(grant, "udp:", 4) != 0) ||
        !read_host(host, range > host ? (size_t)(range - host) : 0, ret_ports) ||
        !read_range(range + 1, ret_ports)) {
        return false;
    }
    if (ret_ports->first >= UNIT_FILE_PRIVILEGED) {
        ret_ports->last = 0;
        return true;
    }
    ret_ports->first = ret_ports->first > 0 ? ret_ports->first : 1;
    if (ret_ports->last >= UNIT_FILE_PRIVILEGED) {
        ret_ports->last = UNIT_FILE_PRIVILEGED - 1;
    }
    return true;
}

static bool is_list(const struct ports *ports) {
    return !ports->is_network && ports->last - ports->first < UNIT_FILE_PORTS_MAX;
}

bool unit_file_has_ports(const struct unit_wants *wants) {
    struct ports ports;

    for (size_t i = 0; i < wants->n_listen; i++) {
        if (read_privileged(wants->listen[i], &ports) && ports.last > 0 && is_list(&ports)) {
            return true;
        }
    }
    return false;
}

const char *unit_file_left_out(const struct unit_wants *wants) {
    struct ports ports;

    for (size_t i = 0; i < wants->n_listen; i++) {
        if (!read_privileged(wants->listen[i], &ports) || (ports.last > 0 && !is_list(&ports))) {
            return wants->listen[i];
        }
    }
    return NULL;
}

static void write_port(FILE *file, const struct ports *ports, uint64_t port) {
    const char *key = ports->is_stream ? "ListenStream" : "ListenDatagram";
    bool is_any = strcmp(ports->host, "*") == 0, is_local = strcmp(ports->host, "localhost") == 0;

    if (is_any || is_local) {
        (void)fprintf(file, "%s=%s:%" PRIu64 "\n%s=[%s]:%" PRIu64 "\n", key,
                      is_any ? "0.0.0.0" : "127.0.0.1", port, key, is_any ? "::" : "::1", port);
    } else {
        (void)fprintf(file, "%s=%s:%" PRIu64 "\n", key, ports->host, port);
    }
}

static void write_grant(FILE *file, const char *grant) {
    struct ports ports;

    if (!read_privileged(grant, &ports) || ports.last == 0 || !is_list(&ports)) {
        return;
    }
    for (uint64_t port = ports.first; port <= ports.last; port++) {
        write_port(file, &ports, port);
    }
}

void unit_file_write_sockets(FILE *file, const struct unit_wants *wants) {
    write_head(file, wants);
    (void)fprintf(file,
                  "[Unit]\nDescription=Privileged ports of the MicroPython app %s\n"
                  "BindsTo=mpyd@%s.service\nStartLimitIntervalSec=0\n\n[Socket]\n"
                  "Service=mpyd@%s.service\n"
                  "FileDescriptorName=port\nBindIPv6Only=ipv6-only\nFreeBind=yes\n",
                  wants->app, wants->app, wants->app);
    for (size_t i = 0; i < wants->n_listen; i++) {
        write_grant(file, wants->listen[i]);
    }
}
