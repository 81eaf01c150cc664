// SPDX-License-Identifier: MIT
#pragma once

// `mpyd config APP`: what the files say, and what counts where they say nothing, as JSON, for
// mpyctl config.

#include "daemon/config/config-files.h"
#include "image/trust.h"

// Writes to standard output one object: app (null: PLACE names none), files, and settings, each
// with section, key, value, file, line and applies ("now", "narrow", "next"); a value is null where
// the manifest says what counts, a file and line where a default does; and refused, why the image
// that TRUST names, whoever signed it, would not be started with this configuration (null: it
// would, or TRUST names none). Returns an enum supervise_exit.
int config_show(const struct config_place *place, const struct trust_options *trust);
