// SPDX-License-Identifier: MIT
#pragma once

// What lies beside an image: the claim that somebody signed it. Read, not verified.

#include "image/signature.h"

enum signature_file_state { SIGNATURE_FILE_THERE, SIGNATURE_FILE_ABSENT, SIGNATURE_FILE_BAD };

// Reads IMAGE.minisig. *ret_signature is filled if it is there; WHY says what is wrong with a bad
// one, in one line that does not name it.
enum signature_file_state signature_file_read(const char *image, struct signature *ret_signature,
                                              char why[SIGNATURE_WHY_SIZE]);
