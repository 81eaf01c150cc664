// SPDX-License-Identifier: MIT
#include "daemon/network/resolver.h"

#include <ares.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/time.h>

#include "base/cleanup.h"
#include "daemon/loop/loop.h"
#include "daemon/network/address.h"
#include "daemon/network/name-servers.h"
#include "daemon/network/policy-names.h"
#include "daemon/network/policy-rule.h"

#define TIMEOUT_MSEC 2000 /* of the first try; c-ares doubles it each time */
#define TRIES 3
#define UNWATCHED_MAX 16

// A socket of c-ares in the loop.
struct watch {
    struct resolver *resolver;
    int fd; /* c-ares' own */
    struct source *source;
    LIST_ENTRY(watch) all;
};

// One that could not be watched for want of memory. c-ares keeps a socket for later questions too:
// none of them would ever see an answer.
struct unwatched {
    int fd;
    uint32_t events; /* 0: none */
};

struct resolver {
    struct loop *loop;
    ares_channel channel;
    bool has_channel;
    struct timer *timer;
    LIST_HEAD(, watch) watches;
    struct unwatched unwatched[UNWATCHED_MAX]; /* more than that have to time out */
    struct policy_names *names;
    size_t n_lookups;
    bool asks_system; /* and not servers that the caller named */
    struct name_servers servers;
};

struct lookup {
    struct resolver *resolver;
    resolver_function function;
    void *context;
    char name[POLICY_NAME_SIZE];
};

// -- c-ares in the loop --------------------------------------------------------------------------

// c-ares' timeouts move with everything it does.
static void set_timer(struct resolver *resolver) {
    struct timeval left, *timeout = ares_timeout(resolver->channel, NULL, &left);

    if (timeout) {
        timer_set(resolver->timer,
                  (uint64_t)timeout->tv_sec * 1000000 + (uint64_t)timeout->tv_usec);
    } else {
        timer_clear(resolver->timer);
    }
}

// The watch may be gone once c-ares has looked at its socket.
static int on_socket(void *context, uint32_t events) {
    const struct watch *watch = context;
    struct resolver *resolver = watch->resolver;
    int fd = watch->fd;

    ares_process_fd(resolver->channel, events & ~(uint32_t)EPOLLOUT ? fd : ARES_SOCKET_BAD,
                    events & EPOLLOUT ? fd : ARES_SOCKET_BAD);
    set_timer(resolver);
    return 0;
}

static struct watch *watch_find(struct resolver *resolver, int fd) {
    struct watch *watch;

    LIST_FOREACH(watch, &resolver->watches, all) {
        if (watch->fd == fd) {
            return watch;
        }
    }
    return NULL;
}

static void watch_free(struct watch *watch) {
    source_free(watch->source);
    LIST_REMOVE(watch, all);
    free(watch);
}

static int watch_new(struct resolver *resolver, int fd, uint32_t events) {
    CLEANUP_FREE struct watch *watch = calloc(1, sizeof(*watch));
    int r;

    if (!watch) {
        return -ENOMEM;
    }
    watch->resolver = resolver;
    watch->fd = fd;
    r = source_new(resolver->loop, fd, events, on_socket, watch, &watch->source);
    if (r < 0) {
        return r;
    }
    LIST_INSERT_HEAD(&resolver->watches, watch, all);
    watch = NULL;
    return 0;
}

static int watch_set(struct resolver *resolver, int fd, uint32_t events) {
    struct watch *watch = watch_find(resolver, fd);

    if (!watch) {
        return events ? watch_new(resolver, fd, events) : 0;
    }
    if (events) {
        return source_set_events(watch->source, events);
    }
    watch_free(watch);
    return 0;
}

// What is known of FD, or a free place, or NULL.
static struct unwatched *unwatched_find(struct resolver *resolver, int fd) {
    struct unwatched *free_place = NULL;

    for (size_t i = 0; i < UNWATCHED_MAX; i++) {
        struct unwatched *place = &resolver->unwatched[i];

        if (place->events && place->fd == fd) {
            return place;
        }
        free_place = place->events ? free_place : place;
    }
    return free_place;
}

static void watch_again(struct resolver *resolver) {
    for (size_t i = 0; i < UNWATCHED_MAX; i++) {
        struct unwatched *place = &resolver->unwatched[i];

        if (place->events && watch_set(resolver, place->fd, place->events) == 0) {
            place->events = 0;
        }
    }
}

// c-ares says what it wants to know of a socket: neither, before it closes it.
static void on_state(void *context, ares_socket_t fd, int readable, int writable) {
    struct resolver *resolver = context;
    struct unwatched *place = unwatched_find(resolver, fd);
    uint32_t events = (readable ? (uint32_t)EPOLLIN : 0) | (writable ? (uint32_t)EPOLLOUT : 0);
    int r = watch_set(resolver, fd, events);

    if (place) {
        *place = (struct unwatched){.fd = fd, .events = r < 0 ? events : 0};
    }
}

static int on_timer(void *context) {
    struct resolver *resolver = context;

    watch_again(resolver);
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(resolver);
    return 0;
}

// -- answers -------------------------------------------------------------------------------------

static int error_of(int status) {
    switch (status) {
    case ARES_SUCCESS:
        return 0;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
        return ENOENT;
    case ARES_ETIMEOUT:
        return ETIMEDOUT;
    case ARES_ENOMEM:
        return ENOMEM;
    case ARES_ECANCELLED:
    case ARES_EDESTRUCTION:
        return ECANCELED;
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
    case ARES_EBADHINTS:
    case ARES_EBADFAMILY:
        return EINVAL;
    default:
        return EAGAIN;
    }
}

// Whether the hosts file gives NAME that very address: a line for another says nothing about it.
static bool in_hosts_file(struct resolver *resolver, const char *name,
                          const struct wire_address *address) {
    int family = address->family == WIRE_INET ? AF_INET : AF_INET6;
    struct hostent *host = NULL;
    bool found = false;

    if (ares_gethostbyname_file(resolver->channel, name, family, &host) != ARES_SUCCESS) {
        return false;
    }
    for (char **listed = host->h_addr_list; *listed && !found; listed++) {
        found = memcmp(*listed, address->host, (size_t)host->h_length) == 0;
    }
    ares_free_hostent(host);
    return found;
}

// Keeps what may be believed of an answer, and remembers it.
static size_t keep(struct lookup *lookup, const struct ares_addrinfo *answer,
                   struct wire_address addresses[RESOLVER_ADDRESSES_MAX]) {
    const struct ares_addrinfo_node *node = answer->nodes;
    size_t n_addresses = 0;

    for (; node && n_addresses < RESOLVER_ADDRESSES_MAX; node = node->ai_next) {
        struct sockaddr_storage storage = {0};
        struct wire_address address;

        memcpy(&storage, node->ai_addr, (size_t)node->ai_addrlen);
        if (address_from_socket(&storage, &address) < 0) {
            continue;
        }
        address = address_unmapped(&address);
        if (address_is_local(&address) &&
            !in_hosts_file(lookup->resolver, lookup->name, &address)) {
            continue;
        }
        address.port = 0;
        policy_names_add(lookup->resolver->names, lookup->name, &address);
        addresses[n_addresses++] = address;
    }
    return n_addresses;
}

static void on_answer(void *context, int status, int timeouts, struct ares_addrinfo *answer) {
    CLEANUP_FREE struct lookup *lookup = context;
    struct wire_address addresses[RESOLVER_ADDRESSES_MAX];
    size_t n_addresses = 0;
    int error = error_of(status);

    (void)timeouts;
    lookup->resolver->n_lookups--;
    if (error == 0) {
        n_addresses = keep(lookup, answer, addresses);
        error = n_addresses > 0 ? 0 : ENOENT;
    }
    ares_freeaddrinfo(answer);
    lookup->function(lookup->context, error, addresses, n_addresses);
}

int resolver_ask(struct resolver *resolver, const char *name, uint16_t family,
                 resolver_function function, void *context) {
    struct ares_addrinfo_hints hints = {.ai_family = family == WIRE_INET    ? AF_INET
                                                     : family == WIRE_INET6 ? AF_INET6
                                                                            : AF_UNSPEC,
                                        .ai_socktype = SOCK_STREAM};
    struct lookup *lookup;

    if (resolver->n_lookups >= RESOLVER_LOOKUPS_MAX) {
        return EBUSY;
    }
    assert(resolver); /* without one the policy lets no name through */
    if (strlen(name) >= sizeof(lookup->name)) {
        return EINVAL;
    }
    lookup = calloc(1, sizeof(*lookup));
    if (!lookup) {
        return ENOMEM;
    }
    *lookup = (struct lookup){.resolver = resolver, .function = function, .context = context};
    memcpy(lookup->name, name, strlen(name) + 1);
    if (resolver->asks_system && resolver->n_lookups == 0) {
        name_servers_follow(&resolver->servers, resolver->channel);
    }
    watch_again(resolver);
    resolver->n_lookups++;
    ares_getaddrinfo(resolver->channel, name, NULL, &hints, on_answer, lookup);
    set_timer(resolver);
    return 0;
}

void resolver_cancel(struct resolver *resolver) {
    if (resolver) {
        ares_cancel(resolver->channel);
        set_timer(resolver);
    }
}

const struct policy_names *resolver_names(const struct resolver *resolver) {
    return resolver ? resolver->names : NULL;
}

// -- the resolver --------------------------------------------------------------------------------

static void resolver_freep(struct resolver **resolver) {
    (void)resolver_free(*resolver);
}

static int ares_error(int status) {
    return status == ARES_SUCCESS ? 0 : status == ARES_ENOMEM ? -ENOMEM : -EINVAL;
}

// Granted names are complete: with the system's search list, one that is not there would be looked
// up under another's domain. c-ares knows two ways to say so, and versions that heed only one.
static int make_channel(struct resolver *resolver) {
    struct ares_options options = {.flags = ARES_FLAG_NOSEARCH,
                                   .timeout = TIMEOUT_MSEC,
                                   .tries = TRIES,
                                   .sock_state_cb = on_state,
                                   .sock_state_cb_data = resolver};
    int flags = ARES_OPT_FLAGS | ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS |
                ARES_OPT_TRIES;

#ifdef ARES_OPT_QUERY_CACHE
    // From 1.31 on: an empty answer without a SOA record would be kept for an hour.
    options.qcache_max_ttl = 0;
    flags |= ARES_OPT_QUERY_CACHE;
    options.flags |= ARES_FLAG_EDNS; /* as it is there without flags */
#endif
    return ares_error(ares_init_options(&resolver->channel, &options, flags));
}

int resolver_new(struct loop *loop, const char *servers, struct resolver **ret_resolver) {
    CLEANUP(resolver_freep) struct resolver *resolver = calloc(1, sizeof(*resolver));
    int r;

    if (!resolver) {
        return -ENOMEM;
    }
    resolver->loop = loop;
    LIST_INIT(&resolver->watches);
    resolver->asks_system = !servers;
    name_servers_init(&resolver->servers);
    r = make_channel(resolver);
    if (r < 0) {
        return r;
    }
    resolver->has_channel = true;
    r = servers ? ares_error(ares_set_servers_ports_csv(resolver->channel, servers)) : 0;
    if (r < 0) {
        return r;
    }
    r = timer_new(loop, on_timer, resolver, &resolver->timer);
    if (r < 0) {
        return r;
    }
    r = policy_names_new(&resolver->names);
    if (r < 0) {
        return r;
    }
    *ret_resolver = steal_ptr(&resolver);
    return 0;
}

// Ending the channel ends every lookup in flight and takes its sockets out of the loop.
struct resolver *resolver_free(struct resolver *resolver) {
    if (resolver) {
        if (resolver->has_channel) {
            ares_destroy(resolver->channel);
        }
        timer_free(resolver->timer);
        policy_names_free(resolver->names);
        free(resolver);
    }
    return NULL;
}
