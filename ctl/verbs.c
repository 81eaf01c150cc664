// SPDX-License-Identifier: MIT
#include "ctl/verbs.h"

#define IMAGES "Images, which are read and not run"

// group, name, operands, help, options, function
const struct verb verbs[] = {
    {IMAGES, "inspect", "IMAGE", "Shows what an image is, holds and wants.", inspect_options,
     inspect_run},
    {IMAGES, "layout", "[IMAGE]",
     "Shows the map of an image's memory, or checks a list of regions.", layout_options,
     layout_run},
    {IMAGES, "symbolize", "CRASH", "Puts lines of the source into a traceback that has offsets.",
     symbolize_options, symbolize_run},
    {IMAGES, "verify", "IMAGE", "Tells whether an image is trusted here, by mpyd's own steps.",
     verify_options, verify_run},
    {0},
};
