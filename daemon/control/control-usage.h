// SPDX-License-Identifier: MIT
#pragma once

// Replies that tell what of the heap is in use: they wait for the worker to say it.

struct connection;

// Calls REPLY(CONNECTION), which replies, once the figures of the heap are as new as they get: at
// once, or later, unless the client goes before.
void control_usage_reply(struct connection *connection, void (*reply)(void *connection));
