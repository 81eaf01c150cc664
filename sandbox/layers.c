// SPDX-License-Identifier: MIT

// The table of everything that confines, in the order in which it is applied. One function walks
// it; what is reported on has been read back from the kernel.

#include "sandbox/layers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/filter.h"
#include "sandbox/landlock.h"
#include "sandbox/limits.h"
#include "sandbox/namespaces.h"
#include "sandbox/privileges.h"
#include "sandbox/root.h"

// clang-format off
static const struct layer layers[] = {
    /* The bounding set can be dropped only while CAP_SETPCAP is held, ids only with CAP_SETUID;
     * a change of ids takes the parent-death signal and the ambient set back. */
    {"bounding-set", LAYER_SUPERVISOR, false, NULL, bounding_set_apply, bounding_set_verify,
     "no exec could regain a capability; no_new_privs says so too"},
    {"ids", LAYER_SUPERVISOR, true, NULL, ids_apply, ids_verify,
     "whoever takes the supervisor over is nobody on this machine"},
    {"ambient-set", LAYER_SUPERVISOR, true, NULL, ambient_set_apply, ambient_set_verify,
     "a manager may have put capabilities there"},
    {"capabilities", LAYER_SUPERVISOR, true, NULL, capabilities_apply, capabilities_verify,
     "serving calls needs none"},
    {"no-new-privs", LAYER_SUPERVISOR, true, NULL, no_new_privs_apply, no_new_privs_verify,
     "set-id programs give nothing; seccomp and Landlock demand it"},
    {"not-dumpable", LAYER_SUPERVISOR, true, NULL, not_dumpable_apply, not_dumpable_verify,
     "no ptrace by the same id, no core file with the app's data"},
    {"landlock", LAYER_SUPERVISOR, true, NULL, landlock_files_apply, landlock_files_verify,
     "no file but the resolver's can be opened"},
    {"filter", LAYER_SUPERVISOR, true, NULL, filter_supervisor_apply, filter_supervisor_verify,
     "no new process, no foreign socket, no code but the program's own"},

    {"descriptors", LAYER_SPAWNER, true, NULL, descriptors_apply, descriptors_verify,
     "managers and shells leak some; a worker would inherit them"},
    {"session", LAYER_SPAWNER, true, NULL, session_apply, session_verify,
     "a terminal's signals go to the supervisor alone, and none is left blocked or ignored"},
    {"user-namespace", LAYER_SPAWNER, true, NULL, user_namespace_apply, namespace_verify,
     "lets an ordinary user have the others"},
    {"mount-namespace", LAYER_SPAWNER, true, "user-namespace", namespace_apply, namespace_verify,
     "the file system goes away for the sandbox only"},
    {"pid-namespace", LAYER_SPAWNER, true, "user-namespace", namespace_apply, namespace_verify,
     "no other process can be named, and the worker dies with the spawner"},
    {"net-namespace", LAYER_SPAWNER, true, "user-namespace", namespace_apply, namespace_verify,
     "no interface, no abstract socket"},
    {"empty-root", LAYER_SPAWNER, true, "mount-namespace", empty_root_apply, empty_root_verify,
     "no path leads anywhere"},
    {"bounding-set", LAYER_SPAWNER, false, NULL, bounding_set_apply, bounding_set_verify,
     "no exec could regain a capability; no_new_privs says so too"},
    {"ids", LAYER_SPAWNER, true, NULL, ids_apply, ids_verify,
     "the worker is not the supervisor: no signal and no ptrace between them"},
    {"ambient-set", LAYER_SPAWNER, true, NULL, ambient_set_apply, ambient_set_verify,
     "exec hands it on"},
    {"capabilities", LAYER_SPAWNER, true, NULL, capabilities_apply, capabilities_verify,
     "starting a worker needs none, not even in its own user namespace"},
    {"parent-death", LAYER_SPAWNER, true, NULL, parent_death_apply, parent_death_verify,
     "until the supervisor is confined and may signal no other id; then the socket's end does it"},
    {"no-new-privs", LAYER_SPAWNER, true, NULL, no_new_privs_apply, no_new_privs_verify,
     "seccomp without CAP_SYS_ADMIN demands it"},
    {"not-dumpable", LAYER_SPAWNER, true, NULL, not_dumpable_apply, not_dumpable_verify,
     "no other process of this id reads or steers it"},
    {"speculation", LAYER_SPAWNER, false, NULL, speculation_apply, speculation_verify,
     "the worker's code is untrusted; not every processor and hypervisor offers the control"},
    {"cpu", LAYER_SPAWNER, false, NULL, cpu_apply, cpu_verify,
     "a wake-up on the same processor is four times cheaper; no wall"},
    {"limits", LAYER_SPAWNER, true, NULL, limits_apply, limits_verify,
     "no file grows, no memory is locked, no core is written"},

    {"parent-death", LAYER_WORKER, true, NULL, parent_death_apply, parent_death_verify,
     "where there is no pid namespace the worker still dies with the spawner"},
    {"limits", LAYER_WORKER, true, NULL, limits_apply, limits_verify,
     "no descriptor, no process, no memory beyond what the manifest says"},
    {"filter", LAYER_WORKER, true, NULL, filter_worker_apply, filter_worker_verify,
     "the boundary: everything after it is code of the image"},
};
// clang-format on

#define N_LAYERS (sizeof(layers) / sizeof(layers[0]))

bool sandbox_is_layer(const char *name, size_t size) {
    for (size_t i = 0; i < N_LAYERS; i++) {
        if (strlen(layers[i].name) == size && memcmp(layers[i].name, name, size) == 0) {
            return true;
        }
    }
    return false;
}

bool layer_is_optional(const struct sandbox_options *options, const char *name) {
    size_t length = strlen(name);

    for (const char *at = options->optional; at && *at; at += strspn(at, ", ")) {
        size_t n = strcspn(at, ", ");

        if (n == length && memcmp(at, name, n) == 0) {
            return true;
        }
        at += n;
    }
    return false;
}

void layer_describe(const struct layer_report *report, char *text, size_t size) {
    (void)snprintf(text, size, "%s%s%s", report->name, report->why[0] ? ": " : "", report->why);
}

int layer_fail(struct confinement *confinement, const char *step) {
    int error = errno;

    (void)snprintf(confinement->why, sizeof(confinement->why), "%s", step);
    return -error;
}

static bool has_failed(const char *name, const struct layer_report *reports, uint32_t n_reports) {
    for (uint32_t i = 0; name && i < n_reports; i++) {
        if (reports[i].state == LAYER_FAILED && strcmp(reports[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int apply_row(struct confinement *c, const struct layer *layer) {
    int r = layer->apply(c, layer);

    if (r != 0) {
        return r;
    }
    r = layer->verify(c, layer);
    if (r < 0 && !c->why[0]) {
        (void)snprintf(c->why, sizeof(c->why), "set, but the kernel does not say so");
    }
    return r;
}

static void report_row(const struct confinement *c, const struct layer *layer, bool required,
                       int result, struct layer_report *ret_report) {
    *ret_report = (struct layer_report){
        .state = result == 0  ? LAYER_ON
                 : result > 0 ? LAYER_OFF
                              : LAYER_FAILED,
        .process = (uint8_t)layer->process,
        .required = required,
        .error = result < 0 ? -result : 0,
    };
    (void)snprintf(ret_report->name, sizeof(ret_report->name), "%s", layer->name);
    (void)snprintf(ret_report->why, sizeof(ret_report->why), "%s", c->why);
}

int layers_apply(struct confinement *c, struct layer_report reports[LAYERS_MAX],
                 uint32_t *n_reports) {
    for (size_t i = 0; i < N_LAYERS; i++) {
        const struct layer *layer = &layers[i];
        bool missing = has_failed(layer->needs, reports, *n_reports);
        // Whoever does without a layer does without what stands on it.
        bool required = layer->required && !missing && !layer_is_optional(c->options, layer->name);
        int r = 0;

        if (layer->process != c->process || *n_reports == LAYERS_MAX) {
            continue;
        }
        c->why[0] = '\0';
        if (missing) {
            (void)snprintf(c->why, sizeof(c->why), "needs %s", layer->needs);
            r = -EOPNOTSUPP;
        } else {
            r = apply_row(c, layer);
        }
        report_row(c, layer, required, r, &reports[(*n_reports)++]);
        if (r < 0 && required) {
            return r;
        }
    }
    return 0;
}
