# SPDX-License-Identifier: MIT
"""Calls that share a doorbell: what one costs, against a null call that has its own."""

import calls
import stats
from figures import BATCHES


def measure(env):
    runs = [calls.same_cpu(env, "batch", env.cpus[-1]) for _ in range(env.rounds(9, 2))]
    null = [run["null"] for run in runs]
    full = [run["batch-32"] for run in runs]
    results = {"batch_call_ratio": stats.ratio(full, null, "ns", digits=0)}
    for size in BATCHES:
        results[f"batch_{size}_ns"] = stats.plain([run[f"batch-{size}"] for run in runs], "ns", 0)
    return results
