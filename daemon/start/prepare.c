// SPDX-License-Identifier: MIT
#include "daemon/start/prepare.h"

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
#include "call/wire.h"
#include "daemon/config/config-files.h"
#include "daemon/control/control-socket.h"
#include "daemon/control/control.h"
#include "daemon/network/resolver.h"
#include "daemon/process/descriptors.h"
#include "daemon/process/identity.h"
#include "daemon/process/inherited.h"
#include "daemon/start/run.h"
#include "daemon/start/running.h"
#include "daemon/storage/state-directory.h"
#include "daemon/storage/storage.h"
#include "image/naming.h"

int prepare_check_pages(struct running *running) {
    long size = sysconf(_SC_PAGESIZE);

    (void)running;
    if (size != WIRE_PAGE) {
        log_error("this kernel has pages of %ld bytes, and images are laid out for pages of %u: a "
                  "kernel with such pages runs them",
                  size, WIRE_PAGE);
        return EXIT_SANDBOX;
    }
    return 0;
}

int prepare_open_image(struct running *running) {
    int r = open_file(running->options->trust.image, "the image", &running->image_fd);

    return r < 0 ? EXIT_IMAGE : 0;
}

int prepare_open_signature(struct running *running) {
    return trust_open(&running->options->trust, &running->trust);
}

// The command line, which the title overwrites, does not last as long as the app.
static int keep_place(struct running *running) {
    struct config_place *place = &running->supervisor.config_place;
    const struct config_place *given = &running->options->config;

    place->file = given->file ? strdup(given->file) : NULL;
    place->app = given->app ? strdup(given->app) : NULL;
    if ((given->file && !place->file) || (given->app && !place->app)) {
        return -ENOMEM;
    }
    return config_files_paths(place, &running->drop_ins, running->sandbox.readable);
}

// The configuration says what the sandbox is to be, so it is read before there is one. It is the
// administrator's, like the command line; nothing that came with the app is looked at here.
int prepare_read_config(struct running *running) {
    struct config *config = &running->supervisor.config;
    char why[CONFIG_WHY_SIZE];
    int r = config_init(config);

    if (r == 0) {
        r = keep_place(running);
    }
    if (r == 0) {
        r = config_files_read(config, &running->supervisor.config_place, why);
    }
    if (r == -EINVAL) {
        log_error("%s", why);
        return EXIT_CONFIG;
    }
    if (r < 0) {
        (void)log_errno(r, "cannot make a configuration");
        return EXIT_INTERNAL;
    }
    return 0;
}

// The name is not certain before the image is read; the ids depend on it before that.
int prepare_choose_name(struct running *running) {
    const struct run_options *options = running->options;

    if (!naming_choose(options->trust.image, options->name, running->name)) {
        return EXIT_USAGE;
    }
    log_set_app(running->name, NULL);
    return 0;
}

// Service managers may have done it already, or let nobody do it.
static int run_on(int cpu) {
    cpu_set_t set, now;

    CPU_ZERO(&set);
    if (cpu < CPU_SETSIZE) {
        CPU_SET(cpu, &set);
    }
    if (sched_getaffinity(0, sizeof(now), &now) == 0 && CPU_EQUAL(&now, &set)) {
        return 0;
    }
    return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

// A call between processes on one CPU costs a quarter of one across two, unless both spin.
int prepare_choose_cpu(struct running *running) {
    int64_t *wanted = &running->supervisor.config.cpu;
    int cpu = *wanted == CONFIG_CPU_ANY    ? -1
              : *wanted == CONFIG_CPU_SAME ? sched_getcpu()
                                           : (int)*wanted;
    int r = cpu < 0 ? 0 : run_on(cpu);

    running->sandbox.cpu = cpu;
    if (r == -EPERM && *wanted == CONFIG_CPU_SAME) {
        log_debug("%s: may not choose a CPU, and runs on any", running->name);
        *wanted = CONFIG_CPU_ANY;
        running->sandbox.cpu = -1;
        return 0;
    }
    if (r < 0) {
        (void)log_errno(r, "cannot run on CPU %d", cpu);
        return EXIT_CONFIG;
    }
    return 0;
}

int prepare_make_channel(struct running *running) {
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
int prepare_make_app(struct running *running) {
    struct app *app = &running->supervisor.app;
    int r = descriptors_raise(running->supervisor.config.handles);

    if (r == 0) {
        r = app_init(app, running->name);
    }
    if (r == 0) {
        r = resolver_new(app->loop, NULL, &app->resolver);
    }
    notify_open(&running->supervisor.notify);
    if (r < 0) {
        (void)log_errno(r, "cannot make the app");
        return EXIT_INTERNAL;
    }
    return 0;
}

// Likewise.
int prepare_read_secrets(struct running *running) {
    int r = secrets_read(getenv("CREDENTIALS_DIRECTORY"), &running->supervisor.app.secrets);

    if (r < 0) {
        (void)log_errno(r, "cannot read the credentials");
        return EXIT_INTERNAL;
    }
    return 0;
}

// An app can do without: what was named is another matter.
static int fail_without_control(const char *named, int error) {
    if (named) {
        (void)log_errno(error, "cannot make the control socket %s", named);
        return EXIT_CONFIG;
    }
    log_warning("no control socket, so nobody can ask for status, stop, traces: %s; --control PATH "
                "puts it elsewhere, --control none does without",
                error == -EADDRINUSE ? "another mpyd runs an app of this name"
                : error == -ENOENT   ? "$XDG_RUNTIME_DIR does not say where"
                                     : strerror(-error));
    return 0;
}

// Returns the listening socket or -errno.
static int make_control_socket(const struct running *running, const struct control_peers *peers) {
    gid_t group = geteuid() == 0 && peers->has_group ? peers->group : (gid_t)-1;
    const char *named = running->options->control;
    int inherited = named ? -1 : inherited_take("control");
    char path[CONTROL_PATH_SIZE];
    int r = 0;

    if (inherited >= 0) {
        return inherited;
    }
    if (named) {
        return control_socket_make(named, group);
    }
    r = control_socket_place(running->name, group, path);
    return r < 0 ? r : control_socket_make(path, group);
}

int prepare_make_control(struct running *running) {
    struct control_peers peers;
    const char *named = running->options->control;
    CLEANUP_FD int fd = -1;
    int r = 0;

    if (named && strcmp(named, CONTROL_NONE) == 0) {
        return 0;
    }
    r = control_peers_now(&peers);
    if (r < 0) {
        (void)log_errno(r, "cannot tell who may use the control socket");
        return EXIT_INTERNAL;
    }
    fd = make_control_socket(running, &peers);
    if (fd < 0) {
        return fail_without_control(named, fd);
    }
    control_peers_guard(&peers, fd);
    r = control_new(&running->supervisor, fd, &peers, &running->supervisor.control);
    if (r < 0) {
        (void)log_errno(r, "cannot serve the control socket");
        return EXIT_INTERNAL;
    }
    (void)steal_fd(&fd);
    return 0;
}

// The administrator's, and by his names: the app's image is not read yet.
int prepare_open_given(struct running *running) {
    int r = given_open(&running->supervisor.config.given, &running->supervisor.app.given);

    if (r < 0) {
        (void)log_errno(r, "cannot open the files of the configuration");
        return EXIT_INTERNAL;
    }
    return 0;
}

int prepare_open_state(struct running *running) {
    struct app *app = &running->supervisor.app;
    uid_t owner = running->has_ids ? running->sandbox.supervisor_uid : getuid();
    CLEANUP_FD int fd = -1;
    int r = 0;

    if (!running->options->state) {
        return 0;
    }
    r = state_directory_open(running->options->state, owner, &fd);
    if (r < 0) {
        return EXIT_STORAGE;
    }
    r = storage_new(fd, app->loop, &app->storage);
    if (r < 0) {
        (void)log_errno(r, "cannot make the storage");
        return EXIT_INTERNAL;
    }
    running->sandbox.state_fd = steal_fd(&fd); /* the storage's */
    return 0;
}

// -- the drop ------------------------------------------------------------------------------------

int prepare_fork_spawner(struct running *running) {
    struct supervisor *supervisor = &running->supervisor;
    struct spawner_descriptors descriptors = {
        .sleep = supervisor->app.channel.ring_fd,
        .ring = supervisor->app.channel.doorbell_fd,
        .channel = supervisor->app.channel.memory_fd,
        .kernel = supervisor->app.kernel_page.fd,
    };

    running->sandbox.optional = supervisor->config.optional;
    running->has_ids = geteuid() == 0;
    identity_of(running->name, &running->sandbox.supervisor_uid, &running->sandbox.worker_uid);
    // Which has said what failed.
    return spawner_fork(&running->sandbox, &descriptors, &supervisor->spawner) < 0 ? EXIT_SANDBOX
                                                                                   : 0;
}

// After the spawner was forked, which must not have a key.
int prepare_read_trust(struct running *running) {
    int r = trust_read(&running->trust);

    return r ? r : trust_read_floor(&running->trust, running->name);
}

int prepare_confine(struct running *running) {
    int n = sandbox_confine_supervisor(&running->sandbox, running->reports);

    if (n < 0) {
        return EXIT_SANDBOX;
    }
    running->n_reports = (size_t)n;
    return 0;
}
