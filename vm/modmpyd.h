// SPDX-License-Identifier: MIT
#pragma once

// The module mpyd: the app and its supervisor.

// Fills in what only the image knows, mpyd.name and mpyd.version.
void modmpyd_start(void);
