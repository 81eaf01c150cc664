// SPDX-License-Identifier: MIT
#pragma once

// Lists of regions that a person wrote, a line each:
//
//     NAME START SIZE [WITHIN]      # and a comment
//
// START is an address, 0x and hexadecimal digits or decimal ones, or "-" for a region without a
// place yet; SIZE likewise, or decimal digits with K, M or G; WITHIN the name of an outer region.

#include <stddef.h>

#include "image/layout.h"

#define REGIONS_MAX 512u
#define REGIONS_WHY_SIZE 160

// Takes TEXT apart, which is written into and has to outlive the regions. Returns 0 and
// *ret_n_regions of the REGIONS_MAX at REGIONS; or -EINVAL and the reason in WHY, which begins with
// the line's number.
int regions_parse(char *text, struct layout_region *regions, size_t *ret_n_regions,
                  char why[REGIONS_WHY_SIZE]);
