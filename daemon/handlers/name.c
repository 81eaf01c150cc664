// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/handler.h"
#include "daemon/network/address.h"
#include "daemon/network/policy-rule.h"
#include "daemon/network/policy.h"
#include "daemon/network/resolver.h"

// Literal addresses and localhost are answered here and need no grant: they tell the app nothing.
// Everything else is a lookup.

// A call whose lookup is under way. The call may end before it, cancelled or by the death of its
// worker; the reference then completes nothing.
struct question {
    struct app *app;
    struct call_reference reference;
    struct window window;
    uint16_t port;
    bool is_later;    /* the call was told CALL_LATER */
    bool is_answered; /* the answer came while it was asked: RESULT */
    int64_t result;   /* bytes of addresses, or -errno */
    struct wire_address addresses[RESOLVER_ADDRESSES_MAX];
};

static uint16_t wanted_family(uint32_t family) {
    return family == NAME_RESOLVE_FAMILY_INET    ? WIRE_INET
           : family == NAME_RESOLVE_FAMILY_INET6 ? WIRE_INET6
                                                 : 0;
}

// -- what needs no lookup ------------------------------------------------------------------------

// Returns how many of ADDRESSES are of FAMILY, those moved to the front.
static size_t select_family(struct wire_address *addresses, size_t n_addresses, uint16_t family) {
    size_t n_selected = 0;

    for (size_t i = 0; i < n_addresses; i++) {
        if (family == 0 || addresses[i].family == family) {
            addresses[n_selected++] = addresses[i];
        }
    }
    return n_selected;
}

static bool is_local(const char *host) {
    char name[POLICY_NAME_SIZE];
    struct wire_address address;

    return address_parse(host, &address) == 0 ||
           (policy_canonical_name(host, name) == 0 && policy_name_is_localhost(name));
}

static int answer_local(const char *host, uint16_t port, uint16_t family, struct window window,
                        int64_t *ret_result) {
    struct wire_address addresses[2] = {{.family = WIRE_INET, .host = {127, 0, 0, 1}},
                                        {.family = WIRE_INET6, .host = {[15] = 1}}};
    size_t n_addresses = 2, size;

    if (address_parse(host, &addresses[0]) == 0) {
        n_addresses = 1;
    }
    addresses[0].port = port;
    addresses[1].port = port;
    size = select_family(addresses, n_addresses, family) * sizeof(addresses[0]);
    if (size == 0) {
        return ENOENT;
    }
    if (size > window.size) {
        return EINVAL;
    }
    memcpy(window.data, addresses, size);
    *ret_result = (int64_t)size;
    return 0;
}

// -- lookups -------------------------------------------------------------------------------------

static void on_resolved(void *context, int error, const struct wire_address *addresses,
                        size_t n_addresses) {
    struct question *question = context;
    size_t room = question->window.size / sizeof(*addresses);

    if (n_addresses > room) {
        n_addresses = room;
    }
    for (size_t i = 0; i < n_addresses; i++) {
        question->addresses[i] = addresses[i];
        question->addresses[i].port = question->port;
    }
    question->result = error ? -error : (int64_t)(n_addresses * sizeof(*addresses));
    question->is_answered = true;
    if (!question->is_later) {
        return; /* ask() is still there and goes on */
    }
    if (question->result > 0) {
        call_answer(question->app, question->reference, question->window, question->addresses,
                    (size_t)question->result);
    }
    call_complete(question->app, question->reference, question->result);
    free(question);
}

static int ask(struct call *call, const char *name, uint16_t family, uint16_t port,
               struct window window, int64_t *ret_result) {
    CLEANUP_FREE struct question *question = calloc(1, sizeof(*question));
    struct app *app = call_app(call);
    int r;

    if (!question) {
        return ENOMEM;
    }
    *question = (struct question){.app = app, .window = window, .port = port};
    r = resolver_ask(app_resolver(app), name, family, on_resolved, question);
    if (r != 0) {
        return r;
    }
    if (!question->is_answered) {
        question->reference = call_reference(call);
        question->is_later = true;
        question = NULL; /* on_resolved() frees it */
        return CALL_LATER;
    }
    if (question->result < 0) {
        return (int)-question->result;
    }
    memcpy(window.data, question->addresses, (size_t)question->result);
    *ret_result = question->result;
    return 0;
}

int permit_name_resolve(struct call *call, const char *host, uint32_t port, uint32_t family,
                        struct window addresses) {
    char name[POLICY_NAME_SIZE], why[POLICY_WHY_SIZE];

    if (is_local(host) || policy_canonical_name(host, name) < 0 ||
        policy_allows_resolve(app_policy(call_app(call)), name, why)) {
        return 0; /* what is no name at all, the handler says */
    }
    return call_refuse(call, "%s", why);
}

int handle_name_resolve(struct call *call, const char *host, uint32_t port, uint32_t family,
                        struct window addresses, int64_t *ret_result) {
    char name[POLICY_NAME_SIZE];

    if (addresses.size < sizeof(struct wire_address)) {
        return EINVAL;
    }
    if (is_local(host)) {
        return answer_local(host, (uint16_t)port, wanted_family(family), addresses, ret_result);
    }
    if (policy_canonical_name(host, name) < 0) {
        return EINVAL;
    }
    return ask(call, name, wanted_family(family), (uint16_t)port, addresses, ret_result);
}
