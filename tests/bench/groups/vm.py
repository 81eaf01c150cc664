# SPDX-License-Identifier: MIT
"""Speed of the VM on upstream's own benchmark programs, frozen by mpyfreeze and run in the sandbox,
against upstream's standard unix build that runs the same text."""

import subprocess

import stats
import upstream
from env import Trouble
from figures import VM_CORE, VM_PROGRAMS, VM_VIPER

# About the CPU in MHz and the heap in KiB: what upstream's programs size themselves by.
N, M = 1000, 1000
HEAP = "2M"  # what the unix build takes by default, too



def _script(env, program):
    """The whole program, put together as upstream's tests/run-perfbench.py does it."""
    folder = env.micropython() / "tests" / "perf_bench"
    parts = [(folder / name).read_text() for name in (f"{program}.py", "benchrun.py")]
    return "".join(parts) + f"bm_run({N}, {M})\n"


def _read(program, text):
    """Microseconds and the result, of the line "TIME NORM RESULT" that a program ends with."""
    words = text.strip().rpartition("\n")[2].split(None, 1)
    if len(words) != 2 or not words[0].isdigit() or int(words[0]) == 0:
        raise Trouble(f"{program} said: {text.strip()}")
    return int(words[0]), words[1]


def _run(program, command, prefix=""):
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise Trouble(f"{program}: status {done.returncode}: {done.stdout}{done.stderr}")
    said = done.stdout + done.stderr
    lines = [line[len(prefix):] for line in said.splitlines() if line.startswith(prefix)]
    return _read(program, "\n".join(lines))


class _Program:
    def __init__(self, env, name, unix):
        self.name = name
        script = _script(env, name)
        path = env.work / f"{name}.py"
        path.write_text(script)
        app = name.replace("_", "-")
        image = env.freeze(app, script, f'[memory]\nheap = "{HEAP}"\n')
        once = env.config("[restart]\nrestart = no\n")
        words = (env.mpyd, "run", "--unsigned", "--control=none", image, "--config", once)
        self._ours = [str(word) for word in words]
        self._app = f"{app}: "
        self._theirs = [str(unix), "-X", f"heapsize={HEAP}", str(path)]
        if self._result(self.ours) != self._result(self.theirs):
            raise Trouble(f"{name} has another result in mpyd")

    def ours(self):
        return _run(self.name, self._ours, self._app)

    def theirs(self):
        return _run(self.name, self._theirs)

    @staticmethod
    def _result(function):
        return function()[1]


def _compare(env, program):
    times = stats.interleave(
        {"ours": lambda: program.ours()[0], "theirs": lambda: program.theirs()[0]}, env.rounds(7, 1)
    )
    return stats.ratio(times["theirs"], times["ours"], "ms", 1e-3)


def _mean(found, programs):
    values = [found[f"vm_{name}_ratio"].value for name in programs]
    return stats.Result(stats.geometric_mean(values), f"of {len(values)}")


def measure(env):
    unix = upstream.build(env)
    found = {}
    for name in VM_PROGRAMS + VM_CORE + VM_VIPER:
        found[f"vm_{name}_ratio"] = _compare(env, _Program(env, name, unix))
    found["vm_speed_ratio"] = _mean(found, VM_PROGRAMS + VM_CORE)
    found["vm_programs_ratio"] = _mean(found, VM_PROGRAMS)
    found["vm_viper_ratio"] = _mean(found, VM_VIPER)
    return found
