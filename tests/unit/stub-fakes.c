// SPDX-License-Identifier: MIT
#include "stub-fakes.h"

#include <string.h>

#include "daemon/dispatch/handle.h"

struct fakes fakes;

static int permitted(void) {
    fakes.n_permitted++;
    return fakes.permit_return;
}

static int handled(void) {
    fakes.n_handled++;
    return fakes.handle_return;
}

#define FAKE(name, ...)                                                                            \
    int name(__VA_ARGS__) {                                                                        \
        return strncmp(#name, "permit_", 7) == 0 ? permitted() : handled();                        \
    }
#include "call/stub-fakes.inc"

int fakes_setup(void **state) {
    fakes = (struct fakes){0};
    if (channel_init(&fakes.app.channel) < 0 ||
        channel_resize(&fakes.app.channel, FAKE_ARENA_SIZE) < 0 ||
        handles_new(&fakes.app, &fakes.app.handles) < 0) {
        return -1;
    }
    handles_set_quota(fakes.app.handles, WIRE_HANDLES);
    return 0;
}

int fakes_teardown(void **state) {
    fakes.app.handles = handles_free(fakes.app.handles);
    channel_done(&fakes.app.channel);
    return 0;
}
