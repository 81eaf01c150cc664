// SPDX-License-Identifier: MIT
#include "daemon/start/layers-show.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "call/channel.h"
#include "daemon/app/kernel-page.h"
#include "daemon/life/layers-report.h"
#include "daemon/life/supervise.h"
#include "daemon/process/identity.h"
#include "sandbox/sandbox.h"

#define PATIENCE_MSEC 10000
#define NAME "layers"    /* whose ids these are: nobody's app */
#define STACK_SIZE 65536 /* bytes; no worker comes to use them */
#define MEMORY_SIZE 1 << 30

// All layers: one that cannot be had shall not keep us from the next.
static const char all[] = ""
#define LAYER(name, ...) name ","
#include "sandbox/layer-table.inc"
#undef LAYER
    ;

static const char *const processes[] = {
    [LAYER_SUPERVISOR] = "supervisor", [LAYER_SPAWNER] = "spawner", [LAYER_WORKER] = "worker"};

// Whether a worker starts without the layer, unless the configuration says that it may.
static int is_required(const struct layer_report *report) {
    static const struct row {
        const char *name;
        enum layer_process process;
        int is_required;
    } rows[] = {
#define SUPERVISOR LAYER_SUPERVISOR
#define SPAWNER LAYER_SPAWNER
#define WORKER LAYER_WORKER
#define LAYER(name, process, required, ...) {name, process, required},
#include "sandbox/layer-table.inc"
#undef LAYER
#undef SUPERVISOR
#undef SPAWNER
#undef WORKER
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].process == (enum layer_process)report->process &&
            strncmp(rows[i].name, report->name, sizeof(report->name)) == 0) {
            return rows[i].is_required;
        }
    }
    return 0;
}

// -- building ------------------------------------------------------------------------------------

// Waits for the spawner to say what it has of its layers and the worker's.
static int take_event(struct spawner *spawner, struct layers *layers) {
    struct pollfd ready = {.fd = spawner->socket, .events = POLLIN};
    struct spawner_event event;
    int r = 0;

    while (r == 0) {
        if (poll(&ready, 1, PATIENCE_MSEC) <= 0) {
            return -ETIMEDOUT;
        }
        r = spawner_receive(spawner, &event);
    }
    if (r < 0) {
        return r;
    }
    layers_keep(layers, event.reports, event.n_reports);
    if (event.kind == SPAWNER_FAILED) {
        report_failure(NAME, &event);
        return -EPERM;
    }
    return 0;
}

static int confine(const struct spawner_descriptors *descriptors, struct spawner *spawner,
                   struct layers *layers) {
    const struct worker_options worker = {.app = NAME,
                                          .channel_size = WIRE_CHANNEL_SIZE(WIRE_ARENA_MIN),
                                          .stack_limit = STACK_SIZE,
                                          .memory_limit = MEMORY_SIZE};
    struct sandbox_options options = {.optional = all, .cpu = -1};
    struct layer_report reports[LAYERS_MAX];
    CLEANUP_FD int image = -1;
    int r;

    identity_of(NAME, &options.supervisor_uid, &options.worker_uid);
    r = spawner_fork(&options, descriptors, spawner);
    if (r < 0) {
        return r;
    }
    r = sandbox_confine_supervisor(&options, reports);
    if (r < 0) {
        return r;
    }
    layers_keep(layers, reports, (size_t)r);
    image = memfd_create(NAME, MFD_CLOEXEC); // has to be the id's that we have now
    if (image < 0) {
        return -errno;
    }
    r = spawner_configure(spawner, image, &worker);
    return r < 0 ? r : take_event(spawner, layers);
}

// -- telling -------------------------------------------------------------------------------------

static struct json_object *show_layer(const struct layer_report *report) {
    static const char *const states[] = {
        [LAYER_OFF] = "off", [LAYER_ON] = "on", [LAYER_FAILED] = "unavailable"};
    struct json_object *shown = json_object_new_object();
    char detail[sizeof(report->why) + 64];

    (void)snprintf(detail, sizeof(detail), "%.*s%s%s", (int)sizeof(report->why), report->why,
                   report->why[0] && report->error ? ": " : "",
                   report->error ? strerror(report->error < 0 ? -report->error : report->error)
                                 : "");
    (void)json_object_object_add(shown, "process",
                                 json_object_new_string(processes[report->process]));
    (void)json_object_object_add(shown, "name", json_object_new_string(report->name));
    (void)json_object_object_add(shown, "required", json_object_new_boolean(is_required(report)));
    (void)json_object_object_add(shown, "state", json_object_new_string(states[report->state]));
    (void)json_object_object_add(shown, "detail", json_object_new_string(detail));
    return shown;
}

static int show(const struct layers *layers) {
    struct json_object *top = json_object_new_object(), *list = json_object_new_array();
    int status = EXIT_ENDED;

    (void)json_object_object_add(top, "layers", list);
    for (size_t i = 0; i < layers->n_reports; i++) {
        const struct layer_report *report = &layers->reports[i];

        (void)json_object_array_add(list, show_layer(report));
        if (report->state == LAYER_FAILED && is_required(report)) {
            status = EXIT_SANDBOX;
        }
    }
    if (puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY)) == EOF ||
        fflush(stdout) == EOF) {
        status = EXIT_INTERNAL;
    }
    (void)json_object_put(top);
    return status;
}

int layers_show(void) {
    struct channel channel = {.memory_fd = -1, .ring_fd = -1, .doorbell_fd = -1};
    struct spawner spawner = {.socket = -1};
    struct kernel_page page;
    struct layers layers = {.n_reports = 0};
    int r = channel_init(&channel);

    r = r < 0 ? r : kernel_page_init(&page);
    if (r == 0) {
        const struct spawner_descriptors descriptors = {channel.ring_fd, channel.doorbell_fd,
                                                        channel.memory_fd, page.fd};

        r = confine(&descriptors, &spawner, &layers);
        spawner_done(&spawner);
        kernel_page_done(&page);
    }
    channel_done(&channel);
    if (r < 0) {
        (void)log_errno(r, "cannot try the sandbox");
    }
    return layers.n_reports == 0 ? EXIT_SANDBOX : show(&layers);
}
