# SPDX-License-Identifier: MIT
"""The null call: channel.nop of a C worker under mpyd run, there and back."""

import calls
import stats

APP = """\
import calls
import time

def slice():
    nop = calls.channel_nop
    start = time.time_ns()
    for _ in range(60):
        nop()
    return (time.time_ns() - start) / 60

print("= null", sorted([slice() for _ in range(400)])[200])
"""


def floor(env, kind, cpu, peer):
    return float(env.output([env.bench / "floor-round-trip", kind, cpu, peer]))


def same_core(env):
    cpu = env.cpus[-1]
    times = stats.interleave(
        {
            "ours": lambda: calls.same_cpu(env, "null", cpu)["null"],
            "floor": lambda: floor(env, "eventfd", cpu, cpu),
        },
        env.rounds(25),
    )
    return stats.ratio(times["ours"], times["floor"], "us", 1e-3)


def cross_core(env):
    cpus = env.cpus[-2:]
    times = stats.interleave(
        {
            "ours": lambda: calls.across_cpus(env, "null", cpus)["null"],
            "floor": lambda: floor(env, "spin", *cpus),
        },
        env.rounds(25),
    )
    return stats.ratio(times["ours"], times["floor"], "ns", digits=0)


def from_python(env):
    """The same call made by an app, loop and all."""
    image = env.freeze("python", APP)
    command = calls.on_cpu(env.cpus[-1], [env.mpyd, "run", "--unsigned", "--control=none", image])
    times = [calls.read(env.output(command, merge=True))["null"] for _ in range(env.rounds(9))]
    return stats.plain([nsec / 1000 for nsec in times], "us")


def measure(env):
    results = {
        "null_call_same_core_ratio": same_core(env),
        "null_call_python_us": from_python(env),
    }
    if len(env.cpus) > 1:
        results["null_call_cross_core_ratio"] = cross_core(env)
    else:
        env.say("one CPU only: nothing to tell of calls between two")
    return results
