// SPDX-License-Identifier: MIT
#include "daemon/app/usage.h"

#include "daemon/app/app.h"

static int on_timer(void *context) {
    struct usages *usages = context;

    usage_tell(usages->app);
    return 0;
}

int usages_init(struct usages *usages, struct app *app) {
    *usages = (struct usages){.app = app};
    return timer_new(app->loop, on_timer, usages, &usages->timer);
}

void usages_done(struct usages *usages) {
    usages->timer = timer_free(usages->timer);
    usages->n_askers = 0;
}

// A worker that has never told of its heap is one that cannot, or has only begun.
static bool is_worth_asking(const struct app *app) {
    const struct worker *worker = &app->worker;

    return worker->running && !worker->exiting && worker->broken[0] == '\0' &&
           app->heap.taken_usec > 0 && loop_now_usec() - app->heap.taken_usec > USAGE_FRESH_USEC &&
           app->usages.n_askers < USAGE_ASKERS_MAX;
}

bool usage_ask(struct app *app, usage_then then, void *context) {
    struct usages *usages = &app->usages;

    if (!is_worth_asking(app)) {
        return false;
    }
    usages->askers[usages->n_askers++] = (struct usage_asker){then, context};
    if (usages->n_askers == 1) {
        timer_set(usages->timer, USAGE_PATIENCE_USEC);
        app_upcall(app, WIRE_UPCALL_PING);
    }
    return true;
}

void usage_cancel(struct app *app, void *context) {
    struct usages *usages = &app->usages;
    size_t n_left = 0;

    for (size_t i = 0; i < usages->n_askers; i++) {
        if (usages->askers[i].context != context) {
            usages->askers[n_left++] = usages->askers[i];
        }
    }
    usages->n_askers = n_left;
}

void usage_tell(struct app *app) {
    struct usages *usages = &app->usages;

    // One at a time: who is answered may go, and take another along.
    while (usages->n_askers > 0) {
        struct usage_asker asker = usages->askers[--usages->n_askers];

        asker.then(asker.context);
    }
    if (usages->timer) {
        timer_clear(usages->timer);
    }
}
