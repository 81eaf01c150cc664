// SPDX-License-Identifier: MIT
// The machine of states and events, with a spawner that follows a script.
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/dispatch/handle.h"
#include "daemon/life/supervise.h"
#include "daemon/network/resolver.h"
#include "sandbox/spawner-child.h"

#define MOMENT_USEC 30000

// One letter a step of the spawner's:
//   r  says READY          S  is asked to start      t  SIGTERM comes
//   s  says STARTED        K  is asked to kill       .  a moment passes
//   f  says FAILED         c  its worker crashed     x  it is gone
//   k  its worker was killed                         b  its worker breaks the protocol
//   i  its worker found its image to be no good      o  its worker of long ago has ended
static const struct row {
    const char *script;
    uint64_t restart; /* enum config_restart */
    uint64_t delay_usec;
    int code;
    uint32_t generation; /* of the last worker */
} rows[] = {
    {"f", CONFIG_RESTART_NO, 0, EXIT_SANDBOX, 0},
    {"fx", CONFIG_RESTART_NO, 0, EXIT_SANDBOX, 0},
    {"t", CONFIG_RESTART_NO, 0, EXIT_ENDED, 0},
    {"x", CONFIG_RESTART_NO, 0, -ECONNRESET, 0},
    {"s", CONFIG_RESTART_NO, 0, -EPROTO, 0},
    {"rSf", CONFIG_RESTART_NO, 0, EXIT_SANDBOX, 1},
    {"rSfx", CONFIG_RESTART_NO, 0, EXIT_SANDBOX, 1},
    {"rSr", CONFIG_RESTART_NO, 0, -EPROTO, 1},
    {"rSc", CONFIG_RESTART_NO, 0, EXIT_GAVE_UP, 1},
    {"rSsc", CONFIG_RESTART_NO, 0, EXIT_GAVE_UP, 1},
    {"rSsx", CONFIG_RESTART_NO, 0, -ECONNRESET, 1},
    {"rSss", CONFIG_RESTART_NO, 0, -EPROTO, 1},
    {"rSsf", CONFIG_RESTART_NO, 0, -ECONNRESET, 1},
    {"rSsfx", CONFIG_RESTART_NO, 0, -ECONNRESET, 1},
    {"rSs.bKf", CONFIG_RESTART_NO, 0, -ECONNRESET, 1},
    {"rSscf", CONFIG_RESTART_ALWAYS, 3600000000, -ECONNRESET, 1},
    {"rSsoc", CONFIG_RESTART_NO, 0, EXIT_GAVE_UP, 1},
    {"rSscSsi", CONFIG_RESTART_ON_FAILURE, 0, EXIT_GAVE_UP, 2},
    {"rSscScSi", CONFIG_RESTART_ALWAYS, 0, EXIT_GAVE_UP, 3},
    {"rSsc.t", CONFIG_RESTART_ALWAYS, 3600000000, EXIT_ENDED, 1},
    {"rS.t.sc", CONFIG_RESTART_ALWAYS, 0, EXIT_ENDED, 1},
    {"rSs.t.c", CONFIG_RESTART_ALWAYS, 0, EXIT_ENDED, 1},
    {"rSs.tKk", CONFIG_RESTART_ALWAYS, 0, EXIT_ENDED, 1},
    {"rSs.tK.tk", CONFIG_RESTART_ALWAYS, 0, EXIT_ENDED, 1},
    {"rSs.bKk", CONFIG_RESTART_NO, 0, EXIT_GAVE_UP, 1},
    {"rSs.bKt....k", CONFIG_RESTART_NO, 0, EXIT_ENDED, 1},
    {"rS.bKsk", CONFIG_RESTART_NO, 0, EXIT_GAVE_UP, 1},
    {"rSs.bKkSsi", CONFIG_RESTART_ON_FAILURE, 0, EXIT_GAVE_UP, 2},
};

// The same for workers that never make their first call, which they are to make within a moment.
static const struct late_row {
    struct row row;
    enum ending ending; /* of the last worker */
} late_rows[] = {
    {{"rSsKk", CONFIG_RESTART_NO, 0, EXIT_GAVE_UP, 1}, ENDING_WATCHDOG},
    {{"rSKsk", CONFIG_RESTART_NO, 0, EXIT_GAVE_UP, 1}, ENDING_WATCHDOG},
    {{"rSsKc", CONFIG_RESTART_NO, 0, EXIT_GAVE_UP, 1}, ENDING_SIGNAL},
    {{"rSsKkSsi", CONFIG_RESTART_ON_FAILURE, 0, EXIT_GAVE_UP, 2}, ENDING_IMAGE},
    {{"rSsKt.k", CONFIG_RESTART_ALWAYS, 0, EXIT_ENDED, 1}, ENDING_WATCHDOG},
};

static struct supervisor supervisor;

struct actor {
    const char *script;
    int socket;
    uint32_t generation; /* it was last asked for */
    char missed;         /* the step at which it was not asked what it should have been */
};

static void tell(struct actor *actor, uint32_t kind, int code, int status) {
    struct spawner_event event = {.kind = kind,
                                  .generation = actor->generation,
                                  .code = code,
                                  .status = status,
                                  .error = EPERM,
                                  .what = "a step"};

    (void)send(actor->socket, &event, offsetof(struct spawner_event, reports), MSG_NOSIGNAL);
}

static void hear(struct actor *actor, char step, uint32_t kind) {
    struct spawner_request request = {0};

    if (recv(actor->socket, &request, sizeof(request), 0) != (ssize_t)sizeof(request) ||
        request.kind != kind) {
        actor->missed = step;
    }
    actor->generation = kind == SPAWNER_START ? request.generation : actor->generation;
}

// As a worker would, from its own mapping of the channel.
static void break_protocol(void) {
    struct channel *channel = &supervisor.app.channel;

    __atomic_store_n(&channel->header->submission_tail, 12345, __ATOMIC_SEQ_CST);
    (void)doorbell_ring(channel->doorbell_fd);
}

static void act(struct actor *actor, char step) {
    switch (step) {
    case 'r':
        return tell(actor, SPAWNER_READY, 0, 0);
    case 's':
        return tell(actor, SPAWNER_STARTED, 0, 0);
    case 'f':
        return tell(actor, SPAWNER_FAILED, 0, 0);
    case 'c':
        return tell(actor, SPAWNER_ENDED, CLD_KILLED, SIGSEGV);
    case 'k':
        return tell(actor, SPAWNER_ENDED, CLD_KILLED, SIGKILL);
    case 'i':
        return tell(actor, SPAWNER_ENDED, CLD_EXITED, WIRE_EXIT_IMAGE);
    case 'o':
        actor->generation--;
        tell(actor, SPAWNER_ENDED, CLD_KILLED, SIGSEGV);
        actor->generation++;
        return;
    case 'S':
        return hear(actor, step, SPAWNER_START);
    case 'K':
        return hear(actor, step, SPAWNER_KILL);
    case 'b':
        return break_protocol();
    case 't':
        (void)kill(getpid(), SIGTERM);
        return;
    case 'x':
        actor->socket = close_fd(actor->socket);
        return;
    default:
        (void)usleep(MOMENT_USEC);
    }
}

static void *play(void *context) {
    struct actor *actor = context;

    for (const char *step = actor->script; *step != '\0' && !actor->missed; step++) {
        act(actor, *step);
    }
    return NULL;
}

static int make_supervisor(const struct row *row, uint64_t ready_usec, int socket) {
    struct app *app = &supervisor.app;

    supervisor = (struct supervisor){
        .app = {.crashes = {.origin = {.version = "1", .image = "0"}}},
        .spawner = {.socket = socket, .pid = -1, .pidfd = -1},
        .notify = NOTIFY_INIT,
        .health_policy = {.ready_usec = ready_usec},
        .version = "1",
        .image_id = "0",
    };
    if (config_init(&supervisor.config) < 0 || channel_init(&app->channel) < 0 ||
        channel_resize(&app->channel, WIRE_ARENA_MIN) < 0 ||
        kernel_page_init(&app->kernel_page) < 0 || app_init(app, "demo") < 0) {
        return -1;
    }
    supervisor.config.restart = row->restart;
    supervisor.config.restart_delay_usec = row->delay_usec;
    supervisor.config.restart_delay_max_usec = row->delay_usec;
    supervisor.config.stop_usec = 3 * MOMENT_USEC;
    supervisor.config.abort_usec = MOMENT_USEC;
    return kernel_page_fill(&app->kernel_page, "demo", WIRE_ARENA_MIN, 8, 0);
}

static void run_row(const struct row *row, uint64_t ready_usec) {
    struct actor actor = {.script = row->script};
    pthread_t thread;
    int ends[2];
    int code = 0;

    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), errno);
    actor.socket = ends[1];
    assert_int_equal(make_supervisor(row, ready_usec, ends[0]), 0);
    assert_int_equal(pthread_create(&thread, NULL, play, &actor), 0);
    code = supervise_run(&supervisor);
    (void)close_fd(ends[0]);
    (void)pthread_join(thread, NULL);
    if (code != row->code || supervisor.app.worker.generation != row->generation || actor.missed) {
        fail_msg("%s: code %d, generation %u, missed %c", row->script, code,
                 supervisor.app.worker.generation, actor.missed ? actor.missed : '-');
    }
    (void)close_fd(actor.socket);
    app_done(&supervisor.app);
    config_done(&supervisor.config);
}

static void test_run_every_script_ends_as_it_should(void **state) {
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        run_row(&rows[i], 60000000);
    }
}

static void test_run_who_is_not_ready_in_time_is_killed(void **state) {
    for (size_t i = 0; i < sizeof(late_rows) / sizeof(late_rows[0]); i++) {
        run_row(&late_rows[i].row, MOMENT_USEC);
        if (supervisor.last.ending != late_rows[i].ending) {
            fail_msg("%s: %s", late_rows[i].row.script, supervisor.last.text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_every_script_ends_as_it_should),
        cmocka_unit_test(test_run_who_is_not_ready_in_time_is_killed),
    };

    // Before there is a thread: no thread may be ended by the signal that the loop is to see.
    if (signals_block() < 0) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
