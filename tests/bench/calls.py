# SPDX-License-Identifier: MIT
"""Runs the measurements of worker.c under the real mpyd run."""

import os
import re

import service

from env import Trouble

ACROSS = "[sandbox]\ncpu = any\n"  # spin as it is by default


def command(env, name, config=None):
    image = env.bench / "worker" / f"{name}.mpyimg"
    return [env.mpyd, "run", "--unsigned", "--control=none", image, *(["--config", config] if config else [])]


def on_cpu(cpu, words):
    """A command that starts on CPU: mpyd stays with its worker where it was started."""
    return ["taskset", "--cpu-list", str(cpu), *words]


def read(output):
    """The worker's lines "= WHAT NUMBER" as a dictionary."""
    found = {what: float(value) for what, value in re.findall(r"= (\S+) ([\d.]+)$", output, re.M)}
    if not found:
        raise Trouble(f"the worker measured nothing; it said:\n{output}")
    return found


def same_cpu(env, name, cpu):
    """What the measurement NAME says, all of mpyd on one CPU, as it is by default."""
    return read(env.output(on_cpu(cpu, command(env, name)), merge=True))


def pin_apart(running, cpus):
    """The supervisor to the second of CPUS, what is below it to the first; worker.c waits for it."""
    running.wait_line("started, generation")
    for one in service.descendants(running.pid):
        os.sched_setaffinity(one, cpus[:1])
    os.sched_setaffinity(running.pid, cpus[1:2])


def across_cpus(env, name, cpus):
    """What the measurement NAME says, worker and supervisor each on a CPU of its own."""
    config = env.config(ACROSS, "across.conf")
    running = service.Service([str(word) for word in command(env, name, config)])
    pin_apart(running, cpus)
    if running.wait() != 0:
        raise Trouble(f"mpyd run {name} failed; it said:\n{running.output()}")
    found = read(running.output())
    if found["cpu"] == found["supervisor-cpu"]:
        raise Trouble("worker and supervisor would not be parted")
    return found
