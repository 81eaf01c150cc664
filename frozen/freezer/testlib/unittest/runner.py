# SPDX-License-Identifier: MIT
"""Finds the tests of modules and runs them."""

from .case import TestCase
from .marks import Marked
from .outcome import Outcome
from .report import Report


def _matches(pattern, name):
    """Whether NAME has PATTERN in it; one with * must match the whole name."""
    if "*" not in pattern:
        return pattern in name
    parts = pattern.split("*")
    if not name.startswith(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        at = name.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(name) - len(parts[-1]) >= at and name.endswith(parts[-1])


def _is_case(item):
    return isinstance(item, type) and issubclass(item, TestCase)


class _Group:
    """The tests of a class, or those of a module that are in none (case: None)."""

    def __init__(self, name, case, items):
        self.name = name
        self.case = case
        self.items = items  # (name of the function, function or Marked)


def _group(name, owner, case, patterns):
    items = []
    for item in sorted(dir(owner)):
        if item.startswith("test"):
            value = getattr(owner, item)
            full = name + "." + item
            is_test = isinstance(value, Marked) or callable(value) and not isinstance(value, type)
            if is_test and (not patterns or any([_matches(p, full) for p in patterns])):
                items.append((item, value))
    return _Group(name, case, items)


def _groups(name, module, patterns):
    found = [_group(name, module, None, patterns)]
    for item in sorted(dir(module)):
        value = getattr(module, item)
        if _is_case(value):
            found.append(_group(name + "." + item, value, value, patterns))
    return [group for group in found if group.items]


class _ModuleRun:
    def __init__(self, report, index, name, patterns, first):
        self.report = report
        self.index = index
        self.name = name
        self.patterns = patterns
        self.first = first  # number of the test to begin with
        self.number = 0     # of the next test

    def prepare(self, name, following, function):
        """Runs a part that is no test; it is heard of only if it does not end well."""
        outcome = Outcome()
        self.report.begin("at", self.index, following, name)
        if not outcome.attempt(function):
            self.report.end(outcome)
            return False
        return True

    def run_test(self, group, item, test):
        outcome = Outcome()
        mark = test if isinstance(test, Marked) else Marked(test)
        self.report.begin("test", self.index, self.number, group.name + "." + item)
        case_why = group.case.skip_why if group.case else None
        outcome.skip_why = mark.skip_why if case_why is None else case_why
        if outcome.skip_why is None and group.case:
            case = group.case(item)
            case.outcome = outcome
            is_marked = isinstance(test, Marked)
            case.run_steps((lambda: test.function(case)) if is_marked else getattr(case, item))
        elif outcome.skip_why is None:
            outcome.attempt(mark.function)
        self.report.end(outcome, mark.is_expected_to_fail)

    def run_group(self, group):
        last = self.number + len(group.items)
        if last <= self.first:
            self.number = last
            return
        is_prepared = group.case and group.case.skip_why is None
        if is_prepared and not self.prepare(group.name + ".setUpClass", last,
                                            group.case.setUpClass):
            self.number = last
            return
        for item, test in group.items:
            self.number += 1
            if self.number > self.first:
                self.run_test(group, item, test)
        if is_prepared:
            self.prepare(group.name + ".tearDownClass", last, group.case.tearDownClass)

    def run(self):
        modules = []
        if not self.prepare(self.name, -1, lambda: modules.append(
                __import__(self.name, None, None, ("*",)))):
            return
        module = modules[0]
        groups = _groups(self.name, module, self.patterns)
        set_up = getattr(module, "setUpModule", None)
        tear_down = getattr(module, "tearDownModule", None)
        if not groups or set_up and not self.prepare(self.name + ".setUpModule", -1, set_up):
            return
        for group in groups:
            self.run_group(group)
        if tear_down:
            self.prepare(self.name + ".tearDownModule", -1, tear_down)


def run(mark, modules, patterns, index, first):
    """Runs the tests of MODULES, names, from test FIRST of module INDEX on. PATTERNS: of the names
    of tests to run; all if there is none."""
    report = Report(mark)
    while index < len(modules):
        _ModuleRun(report, index, modules[index], patterns, first).run()
        index, first = index + 1, 0
    report.done()
