// SPDX-License-Identifier: MIT

// Stop and Restart: what an administrator does to the app's life.

#include <errno.h>

#include "daemon/control/answer.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "daemon/control/control.h"
#include "daemon/life/supervise.h"

static void fail_in_this_state(struct connection *connection) {
    const struct supervisor *supervisor = connection_supervisor(connection);

    connection_fail_with(connection, "NotRunning", "state", state_rows[supervisor->state].name);
}

void control_stop(struct connection *connection, struct json_object *parameters) {
    struct supervisor *supervisor = connection_supervisor(connection);
    const struct config *config = &supervisor->config;
    struct answer answer = {0};

    // A failure of ours ends the loop by way of the spawner's; all else the state table takes.
    if (supervise_request_stop(supervisor) < 0) {
        fail_in_this_state(connection);
        return;
    }
    control_tell(connection->control, connection, "asked for the app's end");
    answer = answer_new();
    answer_number(&answer, answer.object, "deadline_usec",
                  (int64_t)(config->stop_usec + config->abort_usec));
    connection_reply(connection, answer_take(&answer));
}

// -- restart -------------------------------------------------------------------------------------

static void forget(void *context, struct connection *connection) {
    connection->on_change = NULL;
}

// The worker that was asked for runs, or none will.
static void look_for_next(struct connection *connection) {
    const struct supervisor *supervisor = connection_supervisor(connection);
    const struct state_row *row = &state_rows[supervisor->state];
    uint32_t generation = supervisor->app.worker.generation;
    struct answer answer = {0};

    if (row->is_over || supervisor->state == STATE_BACKOFF) {
        connection->on_change = NULL;
        fail_in_this_state(connection);
    } else if (generation != connection->generation && supervisor->state != STATE_STARTING) {
        connection->on_change = NULL;
        answer = answer_new();
        answer_number(&answer, answer.object, "generation", generation);
        connection_reply(connection, answer_take(&answer));
    }
}

void control_restart(struct connection *connection, struct json_object *parameters) {
    struct supervisor *supervisor = connection_supervisor(connection);

    connection->generation = supervisor->app.worker.generation;
    if (supervise_request_restart(supervisor) < 0) {
        fail_in_this_state(connection);
        return;
    }
    control_tell(connection->control, connection, "asked for another worker");
    connection->on_change = look_for_next;
    connection_defer(connection, forget, NULL);
    look_for_next(connection);
}
