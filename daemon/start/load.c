// SPDX-License-Identifier: MIT
#include "daemon/start/load.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/config/grants.h"
#include "daemon/life/layers-report.h"
#include "daemon/life/sizing.h"
#include "daemon/network/resolver.h"
#include "daemon/start/run.h"
#include "daemon/start/running.h"
#include "daemon/storage/storage.h"
#include "image/map.h"
#include "image/naming.h"

int load_image(struct running *running) {
    return trust_load(&running->trust, running->image_fd, running->name, &running->image);
}

// Whom the image says it is of is whom it was signed for, or whose ids it has.
int load_check(struct running *running) {
    const struct run_options *options = running->options;
    const struct manifest *manifest = &running->image.manifest;
    bool strictly = running->has_ids || options->name || !options->trust.is_unsigned;
    int r = 0;

    if (!naming_check(options->trust.image, running->supervisor.app.name, manifest->name,
                      strictly)) {
        return EXIT_IMAGE;
    }
    r = trust_check(&running->trust, &running->image);
    if (r == 0 && running->trust.signer) {
        const struct key *key = running->trust.signer;

        log_info("%s: signed with key " SIGNATURE_ID_FORMAT " (%s): %s", manifest->name,
                 (unsigned long long)key->id, key->file, running->trust.comment);
        (void)snprintf(running->supervisor.signer, sizeof(running->supervisor.signer),
                       SIGNATURE_ID_FORMAT " (%s): %s", (unsigned long long)key->id, key->file,
                       running->trust.comment);
    }
    trust_done(&running->trust);
    (void)snprintf(running->supervisor.app.name, APP_NAME_SIZE, "%s", manifest->name);
    log_set_app(running->supervisor.app.name, running->image.id);
    return r;
}

int load_check_sizes(struct running *running) {
    char why[CONFIG_WHY_SIZE];

    if (sizing_check(&running->image.manifest, &running->supervisor.config, why) == 0) {
        return 0;
    }
    log_error("%s", why);
    return EXIT_CONFIG;
}

int load_make_policy(struct running *running) {
    struct supervisor *supervisor = &running->supervisor;
    char why[POLICY_WHY_SIZE];
    int r =
        grants_apply(&running->image.manifest, &supervisor->config, &supervisor->app.policy, why);

    if (r == GRANTS_BAD_MANIFEST) {
        log_error("%s: %s", running->options->trust.image, why);
        return EXIT_IMAGE;
    }
    if (r == GRANTS_BAD_CONFIG) {
        log_error("%s", why);
        return EXIT_CONFIG;
    }
    if (r < 0) {
        (void)log_errno(r, "cannot make the policy");
        return EXIT_INTERNAL;
    }
    // The resolver had to be made before the drop; most apps look no name up.
    if (!policy_resolves(supervisor->app.policy)) {
        supervisor->app.resolver = resolver_free(supervisor->app.resolver);
    }
    return 0;
}

int load_keep_secrets(struct running *running) {
    struct app *app = &running->supervisor.app;
    const struct manifest_texts *granted = &running->image.manifest.credentials;

    secrets_keep(&app->secrets, app->name, granted->items, granted->n_items);
    return 0;
}

int load_keep_given(struct running *running) {
    struct app *app = &running->supervisor.app;

    given_keep(&app->given, app->name, &running->image.manifest.files);
    return 0;
}

// Where it is damaged nothing is touched, and the supervisor stays up to say so.
int load_open_storage(struct running *running) {
    struct supervisor *supervisor = &running->supervisor;
    const char *name = supervisor->app.name, *path = running->options->state;
    char why[VOLUME_WHY_SIZE];
    int r;

    if (!supervisor->app.storage) {
        if (running->image.manifest.storage > 0) {
            log_warning("%s: asks for storage, and there is no --state for it", name);
        }
        return 0;
    }
    r = storage_open(supervisor->app.storage, name, why);
    if (r == STORAGE_CORRUPT) {
        supervise_note(supervisor, EVENT_DAMAGED, "%s: %s", path, why);
        return 0;
    }
    if (r == STORAGE_LAID_OUT) {
        supervise_note(supervisor, EVENT_ABSENT, "%s", "");
        log_info("%s: first run: storage laid out in %s", name, path);
    } else if (r == STORAGE_FOREIGN) {
        log_error("%s: the state directory %s is not for this app: %s", name, path, why);
    } else if (r < 0) {
        (void)log_errno(r, "%s: cannot tell what the state directory %s holds", name, path);
    }
    return r == 0 || r == STORAGE_LAID_OUT ? 0 : EXIT_STORAGE;
}

int load_confine_ports(struct running *running) {
    struct layer_report *report = &running->reports[running->n_reports];
    int r = grants_confine_ports(running->supervisor.app.policy, running->sandbox.state_fd, report);

    if (r < 0) {
        (void)log_errno(r, "cannot confine the ports: %s", report->why);
        return EXIT_SANDBOX;
    }
    report_layers(running->reports, running->n_reports + 1);
    layers_keep(&running->supervisor.layers, running->reports, running->n_reports + 1);
    return 0;
}

int load_size_app(struct running *running) {
    struct supervisor *supervisor = &running->supervisor;

    sizing_health(&running->image.manifest, &supervisor->config, supervisor->notify.watchdog_usec,
                  &supervisor->health_policy);
    return sizing_apply(&running->image.manifest, &supervisor->config, &supervisor->app);
}

int load_open_crashes(struct running *running) {
    struct app *app = &running->supervisor.app;
    const struct crash_origin origin = {
        .version = running->image.manifest.version,
        .image = running->image.id,
        .worker_uid = running->has_ids ? running->sandbox.worker_uid : getuid(),
        .payloads = &running->supervisor.config.trace_payloads,
    };

    crashes_init(&app->crashes, app->name, running->sandbox.state_fd, &origin);
    return 0;
}

// A spawner that failed before it was configured has said why, and is gone.
static bool has_failed(struct running *running) {
    struct spawner_event event;

    while (spawner_receive(&running->supervisor.spawner, &event) > 0) {
        if (event.kind == SPAWNER_FAILED) {
            report_failure(running->supervisor.app.name, &event);
            return true;
        }
    }
    return false;
}

int load_configure_spawner(struct running *running) {
    struct worker_options options = {
        .channel_size = WIRE_CHANNEL_SIZE(running->image.manifest.arena_size),
        .stack_limit = map_stack_limit(&running->image),
        .memory_limit = map_memory_limit(&running->image),
    };
    int r = 0;

    (void)snprintf(options.app, sizeof(options.app), "%s", running->supervisor.app.name);
    r = spawner_configure(&running->supervisor.spawner, running->image.fd, &options);
    if (r < 0 && !has_failed(running)) {
        (void)log_errno(r, "cannot configure the spawner");
    }
    return r < 0 ? EXIT_SANDBOX : 0;
}
