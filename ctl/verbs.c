// SPDX-License-Identifier: MIT
#include "ctl/verbs.h"

// name, operands, least and most of them, help, options, function
const struct verb verbs[] = {
    {"inspect", "IMAGE", 1, 1, "Shows what an image is, holds and wants.", inspect_options,
     inspect_run},
    {"layout", "[IMAGE]", 0, 1, "Shows the map of an image's memory, or checks a list of regions.",
     layout_options, layout_run},
    {"symbolize", "CRASH", 1, 1, "Puts lines of the source into a traceback that has offsets.",
     symbolize_options, symbolize_run},
    {"verify", "IMAGE", 1, 1, "Tells whether an image is trusted here, by mpyd's own steps.",
     verify_options, verify_run},
    {0},
};
