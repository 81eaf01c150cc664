// SPDX-License-Identifier: MIT
#pragma once

// Where installed images are, and what is known of them. mpyd-update(8) has options for each of
// them, for tests and for images of machines that are made on another one.

#define PLACES_IMAGES "/var/lib/mpyd-images"     /* APP/a, APP/b, APP/state */
#define PLACES_VENDOR "/usr/lib/mpyd/images"     /* APP.mpyimg, of packages */
#define PLACES_RUN "/run/mpyd-slots"             /* APP: a link to the directory that runs */
#define PLACES_TRIAL_SUFFIX ".trial"             /* APP.trial: it is on trial */
#define PLACES_INCOMING "/var/lib/mpyd-incoming" /* APP: what somebody wants installed */
#define PLACES_IMAGE_SUFFIX ".mpyimg"
#define PLACES_ROLL_BACK "rollback" /* in an app's incoming directory: a wish, and no image */

struct places {
    const char *images, *vendor, *run, *incoming;
    const char *keys, *floors, *key_file; /* as of struct trust_options */
};

#define PLACES_INIT                                                                                \
    {                                                                                              \
        .images = PLACES_IMAGES, .vendor = PLACES_VENDOR, .run = PLACES_RUN,                       \
        .incoming = PLACES_INCOMING                                                                \
    }
