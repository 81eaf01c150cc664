# SPDX-License-Identifier: MIT
"""A worker by the spawner that stands ready, against what Linux takes to start the least program,
and against bubblewrap, which makes its sandbox anew each time."""

import re
import shutil

import calls
import stats
from env import Trouble

ARENA = 64 << 10


def launch(env, image, arena, rounds, bwrap):
    """{name: [microseconds]}, index i of all from the same round; the first rounds warm up."""
    warm_up = 5
    command = [env.bench / "launch", rounds + warm_up, image, arena, env.bench / "worker" / "empty"]
    said = env.output(calls.on_cpu(env.cpus[-1], [*command, *([bwrap] if bwrap else [])]))
    times = {}
    for name, value in re.findall(r"^(\S+) ([\d.]+)$", said, re.M):
        times.setdefault(name, []).append(float(value))
    return {name: values[warm_up:] for name, values in times.items()}


def measure(env):
    bwrap = shutil.which("bwrap")
    if not bwrap:
        raise Trouble("bwrap is not installed (package bubblewrap)")
    image = env.freeze("launch", "pass\n", '[memory]\narena = "64K"\n')
    rounds = env.rounds(200, 20)
    times = launch(env, image, ARENA, rounds, None)
    bare = launch(env, env.bench / "worker" / "launch.mpyimg", 4 << 20, rounds, None)
    # Apart from the others: Linux goes on taking namespaces down after bubblewrap has ended.
    boxed = launch(env, image, ARENA, rounds, bwrap)
    return {
        "launch_ratio": stats.ratio(times["worker"], times["vfork-exit"], "us", digits=0),
        "bwrap_ratio": stats.ratio(boxed["bwrap"], boxed["worker"], "us", digits=0),
        "launch_c_ratio": stats.ratio(bare["worker"], bare["vfork-exit"], "us", digits=0),
        "launch_write_ratio": stats.ratio(times["worker"], times["vfork-write"], "us", digits=0),
        "launch_kill_us": stats.plain(times["worker-exit"], "us", 0),
    }
