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
    "memory": "of the three processes of one idle app, and of the kernel for them",
    "apps": "200 apps at once",
    "vm": "upstream's benchmark programs, against upstream's unix build",
    "http": "requests a second of the demo, against the same app on upstream's unix build",
    "handles": "polling many sockets, and calling while they are open",
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

# Upstream's tests/perf_bench, all but core_import_mpy_*, which load bytecode at run time: no worker
# does. What calls machine code of @viper is judged apart from what runs bytecode.
VM_PROGRAMS = (
    "bm_chaos", "bm_fannkuch", "bm_fft", "bm_float", "bm_hexiom", "bm_nqueens", "bm_pidigits",
    "bm_wordcount", "misc_aes", "misc_mandel", "misc_pystone", "misc_raytrace",
)
VM_CORE = ("core_locals", "core_qstr", "core_str", "core_yield_from")
VM_VIPER = ("viper_call0", "viper_call1a", "viper_call1b", "viper_call1c", "viper_call2a",
            "viper_call2b")

APPS = (1, 2, 5, 10, 20, 50, 100, 200)  # at once
HANDLES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
HTTP_PATHS = {"page": "/", "readings": "/readings"}  # besides /stats, whose figures have no word here
HTTP_CONNECTIONS = (1, 64)

FIGURES = (
    Figure("null_call_same_core_ratio", "null", "null call, same core", "x", "<=", 1.15),
    Figure("null_call_cross_core_ratio", "null", "null call, different cores", "x", "<=", 1.5),
    Figure("null_call_python_us", "null", "null call by an app", "us"),
    Figure("batch_call_ratio", "batch", "call of a batch of 32, to null call", "x", "<=", 0.05),
    *(Figure(f"batch_{n}_ns", "batch", f"call of a batch of {n}", "ns") for n in BATCHES),
    Figure("payload_64k_ratio", "payload", "64 KiB request, to null call", "x", "<=", 3),
    Figure("payload_64k_copied_ratio", "payload", "the same, copied into the arena first", "x"),
    Figure("payload_0_ratio", "payload", "the same without bytes", "x"),
    *(Figure(f"payload_{size}_us", "payload", f"request of {size}", "us") for size in PAYLOADS),
    Figure("launch_ratio", "launch", "launch to first reply, to vfork+exec", "x", "<=", 2),
    Figure("bwrap_ratio", "launch", "bubblewrap, to launch", "x", ">=", 10),
    Figure("launch_c_ratio", "launch", "launch of a worker in C, to vfork+exec", "x"),
    Figure("launch_write_ratio", "launch", "launch, to vfork+exec until it writes", "x"),
    Figure("launch_kill_us", "launch", "launch, kill and wait", "us"),
    Figure("soft_restart_ms", "restart", "crash to the first statement again", "ms", "<=", 1),
    Figure("cold_start_ratio", "cold", "mpyd run to the first line, to python3", "x", "<=", 1),
    Figure("app_pss_kib", "memory", "PSS of the three processes", "KiB", "<=", 1024),
    Figure("supervisor_pss_kib", "memory", "  of the supervisor", "KiB"),
    Figure("spawner_pss_kib", "memory", "  of the spawner", "KiB"),
    Figure("worker_pss_kib", "memory", "  of the worker", "KiB"),
    Figure("app_private_kib", "memory", "  of that, shared with nobody", "KiB"),
    Figure("app_kernel_kib", "memory", "kernel memory of an app", "KiB"),
    Figure("apps_start_s", "apps", "start until all run", "s"),
    Figure("apps_memory_kib", "apps", "memory the machine misses, per app", "KiB"),
    Figure("apps_pss_kib", "apps", "PSS per app", "KiB"),
    Figure("apps_kernel_kib", "apps", "kernel memory per app", "KiB"),
    Figure("apps_idle_cpu_percent", "apps", "CPU time of all while idle", "%"),
    Figure("apps_idle_wakeups_per_s", "apps", "wake-ups of all while idle", "/s", "<=", 0),
    Figure("apps_stop_s", "apps", "stop until none is left", "s"),
    Figure("apps_left", "apps", "processes left after that", "", "<=", 0),
    *(Figure(f"apps_{n}_pss_kib", "apps", f"  PSS per app, of {n}", "KiB") for n in APPS),
    *(Figure(f"apps_{n}_start_ms", "apps", f"  start of each, of {n}", "ms") for n in APPS),
    Figure("vm_speed_ratio", "vm", "speed of bytecode, geometric mean", "x", ">=", 1.5),
    Figure("vm_programs_ratio", "vm", "the same without core_*", "x"),
    Figure("vm_viper_ratio", "vm", "calls of @viper code, geometric mean", "x"),
    *(Figure(f"vm_{name}_ratio", "vm", f"  {name}", "x")
      for name in VM_PROGRAMS + VM_CORE + VM_VIPER),
    Figure("http_c1_ratio", "http", "requests for /stats, 1 connection", "x", ">=", 1.2),
    Figure("http_c64_ratio", "http", "the same, 64 connections", "x", ">=", 1.2),
    *(Figure(f"http_{name}_c{n}_ratio", "http", f"requests for {path}, {n} connections", "x")
      for name, path in HTTP_PATHS.items() for n in HTTP_CONNECTIONS),
    *(Figure(f"http_c{n}_switches", "http", f"switches a request, {n} connections", "")
      for n in HTTP_CONNECTIONS),
    *(Figure(f"handles_{n}_poll_us", "handles", f"poll of {n} sockets, none ready", "us")
      for n in HANDLES),
    *(Figure(f"handles_{n}_call_us", "handles", f"null call by the app with {n} open", "us")
      for n in HANDLES),
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
