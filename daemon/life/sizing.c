// SPDX-License-Identifier: MIT
#include "daemon/life/sizing.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "daemon/app/app.h"
#include "daemon/dispatch/handle.h"
#include "daemon/life/health.h"
#include "daemon/life/supervise.h"
#include "daemon/process/descriptors.h"
#include "daemon/storage/storage.h"
#include "image/manifest.h"

int sizing_check(const struct manifest *manifest, const struct config *config,
                 char why[CONFIG_WHY_SIZE]) {
    const struct {
        const char *what;
        uint64_t wanted, allowed;
    } rows[] = {
        {"an arena", manifest->arena_size, config->arena_size},
        {"a heap", manifest->heap_size, config->heap_size},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].wanted > rows[i].allowed) {
            (void)snprintf(why, CONFIG_WHY_SIZE,
                           "%s: needs %s of %" PRIu64 " bytes, the configuration allows %" PRIu64,
                           manifest->name, rows[i].what, rows[i].wanted, rows[i].allowed);
            return SIZING_REFUSED;
        }
    }
    return 0;
}

static uint32_t smaller(uint64_t wish, uint64_t otherwise, uint64_t cap) {
    uint64_t value = wish > 0 ? wish : otherwise;

    return (uint32_t)(value < cap ? value : cap);
}

static uint64_t shorter(uint64_t one_usec, uint64_t other_usec) {
    return one_usec < other_usec ? one_usec : other_usec;
}

void sizing_health(const struct manifest *manifest, const struct config *config,
                   uint64_t watchdog_usec, struct health_policy *ret_policy) {
    uint64_t ready_msec = manifest->ready_msec > 0 ? manifest->ready_msec : MANIFEST_READY_DEFAULT;

    *ret_policy = (struct health_policy){
        .asks_ready = manifest->ready_msec > 0,
        .ready_usec = shorter(ready_msec * 1000, config->ready_usec),
        .heartbeat_usec = shorter(manifest->heartbeat_msec * 1000, config->heartbeat_usec),
        .cpu_percent = config->cpu_percent < 100 ? (uint32_t)config->cpu_percent : 0,
        .cpu_window_usec = config->cpu_window_usec,
        .patience_usec = watchdog_usec / 2,
    };
}

static uint32_t choose_handles(const struct manifest *manifest, const struct config *config) {
    return smaller(manifest->handles, MANIFEST_HANDLES_DEFAULT, config->handles);
}

void sizing_limit(const struct manifest *manifest, const struct config *config, struct app *app) {
    handles_set_quota(app->handles, choose_handles(manifest, config));
    if (app->storage) {
        storage_set_quota(app->storage, manifest->storage < config->storage ? manifest->storage
                                                                            : config->storage);
    }
    app_log_set_rate(&app->log,
                     smaller(manifest->log_rate, MANIFEST_LOG_RATE_DEFAULT, config->log_rate));
}

int sizing_apply(const struct manifest *manifest, const struct config *config, struct app *app) {
    uint32_t n_handles = choose_handles(manifest, config);
    // Processes that share a CPU must never spin for each other.
    uint64_t spin_usec = config->cpu == CONFIG_CPU_ANY ? config->spin_usec : 0;
    int r = channel_resize(&app->channel, manifest->arena_size);

    sizing_limit(manifest, config, app);
    if (r == 0) {
        r = descriptors_check(n_handles);
    }
    if (r == 0) {
        r = kernel_page_fill(&app->kernel_page, app->name, (uint32_t)manifest->arena_size,
                             n_handles, (uint32_t)(spin_usec * 1000));
    }
    app->kernel_page.page->has_storage = app_storage(app) != NULL;
    if (r < 0) {
        (void)log_errno(r, "cannot size the channel");
        return EXIT_INTERNAL;
    }
    return 0;
}
