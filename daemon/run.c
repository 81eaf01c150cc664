// SPDX-License-Identifier: MIT
#include "daemon/run.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/open.h"
#include "base/title.h"
#include "daemon/descriptors.h"
#include "daemon/grants.h"
#include "daemon/identity.h"
#include "daemon/layers-report.h"
#include "daemon/resolver.h"
#include "daemon/sizing.h"
#include "daemon/supervise.h"
#include "image/image.h"
#include "image/map.h"
#include "image/naming.h"
#include "image/trust.h"

_Static_assert((int)TRUST_IMAGE == EXIT_IMAGE && (int)TRUST_INTERNAL == EXIT_INTERNAL &&
                   (int)TRUST_DENIED == EXIT_UNTRUSTED && (int)TRUST_LOCKED == EXIT_LOCKED,
               "passed on as they are");

// Every step returns 0 or the exit status, having logged why.
struct running {
    const struct run_options *options;
    char name[NAMING_SIZE]; /* before the image was read; it must turn out to be the app's */
    int image_fd;
    struct trust trust;
    FILE *config_file;
    struct sandbox_options sandbox;
    bool has_ids; /* as root: those of the name that the app had before its image was read */
    struct layer_report reports[LAYERS_MAX + 1]; /* of the supervisor; told once the app is known */
    size_t n_reports;
    struct image image;
    struct supervisor supervisor;
};

// -- before the drop: files are opened, only the configuration is read ---------------------------

static int open_image(struct running *running) {
    int r = open_file(running->options->trust.image, "the image", &running->image_fd);

    return r < 0 ? EXIT_IMAGE : 0;
}

static int open_signature(struct running *running) {
    return trust_open(&running->options->trust, &running->trust);
}

// The configuration says what the sandbox is to be, so it is read before there is one. It is the
// administrator's, like the command line; nothing that came with the app is looked at here.
static int read_config(struct running *running) {
    struct config *config = &running->supervisor.config;
    const char *path = running->options->config;
    char why[CONFIG_WHY_SIZE];
    CLEANUP_FD int fd = -1;
    int r = config_init(config);

    if (r < 0) {
        (void)log_errno(r, "cannot make a configuration");
        return EXIT_INTERNAL;
    }
    if (!path) {
        return 0;
    }
    if (open_file(path, "the configuration", &fd) < 0) {
        return EXIT_CONFIG;
    }
    running->config_file = fdopen(fd, "r");
    if (!running->config_file) {
        (void)log_errno(errno, "cannot open the configuration %s", path);
        return EXIT_CONFIG;
    }
    (void)steal_fd(&fd);
    r = config_read(config, running->config_file, path, why);
    if (r == -EINVAL) {
        log_error("%s", why);
    } else if (r < 0) {
        (void)log_errno(r, "cannot read the configuration %s", path);
    }
    return r < 0 ? EXIT_CONFIG : 0;
}

// The name is not certain before the image is read; the ids depend on it before that.
static int choose_name(struct running *running) {
    const struct run_options *options = running->options;

    return naming_choose(options->trust.image, options->name, running->name) ? 0 : EXIT_USAGE;
}

// A call between processes on one CPU costs a quarter of one across two, unless both spin.
static int choose_cpu(struct running *running) {
    int64_t wanted = running->supervisor.config.cpu;
    int cpu = wanted == CONFIG_CPU_ANY    ? -1
              : wanted == CONFIG_CPU_SAME ? sched_getcpu()
                                          : (int)wanted;
    cpu_set_t set;

    running->sandbox.cpu = cpu;
    if (cpu < 0) {
        return 0;
    }
    CPU_ZERO(&set);
    if (cpu < CPU_SETSIZE) {
        CPU_SET(cpu, &set);
    }
    if (sched_setaffinity(0, sizeof(set), &set) < 0) {
        (void)log_errno(errno, "cannot run on CPU %d", cpu);
        return EXIT_CONFIG;
    }
    return 0;
}

static int make_channel(struct running *running) {
    struct app *app = &running->supervisor.app;
    int r = channel_init(&app->channel);

    if (r == 0) {
        r = kernel_page_init(&app->kernel_page);
    }
    if (r < 0) {
        (void)log_errno(r, "cannot make the channel");
        return EXIT_INTERNAL;
    }
    return 0;
}

// After the spawner was forked: none of this is its business, nor in its memory.
static int make_app(struct running *running) {
    struct app *app = &running->supervisor.app;
    int r = descriptors_raise(running->supervisor.config.handles);

    if (r == 0) {
        r = app_init(app, running->name);
    }
    if (r == 0) {
        r = resolver_new(app->loop, NULL, &app->resolver);
    }
    if (r < 0) {
        (void)log_errno(r, "cannot make the app");
        return EXIT_INTERNAL;
    }
    return 0;
}

// -- the drop ------------------------------------------------------------------------------------

static int fork_spawner(struct running *running) {
    struct supervisor *supervisor = &running->supervisor;
    struct spawner_descriptors descriptors = {
        .sleep = supervisor->app.channel.ring_fd,
        .ring = supervisor->app.channel.doorbell_fd,
        .channel = supervisor->app.channel.memory_fd,
        .kernel = supervisor->app.kernel_page.fd,
    };
    int r = 0;

    running->sandbox.optional = supervisor->config.optional;
    running->has_ids = geteuid() == 0;
    identity_of(running->name, &running->sandbox.supervisor_uid, &running->sandbox.worker_uid);
    r = spawner_fork(&running->sandbox, &descriptors, &supervisor->spawner);
    if (r < 0) {
        (void)log_errno(r, "cannot make the spawner");
        return EXIT_SANDBOX;
    }
    return 0;
}

// After the spawner was forked, which must not have a key.
static int read_trust(struct running *running) {
    int r = trust_read(&running->trust);

    return r ? r : trust_read_floor(&running->trust, running->name);
}

static int confine(struct running *running) {
    int n = sandbox_confine_supervisor(&running->sandbox, running->reports);

    if (n < 0) {
        return EXIT_SANDBOX;
    }
    running->n_reports = (size_t)n;
    return 0;
}

// -- after the drop: the image is read -----------------------------------------------------------

static int load_image(struct running *running) {
    return trust_load(&running->trust, running->image_fd, running->name, &running->image);
}

// Whom the image says it is of is whom it was signed for, or whose ids it has.
static int check_image(struct running *running) {
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
    }
    trust_done(&running->trust);
    (void)snprintf(running->supervisor.app.name, APP_NAME_SIZE, "%s", manifest->name);
    return r;
}

static int check_sizes(struct running *running) {
    return sizing_check(&running->image.manifest, &running->supervisor.config);
}

static int make_policy(struct running *running) {
    struct supervisor *supervisor = &running->supervisor;
    char why[POLICY_WHY_SIZE];
    int r =
        grants_apply(&running->image.manifest, &supervisor->config, &supervisor->app.policy, why);

    if (r == GRANTS_BAD_MANIFEST) {
        log_error("%s: %s", running->options->trust.image, why);
        return EXIT_IMAGE;
    }
    if (r == GRANTS_BAD_CONFIG) {
        log_error("%s:%s", running->options->config, why);
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

static int confine_ports(struct running *running) {
    struct layer_report *report = &running->reports[running->n_reports];
    int r = grants_confine_ports(running->supervisor.app.policy, report);

    if (r < 0) {
        (void)log_errno(r, "cannot confine the ports: %s", report->why);
        return EXIT_SANDBOX;
    }
    report_layers(running->reports, running->n_reports + 1);
    return 0;
}

static int size_app(struct running *running) {
    return sizing_apply(&running->image.manifest, &running->supervisor.config,
                        &running->supervisor.app);
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

static int configure_spawner(struct running *running) {
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

// -- in order ------------------------------------------------------------------------------------

static int prepare(struct running *running) {
    static int (*const steps[])(struct running *) = {
        choose_name,  open_image,  open_signature, read_config, choose_cpu,        make_channel,
        fork_spawner, read_trust,  make_app,       confine,     load_image,        check_image,
        check_sizes,  make_policy, confine_ports,  size_app,    configure_spawner,
    };
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++) {
        r = steps[i](running);
    }
    return r;
}

static int supervise(struct running *running) {
    const char *name = running->supervisor.app.name;
    bool is_unsigned = running->options->trust.is_unsigned;
    int r = 0;

    if (is_unsigned) {
        log_warning("%s runs unsigned: nobody vouches for its image", name);
    }
    // Overwrites the command line, and so what the options point to: they have been used up.
    title_set("mpyd: supervisor %s%s", name, is_unsigned ? " (unsigned)" : "");
    running->options = NULL;
    running->supervisor.version = running->image.manifest.version;
    running->supervisor.image_id = running->image.id;
    running->supervisor.terminal = isatty(STDERR_FILENO) == 1;
    r = supervise_run(&running->supervisor);
    return r < 0 ? EXIT_INTERNAL : r;
}

// Everything of the app goes before the spawner: a worker that is killed last answers nobody.
static void done(struct running *running) {
    struct supervisor *supervisor = &running->supervisor;

    spawner_done(&supervisor->spawner);
    app_done(&supervisor->app);
    trust_done(&running->trust);
    image_done(&running->image);
    config_done(&supervisor->config);
    if (running->config_file) {
        (void)fclose(running->config_file);
    }
    close_fd(running->image_fd);
}

int run(const struct run_options *options) {
    static struct running running;
    int r = 0;

    running = (struct running){
        .options = options,
        .image_fd = -1,
        .trust = TRUST_INIT,
        .image = IMAGE_INIT,
        .supervisor = {.spawner = {.socket = -1}},
    };
    running.supervisor.app.channel =
        (struct channel){.memory_fd = -1, .ring_fd = -1, .doorbell_fd = -1};
    if (signals_block() < 0) {
        return EXIT_INTERNAL;
    }
    r = prepare(&running);
    if (r == 0) {
        r = supervise(&running);
    }
    done(&running);
    return r;
}
