// SPDX-License-Identifier: MIT

// What happens to a call around its handler: refusal, later completion, waiting, cancelling.

#include "daemon/call.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "call/calls.h"
#include "daemon/app.h"
#include "daemon/dispatch.h"
#include "daemon/health.h"
