// SPDX-License-Identifier: MIT
#include "ctl/unit-file.h"

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
        (void)fprintf(file, "LoadCredential=%s:mpyd.%s.%s\n", wants->credentials[i], wants->app,
                      wants->credentials[i]);
    }
    if (unit_file_has_ports(wants)) {
        (void)fprintf(file, "Sockets=mpyd-ports@%s.socket\n", wants->app);
    }
}

// -- ports ---------------------------------------------------------------------------------------

struct ports {
    bool is_stream;
    char host[64]; /* without [], "*" for all */
    uint64_t first, last;
};

// What comes from a manifest or a configuration that mpyd has read is well-formed.
static bool read_ports(const char *grant, struct ports *ret_ports) {
    const char *host = strchr(grant, ':'), *range = strrchr(grant, ':');
    char first[sizeof("65535-65535")], *last = NULL;
    size_t size = 0;

    if (!host || strlen(range + 1) >= sizeof(first)) {
        return false;
    }
    ret_ports->is_stream = strncmp(grant, "tcp:", 4) == 0;
    size = range > host ? (size_t)(range - host - 1) : 0;
    if (size >= sizeof(ret_ports->host)) {
        return false;
    }
    (void)snprintf(ret_ports->host, sizeof(ret_ports->host), "%.*s", (int)(size ? size : 1),
                   size ? host + 1 : "*");
    if (strcmp(range + 1, "*") == 0) {
        ret_ports->first = 1;
        ret_ports->last = UINT16_MAX;
        return true;
    }
    (void)snprintf(first, sizeof(first), "%s", range + 1);
    last = strchr(first, '-');
    if (last) {
        *last++ = '\0';
    }
    return parse_u64(first, 0, UINT16_MAX, &ret_ports->first) == 0 &&
           parse_u64(last ? last : first, 0, UINT16_MAX, &ret_ports->last) == 0;
}

// Leaves those that only root may open; none: LAST is 0.
static struct ports privileged_of(const char *grant) {
    struct ports ports = {0};

    if (!read_ports(grant, &ports) || ports.first >= UNIT_FILE_PRIVILEGED) {
        return (struct ports){0};
    }
    ports.first = ports.first > 0 ? ports.first : 1;
    ports.last = ports.last < UNIT_FILE_PRIVILEGED ? ports.last : UNIT_FILE_PRIVILEGED - 1;
    return ports;
}

bool unit_file_has_ports(const struct unit_wants *wants) {
    for (size_t i = 0; i < wants->n_listen; i++) {
        if (privileged_of(wants->listen[i]).last > 0) {
            return true;
        }
    }
    return false;
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

static bool write_grant(FILE *file, const char *grant) {
    const struct ports ports = privileged_of(grant);

    if (ports.last == 0) {
        return true;
    }
    if (strchr(ports.host, '/') || ports.last - ports.first >= UNIT_FILE_PORTS_MAX) {
        (void)fprintf(file, "# %s: a network or too many ports; let the configuration name some\n",
                      grant);
        return false;
    }
    for (uint64_t port = ports.first; port <= ports.last; port++) {
        write_port(file, &ports, port);
    }
    return true;
}

void unit_file_write_sockets(FILE *file, const struct unit_wants *wants,
                             const char **ret_left_out) {
    *ret_left_out = NULL;
    write_head(file, wants);
    (void)fprintf(file,
                  "[Unit]\nDescription=Privileged ports of the MicroPython app %s\n"
                  "BindsTo=mpyd@%s.service\n\n[Socket]\nService=mpyd@%s.service\n"
                  "FileDescriptorName=port\nBindIPv6Only=ipv6-only\nFreeBind=yes\n",
                  wants->app, wants->app, wants->app);
    for (size_t i = 0; i < wants->n_listen; i++) {
        if (!write_grant(file, wants->listen[i]) && !*ret_left_out) {
            *ret_left_out = wants->listen[i];
        }
    }
}
