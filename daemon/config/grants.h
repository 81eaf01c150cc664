// SPDX-License-Identifier: MIT
#pragma once

// From what the image requests and what the configuration leaves of it to the policy in force.

#include "daemon/config/config.h"
#include "daemon/network/policy.h"
#include "image/manifest.h"
#include "sandbox/sandbox.h"

enum {
    GRANTS_BAD_MANIFEST = 1,
    GRANTS_BAD_CONFIG = 2,
};

// Returns 0 and *ret_policy, the caller's; one of the above with the reason in WHY, after
// "FILE:LINE: " of the configuration if that is to blame; or -errno.
int grants_apply(const struct manifest *manifest, const struct config *config,
                 struct policy **ret_policy, char why[POLICY_WHY_SIZE]);

// Tells the kernel which TCP ports POLICY can ever use. STATE_FD is of the state directory, or 0.
// Returns 0 and *ret_report, or -errno.
int grants_confine_ports(const struct policy *policy, int state_fd,
                         struct layer_report *ret_report);
