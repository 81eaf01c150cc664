// SPDX-License-Identifier: MIT
#pragma once

// The files an app can open: its resources at /res, read in place from the image. Nothing else
// exists, and nothing can be written.

#include <stddef.h>

// Mounts the ROMFS of SIZE bytes at RESOURCES; NULL: no /res. Raises OSError if it is none.
void resources_mount(const void *resources, size_t size);
