# SPDX-License-Identifier: MIT
"""The tests of one folder: run, judged, counted."""

import concurrent.futures
import difflib
import os
import re
import subprocess
import tempfile

import cases
import sandbox
import tap
import upstream

PATIENCE = 60  # seconds for one test
PATIENCE_EXCLUDED = 5  # for one that is not expected to end
SKIPPED = ["SKIP"]
TIMED = re.compile("asyncio_|time_")  # tests that take sleeps of some milliseconds for exact
TRIES = 5  # that these have, on a machine that is busy


def compiles(mpy_cross, source, folder, name):
    """Whether there is bytecode of it at all."""
    file = os.path.join(source, "tests", folder, name + ".py")
    done = subprocess.run([*mpy_cross, "-o", "/dev/null", file], capture_output=True, check=False)
    return done.returncode == 0


def judge(run, lines):
    """What is wrong with RUN, which was to say LINES; None: nothing."""
    if run.said == SKIPPED:
        return "it skips itself"
    if run.ended_well() and upstream.agree(run.said, lines):
        return None
    difference = difflib.unified_diff(lines, run.said, "expected", "said", lineterm="", n=2)
    return "\n".join([run.ending, *difference])


class Folder:
    """The tests of one folder: those to pass, and those that are left out."""

    def __init__(self, name, source, reasons):
        """REASONS: by name, of the tests and cases that are left out."""
        self.name = name
        self.source = source
        self.reasons = reasons
        names = [n for n in upstream.find(source, name) if n not in self.reasons]
        self.in_cases = cases.find(source, name, names)
        self.wanted = [n for n in names if n not in self.in_cases]
        self.verdicts = {}  # of each test or case that ran: what is wrong with it, or None

    def run(self, mpyd, mpyfreeze, mpy_cross):
        """Runs them all. The arguments are commands, as lists."""
        others = [
            n
            for n in self.reasons
            if "." not in n and compiles(mpy_cross, self.source, self.name, n)
        ]
        with tempfile.TemporaryDirectory(prefix="mpyd-conformance-") as work:
            self.run_outputs(others, sandbox.Sandbox(self.source, mpyd, mpyfreeze, work))
            if self.in_cases:
                self._run_cases((mpyd, mpyfreeze), work)

    def run_outputs(self, others, box):
        """Runs, in BOX, a Sandbox, what is judged by its output; OTHERS of those left out as well."""
        names = self.wanted + others
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            lines = pool.map(lambda n: upstream.expected(self.source, self.name, n), names)
            box.freeze(self.name, names)
            expected = dict(zip(names, lines))
        runs = {**box.run(self.wanted, PATIENCE), **box.run(others, PATIENCE_EXCLUDED)}
        self.verdicts = {name: judge(run, expected[name]) for name, run in runs.items()}
        for _ in range(TRIES - 1):
            self._run_late(box)

    def _run_late(self, box):
        """Runs again those that failed and may have for want of CPU, here or under CPython."""
        late = [n for n in self.wanted if self.verdicts.get(n) and TIMED.match(n)]
        if late:
            expected = {n: upstream.expected(self.source, self.name, n) for n in late}
            runs = box.run(late, PATIENCE)
            self.verdicts.update({n: judge(runs[n], expected[n]) for n in late if n in runs})

    def _run_cases(self, commands, work):
        words, said = cases.run(self.source, self.name, self.in_cases, commands, work)
        self.wanted += [case for case in words if case not in self.reasons]
        for test in self.in_cases:
            if not any(case.startswith(test + ".") for case in words):
                self.wanted.append(test)
                self.verdicts[test] = "it has no cases:\n" + said
        for case, word in words.items():
            self.verdicts[case] = None if word == cases.OK else said

    def check_passes(self, name):
        verdict = self.verdicts.get(name, "it was never run")
        tap.true(verdict is None, verdict)

    def check_fails(self, name):
        tap.true(self.verdicts.get(name, "never run"), "it passes, and is excluded")

    def tests(self):
        """Pairs of a name and a function."""
        for name in self.wanted:
            yield f"{self.name}/{name}", lambda name=name: self.check_passes(name)
        for name in self.reasons:
            yield f"{self.name}/{name} is left out", lambda name=name: self.check_fails(name)

    def report(self):
        """How many passed, were left out, failed."""
        n_good = sum(self.verdicts.get(name, "never run") is None for name in self.wanted)
        n_bad = len(self.wanted) - n_good
        print(f"# {self.name}: {n_good} passed, {len(self.reasons)} excluded, {n_bad} failed")
        for name, reason in sorted(self.reasons.items()):
            print(f"# excluded {self.name}/{name}: {reason}")
