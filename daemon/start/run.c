// SPDX-License-Identifier: MIT
#include "daemon/start/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/title.h"
#include "daemon/control/control.h"
#include "daemon/life/supervise.h"
#include "daemon/start/load.h"
#include "daemon/start/prepare.h"
#include "daemon/start/running.h"
#include "image/image.h"
#include "image/trust.h"

_Static_assert((int)TRUST_IMAGE == EXIT_IMAGE && (int)TRUST_INTERNAL == EXIT_INTERNAL &&
                   (int)TRUST_DENIED == EXIT_UNTRUSTED && (int)TRUST_LOCKED == EXIT_LOCKED,
               "passed on as they are");

static int start(struct running *running) {
    static int (*const steps[])(struct running *) = {
        prepare_check_pages,    // images and the channel are laid out in them
        prepare_choose_name,    // whose ids, floor and keys these will be
        prepare_open_image,     // read only after the drop
        prepare_open_signature, // likewise
        prepare_read_config,    // says what the sandbox is to be
        prepare_choose_cpu,     // inherited by all
        prepare_make_channel,   // which the spawner inherits
        prepare_fork_spawner,   // nothing that follows is in its memory
        prepare_read_trust,     // with the rights that the drop takes
        prepare_make_app,       // sockets, timers, the resolver
        prepare_make_control,   // the socket in a directory of root's
        prepare_read_secrets,   // all that there are: whose app it is shows only below
        prepare_open_given,     // files and devices that only who starts it may open
        prepare_open_state,     // the one directory it will write in
        prepare_confine,        // the drop

        load_image,             // copied, verified, decrypted, read
        load_check,             // is it whose it was signed for?
        load_check_sizes,       // does it fit what the administrator allows?
        load_make_policy,       // what it asks for, narrowed
        load_keep_secrets,      // those it was granted
        load_keep_given,        // likewise
        load_open_storage,      // its files: laid out, good or damaged
        load_confine_ports,     // the kernel holds it to that too
        load_size_app,          // the channel
        load_open_crashes,      // reports of earlier workers
        load_configure_spawner, // it may start workers of this image
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
    running->supervisor.manifest = &running->image.manifest;
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
    supervisor->control = control_free(supervisor->control);
    app_done(&supervisor->app);
    notify_done(&supervisor->notify);
    trust_done(&running->trust);
    image_done(&running->image);
    config_done(&supervisor->config);
    free(running->drop_ins);
    free((void *)supervisor->config_place.file);
    free((void *)supervisor->config_place.app);
    close_fd(running->image_fd);
}

int run(const struct run_options *options) {
    // Never assigned as a whole: that would touch all its pages, which the spawner then keeps.
    static struct running running;
    int r = 0;

    running.options = options;
    running.image_fd = -1;
    running.trust = (struct trust)TRUST_INIT;
    running.image = (struct image)IMAGE_INIT;
    running.supervisor.spawner.socket = -1;
    running.supervisor.notify = (struct notify)NOTIFY_INIT;
    running.supervisor.app.channel =
        (struct channel){.memory_fd = -1, .ring_fd = -1, .doorbell_fd = -1};
    if (signals_block() < 0) {
        return EXIT_INTERNAL;
    }
    r = start(&running);
    if (r == 0) {
        r = supervise(&running);
    } else if (!state_rows[running.supervisor.state].is_over) {
        supervise_note(&running.supervisor, r == EXIT_LOCKED ? EVENT_LOCKED : EVENT_REFUSED,
                       "exit status %d", r);
    }
    done(&running);
    return r;
}
