// SPDX-License-Identifier: MIT
#pragma once

// Static probes for bpftrace, perf and SystemTap: a no-operation each until somebody puts a probe
// there. mpyd(8) lists them.

#include <sys/sdt.h>

#define PROBE_CALL_BEGIN(number, tag) DTRACE_PROBE2(mpyd, call__begin, number, tag)
#define PROBE_CALL_END(number, tag, error, result)                                                 \
    DTRACE_PROBE4(mpyd, call__end, number, tag, error, result)
#define PROBE_WORKER_START(generation) DTRACE_PROBE1(mpyd, worker__start, generation)
#define PROBE_WORKER_END(generation, ending) DTRACE_PROBE2(mpyd, worker__end, generation, ending)
