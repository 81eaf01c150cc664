# SPDX-License-Identifier: MIT
"""What a run with a fault must be like, and how it is told from one without."""

import collections
import os
import re

import excuses
import plan

# Exit statuses of mpyd run.
DOCUMENTED = range(10)

# Open before main() closes what it inherits, should it not come to that.
INHERITED = collections.Counter({"/dev/null": 1, "/memfd:faults": 1})


class Run:
    """One run: what it was, what inject reported, what was said."""

    def __init__(self, fault, report, lines):
        self.fault = fault
        self.report = report
        self.lines = [re.sub(r"/state/\d+", "/state/N", line) for line in lines]
        self.status = int(report["exit"][0][0]) if report["exit"] else None
        self.live = int(report["live"][0][0])

    def descriptors(self):
        return collections.Counter(self._kind(words[1]) for words in self.report["descriptor"])

    @staticmethod
    def _kind(name):
        return re.sub(r"\d+", "N", name)

    def callers(self):
        return " ".join(" ".join(words) for words in self.report["frame"])

    def failed(self):
        return self.report["failed"][0] if self.report["failed"] else None


def broken(run, normal):
    """What no fault may cause, as text, or None."""
    if run.report["hang"]:
        return "hangs"
    if run.report["left"]:
        return "leaves a process behind"
    if run.status is None:
        return f"dies of signal {run.report['signal'][0][0]}"
    if run.status not in DOCUMENTED:
        return f"exit status {run.status}"
    leaked = run.descriptors() - normal.descriptors() - INHERITED
    if leaked:
        return f"leaks descriptors: {dict(leaked)}"
    if run.live > normal.live:
        return f"leaks memory: {run.live} blocks, not {normal.live}"
    return None


def statements(lines):
    """LINES counted; those that list the layers of a sandbox taken apart."""
    found = collections.Counter()
    for line in lines:
        head, is_list, rest = line.partition("mpyd: sandbox of the ")
        process, _, layers = rest.partition(": ")
        found.update([f"{process}: {layer}" for layer in layers.split(", ")] if is_list else [line])
    return found


def changes(run, normal):
    """What was said that is not said without a fault, and the other way round."""
    with_fault, without = statements(run.lines), statements(normal.lines)
    return list((with_fault - without).elements()), list((without - with_fault).elements())


def outcome(run, normal):
    """One of: unreached, unnoticed, told, ended; or a problem, as text that begins with "!", and
    with "!!" if no fault may cause it."""
    if not run.failed():
        return "unreached"
    problem = broken(run, normal)
    if problem:
        return f"{excuses.BROKEN} {problem}"
    new, lost = changes(run, normal)
    if run.status == normal.status and not new and not lost:
        return "unnoticed"
    saying = saying_why(run, new)
    if run.status == normal.status:
        return "told" if saying else "! changed, and nobody says why"
    if not new:
        return "! ends without a word"
    if not saying:
        return "! ends without the reason"
    if all(re.fullmatch(r"mpyd: [^:]*", line) for line in saying):
        return "! ends without saying what failed"
    return "ended"


def saying_why(run, lines):
    """Those of LINES that name the error; EIO stands for those that no call promises an app."""
    name = run.fault.error or "ENOMEM"
    words = (os.strerror(plan.number(name)), name, "EIO")
    return [line for line in lines if any(word in line for word in words)]


def verdict(run, normal, scenario):
    """One of: unreached, told, ended, excused; or a problem."""
    found = outcome(run, normal)
    if found in ("unreached", "told", "ended"):
        return found
    if excuses.excuse(run, found, scenario):
        return "excused"
    return "! goes unnoticed" if found == "unnoticed" else found
