// SPDX-License-Identifier: MIT
#pragma once

// What a configuration comes to. Its reader is mpyd's: "mpyd config" prints what it made of it.

struct json_object;

// The configuration of NAME, an app, or, if that is no name of one, a file with its drop-ins.
// Returns CTL_DONE and *ret_config, the caller's: {"app", "files": [...], "settings": [{"section",
// "key", "value", "file", "line", "applies"}]}; or another of enum ctl_exit, mpyd or we having said
// why.
int config_read(const char *name, struct json_object **ret_config);
