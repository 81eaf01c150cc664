// SPDX-License-Identifier: MIT
#pragma once

// What a configuration comes to. Its reader is mpyd's: "mpyd config" prints what it made of it.

struct json_object;

// The configuration of NAME, an app, or, if that is no name of one, a file with its drop-ins, and
// whether the image at the path IMAGE, whose key is in KEY_FILE (either may be NULL), would be
// started with it. Returns CTL_DONE and *ret_config, the caller's: {"app", "files": [...],
// "settings": [{"section", "key", "value", "file", "line", "applies"}], "refused": TEXT or null};
// or another of enum ctl_exit, mpyd or we having said why.
int config_read(const char *name, const char *image, const char *key_file,
                struct json_object **ret_config);
