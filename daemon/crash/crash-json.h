// SPDX-License-Identifier: MIT
#pragma once

// The JSON of a crash report; mpyctl(1) has its fields.

#include <stdint.h>

struct app;
struct crash_facts;
struct json_object;

// Makes the report of APP's worker, which ended as FACTS say. NUMBER is its own; 0: it has none.
// Returns 0 and *ret_report, the caller's to put, or -ENOMEM.
int crash_json_make(const struct app *app, const struct crash_facts *facts, uint32_t number,
                    struct json_object **ret_report);
