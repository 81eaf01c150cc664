// SPDX-License-Identifier: MIT
#include "tests/unit/app-fixture.h"

int app_fixture_init(struct app *app) {
    *app = (struct app){0};
    if (channel_init(&app->channel) < 0 || channel_resize(&app->channel, WIRE_ARENA_MIN) < 0 ||
        app_init(app, "demo") < 0) {
        return -1;
    }
    app_next_generation(app);
    app->worker.running = true;
    app->worker.started = true;
    return 0;
}
