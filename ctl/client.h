// SPDX-License-Identifier: MIT
#pragma once

// A connection to an app's control socket: Varlink (varlink.org), of which the interface is
// org.mpyd.App.

#include <stdbool.h>
#include <stdint.h>

#include "ctl/place.h"

struct client;
struct json_object;

#define CLIENT_SECONDS 10 /* within which a supervisor answers, unless told otherwise */
#define CLIENT_FOREVER 0

// Connects to the control socket of PLACE. Returns CTL_DONE and *ret_client, freed by
// client_free(); CTL_NOT_RUNNING, CTL_DENIED or CTL_INTERNAL, having said why unless IS_QUIET. Nor
// is it said then that the app ends while it is asked.
int client_open(const struct place *place, bool is_quiet, struct client **ret_client);
void client_free(struct client **client);

// What the app is called in messages.
const char *client_name(const struct client *client);

// How long each reply that follows may take until it is here; CLIENT_FOREVER: without an end.
void client_set_timeout(struct client *client, unsigned seconds);

// Calls METHOD ("Status") with PARAMETERS, which are the callee's from now on; NULL: none. Returns
// CTL_DONE and the parameters of the reply, the caller's (json_object_put()); or another of enum
// ctl_exit, having said why.
int client_call(struct client *client, const char *method, struct json_object *parameters,
                struct json_object **ret_reply);

// As that, for METHOD to answer more than once: client_receive() has all of its replies.
int client_call_more(struct client *client, const char *method, struct json_object *parameters);

// The next reply. *ret_continues: more will come. Returns as client_call().
int client_receive(struct client *client, struct json_object **ret_reply, bool *ret_continues);

// Waits for the other end to close. Returns CTL_DONE, or CTL_FAILED, having said that it did not.
int client_wait_end(struct client *client);

// The descriptor, for poll(2). Whether a reply is here already, without asking the kernel.
int client_fd(const struct client *client);
bool client_has_reply(const struct client *client);

// Opens, calls once and closes.
int client_ask(const struct place *place, const char *method, struct json_object *parameters,
               struct json_object **ret_reply);
