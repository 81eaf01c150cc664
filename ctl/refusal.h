// SPDX-License-Identifier: MIT
#pragma once

// The errors of org.mpyd.App and of Varlink itself, in words.

struct json_object;

// Says that the app APP answered ERROR with PARAMETERS (or NULL). Returns what mpyctl ends with
// then, of enum ctl_exit.
int refusal_tell(const char *app, const char *error, struct json_object *parameters);
