// SPDX-License-Identifier: MIT
#pragma once

// `mpyd layers`: which walls can be had here, by whoever asks, without an app.

// Builds a sandbox for no worker, with every layer optional, and writes one JSON object to standard
// output: {"layers": [{"process", "name", "required", "state", "detail"}]}, states as in
// org.mpyd.App. Returns the exit status of the process (enum supervise_exit): EXIT_SANDBOX, if a
// required layer is missing.
int layers_show(void);
