// SPDX-License-Identifier: MIT

// One function walks the table of everything that confines (sandbox/layer-table.inc); what is
// reported on has been read back from the kernel.

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

static const struct layer layers[] = {
#define LAYER(name, process, ...) {name, LAYER_##process, __VA_ARGS__},
#include "sandbox/layer-table.inc"
#undef LAYER
};

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
