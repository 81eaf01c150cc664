// SPDX-License-Identifier: MIT
#include "image/build.h"

#include <inttypes.h>
#include <stdio.h>

#include "call/wire.h"
#include "image/build-id.h"
#include "version.h"

const struct build build_info = {.version = MPYD_VERSION,
                                 .id = BUILD_ID,
                                 .image_abi = WIRE_ABI,
                                 .micropython = MICROPYTHON_VERSION};

const char build_text[] = MPYD_VERSION " (" BUILD_ID ")";

const char *build_describe(const char *program, char text[BUILD_SIZE]) {
    (void)snprintf(text, BUILD_SIZE, "%s %s\nimage ABI %" PRIu32 "\nMicroPython %s\n", program,
                   build_text, build_info.image_abi, build_info.micropython);
    return text;
}
