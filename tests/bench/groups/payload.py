# SPDX-License-Identifier: MIT
"""Requests with bytes: socket.send to a socket that is connected to nobody, so that all but the
network is in it. 64 KiB is the most one call takes; more goes as several with one doorbell."""

import calls
import stats
from figures import PAYLOADS


def measure(env):
    runs = [calls.same_cpu(env, "payload", env.cpus[-1]) for _ in range(env.rounds(9, 2))]
    null = [run["null"] for run in runs]

    def ratio(what):
        return stats.ratio([run[what] for run in runs], null, "us", 1e-3)

    results = {
        "payload_64k_ratio": ratio("payload-65536"),
        "payload_64k_copied_ratio": ratio("copied-65536"),
        "payload_0_ratio": ratio("payload-0"),
    }
    for name, size in PAYLOADS.items():
        values = [run[f"payload-{size}"] / 1000 for run in runs]
        results[f"payload_{name}_us"] = stats.plain(values, "us")
    return results
