# SPDX-License-Identifier: MIT
"""What is measured: one row per figure. The keys are those of ./bench --json."""

from collections import namedtuple

# A figure's target is a most ("<=") or a least (">="); without one it is told, not judged.
Figure = namedtuple("Figure", "key group what unit sense target", defaults=("", "", None))

# A group's module is groups/NAME.py; its measure(env) supplies the figures of its rows.
GROUPS = {
    "null": "a call that does nothing, against a bare ping-pong and against pure spinning",
    "batch": "calls that share a doorbell, against the null call",
    "payload": "requests with 64 B to 1 MiB, against the null call",
    "launch": "a worker to its first reply, against vfork+exec and against bubblewrap",
    "restart": "the crash of a worker to its successor's first statement",
    "cold": "mpyd run to the app's first line, against python3",
    "idle": "wake-ups and CPU time of the idle demo",
}

BATCHES = (1, 2, 4, 8, 16, 32, 64)
PAYLOADS = {
    "64": 64,
    "256": 256,
    "1k": 1 << 10,
    "4k": 4 << 10,
    "16k": 16 << 10,
    "64k": 64 << 10,
    "256k": 256 << 10,
    "1m": 1 << 20,
}

FIGURES = (
    Figure("null_call_same_core_ratio", "null", "null call, same core", "x", "<=", 1.15),
    Figure("null_call_cross_core_ratio", "null", "null call, different cores", "x", "<=", 1.5),
    Figure("batch_call_ratio", "batch", "call of a batch of 32, against null call", "x", "<=", 0.05),
    *(Figure(f"batch_{n}_ns", "batch", f"call of a batch of {n}", "ns") for n in BATCHES),
    Figure("payload_64k_ratio", "payload", "64 KiB request, against null call", "x", "<=", 3),
    Figure("payload_64k_copied_ratio", "payload", "the same, copied into the arena first", "x"),
    Figure("payload_0_ratio", "payload", "the same without bytes", "x"),
    *(Figure(f"payload_{size}_us", "payload", f"request of {size} bytes", "us") for size in PAYLOADS),
    Figure("launch_ratio", "launch", "launch to first reply, against vfork+exec to exit", "x", "<=", 2),
    Figure("bwrap_ratio", "launch", "bubblewrap, against launch", "x", ">=", 10),
    Figure("launch_c_ratio", "launch", "launch of a worker in C, against vfork+exec to exit", "x"),
    Figure("launch_write_ratio", "launch", "launch, against vfork+exec to first write", "x"),
    Figure("launch_kill_us", "launch", "launch, kill and wait", "us"),
    Figure("soft_restart_ms", "restart", "crash to the next worker's first statement", "ms", "<=", 1),
    Figure("cold_start_ratio", "cold", "mpyd run to the first line, against python3", "x", "<=", 1),
    Figure("idle_wakeups_per_s", "idle", "wake-ups of the idle demo", "/s", "<=", 0),
    Figure("idle_cpu_us_per_s", "idle", "CPU time of the idle demo", "us/s"),
)


def of_group(group):
    return [figure for figure in FIGURES if figure.group == group]


def hit(figure, value):
    """Whether VALUE reaches the figure's target; None if it has none."""
    if figure.target is None:
        return None
    return value <= figure.target if figure.sense == "<=" else value >= figure.target
