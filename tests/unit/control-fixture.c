// SPDX-License-Identifier: MIT
#include "control-fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "daemon/dispatch/call.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/network/policy.h"
#include "daemon/record/record.h"
#include "image/manifest.h"
#include "tests/fuzz/fake-loop.h"
#include "tests/fuzz/fuzz.h"

#define TURNS_MAX 100000
#define IDLE_TURNS 3 /* what one timer sets for now is due in the next */

struct control_fixture fixture;

static struct manifest manifest;
static char *listens[] = {"tcp:127.0.0.1:8080-8099"};

// The next client of accept4(2).
static struct {
    int fd; /* -1: there is none */
    struct control_peer peer;
} next = {.fd = -1};

static int listening = -1, listening_peer = -1;

// -- in place of Linux and of the supervisor -----------------------------------------------------

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_control_peer_of(int fd, const struct control_peers *peers,
                           struct control_peer *ret_peer);
int __wrap_supervise_request_stop(struct supervisor *supervisor);
int __wrap_supervise_request_restart(struct supervisor *supervisor);

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
    REQUIRE(fd == listening && flags == (SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (next.fd < 0) {
        errno = EAGAIN;
        return -1;
    }
    return steal_fd(&next.fd);
}

int __wrap_control_peer_of(int fd, const struct control_peers *peers,
                           struct control_peer *ret_peer) {
    REQUIRE(peers->starter == FIXTURE_STARTER && peers->group == FIXTURE_GROUP);
    *ret_peer = next.peer;
    return 0;
}

int __wrap_supervise_request_stop(struct supervisor *supervisor) {
    fixture.n_stops++;
    return fixture.request_return;
}

int __wrap_supervise_request_restart(struct supervisor *supervisor) {
    fixture.n_restarts++;
    return fixture.request_return;
}

// -- life ----------------------------------------------------------------------------------------

static void pair(int *ret_one, int *ret_other) {
    int fds[2];

    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
    *ret_one = fds[0];
    *ret_other = fds[1];
}

int fixture_setup(void **state) {
    const struct control_peers peers = {
        .starter = FIXTURE_STARTER, .group = FIXTURE_GROUP, .has_group = true};
    struct supervisor *supervisor = &fixture.supervisor;
    char why[POLICY_WHY_SIZE];

    memset(&fixture, 0, sizeof(fixture));
    manifest =
        (struct manifest){.micropython = "1.25.0", .listen = {.items = listens, .n_items = 1}};
    supervisor->spawner.socket = -1;
    supervisor->version = "1.2.3";
    supervisor->image_id = "0123456789abcdef";
    supervisor->manifest = &manifest;
    supervisor->state = STATE_RUNNING;
    REQUIRE(app_init(&supervisor->app, "hello") == 0);
    REQUIRE(policy_new(&supervisor->app.policy) == 0);
    REQUIRE(policy_grant(supervisor->app.policy, POLICY_LISTEN, listens[0], why) == 0);
    pair(&listening, &listening_peer);
    REQUIRE(control_new(supervisor, listening, &peers, &supervisor->control) == 0);
    supervisor->app.worker.generation = 1;
    supervisor->app.worker.running = true;
    return 0;
}

int fixture_teardown(void **state) {
    fixture.supervisor.control = control_free(fixture.supervisor.control);
    listening = -1;
    listening_peer = close_fd(listening_peer);
    flights_clear(&fixture.supervisor.app.flights);
    fixture.supervisor.app.channel =
        (struct channel){.memory_fd = -1, .ring_fd = -1, .doorbell_fd = -1};
    fixture.supervisor.app.kernel_page = (struct kernel_page){.fd = -1};
    app_done(&fixture.supervisor.app);
    return 0;
}

// -- what happens --------------------------------------------------------------------------------

int fixture_connect(uid_t uid, bool allowed) {
    int client = -1;

    pair(&client, &next.fd);
    next.peer = (struct control_peer){.uid = uid, .pid = 4711, .allowed = allowed};
    REQUIRE(fake_loop_event_of(listening, EPOLLIN) == 0);
    REQUIRE(next.fd == -1);
    return client;
}

int fixture_run(uint64_t usec) {
    int r = fake_loop_pass(usec);

    for (int i = 0, n_idle = 0; r >= 0 && n_idle < IDLE_TURNS; i++) {
        int n = fake_loop_poll();

        REQUIRE(i < TURNS_MAX); // a source that is told of the same for ever
        r = n < 0 ? n : fake_loop_pass(0);
        n_idle = n > 0 ? 0 : n_idle + 1;
    }
    return r;
}

void fixture_record(uint32_t number, const char *data, size_t size, int error) {
    uint8_t scratch[256] = {0};
    const struct wire_submission submission = {.call = number,
                                               .arg = {0, (uint64_t)size << 32, 0, 0}};
    struct call call = {.app = &fixture.supervisor.app,
                        .row = number < CALLS_END ? &call_rows[number] : NULL,
                        .submission = &submission,
                        .started_nsec = record_begin(&fixture.supervisor.app),
                        .scratch = scratch,
                        .scratch_used = CALL_SCRATCH_SIZE(size + 1)};

    REQUIRE(size < sizeof(scratch) - 8);
    memcpy(scratch, data, size);
    record_now(&call, 0, error);
    record_settle(&fixture.supervisor.app);
}

void fixture_enter(enum state state) {
    fixture.supervisor.state = state;
    fixture.supervisor.on_change(fixture.supervisor.on_change_context);
}
