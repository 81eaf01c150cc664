// SPDX-License-Identifier: MIT
#include "daemon/start/service.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/life/supervise.h"
#include "image/naming.h"

int service_options(const char *app, struct run_options *ret_options) {
    static char image[sizeof(SERVICE_SLOTS) + 2 * (size_t)NAMING_SIZE + sizeof("/.mpyimg")];
    char name[NAMING_SIZE];

    if (!naming_choose(app, app, name)) {
        return EXIT_USAGE;
    }
    (void)snprintf(image, sizeof(image), "%s/%s/%s.mpyimg", SERVICE_SLOTS, app, app);
    ret_options->trust.image = image;
    ret_options->config.app = app;
    ret_options->name = app;
    ret_options->state = getenv("STATE_DIRECTORY"); // StateDirectory= names one
    return 0;
}
