// SPDX-License-Identifier: MIT
#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "sandbox/layers.h"

int sandbox_confine_supervisor(const struct sandbox_options *options,
                               struct layer_report reports[LAYERS_MAX]) {
    struct confinement confinement = {
        .options = options,
        .process = LAYER_SUPERVISOR,
        .root = geteuid() == 0,
        .uid = geteuid() == 0 ? options->supervisor_uid : getuid(),
        .gid = geteuid() == 0 ? (gid_t)options->supervisor_uid : getgid(),
    };
    uint32_t n_reports = 0;
    int r = layers_apply(&confinement, reports, &n_reports);

    if (r < 0) {
        char text[96];

        layer_describe(&reports[n_reports - 1], text, sizeof(text));
        return log_errno(r, "supervisor: %s", text);
    }
    return (int)n_reports;
}
