// SPDX-License-Identifier: MIT
#pragma once

// The crash reports of an app: those that its supervisor has, or, where none answers, those in its
// state directory.

#include <stddef.h>

#include "ctl/place.h"

#define REPORTS_MAX 16u /* that an app has */

struct json_object;

// The newest reports of PLACE, the newest first, at most LAST. Returns CTL_DONE and *ret_reports,
// an array, the caller's; or another of enum ctl_exit, having said why: unless IS_NAMED, nothing of
// one that never had any.
int reports_of_place(const struct place *place, bool is_named, size_t last,
                     struct json_object **ret_reports);

// The same of the state directory STATE, which is there.
int reports_of_state(const char *state, size_t last, struct json_object **ret_reports);

// Reads what somebody calls a report, or an array of them. Returns it, the caller's; or NULL: that
// is none.
struct json_object *reports_parse(const char *text, size_t size);

// Report I of what reports_parse() returned, from 0, whose it stays; NULL: it has no so many.
struct json_object *reports_at(struct json_object *reports, size_t i);
