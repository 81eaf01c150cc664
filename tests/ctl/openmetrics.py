# SPDX-License-Identifier: MIT
"""Reads OpenMetrics text by its specification (1.0): what a scraper would refuse, or what Prometheus'
conventions do not have, is an AssertionError with its line."""

import re

import tap

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
META = re.compile(rf"# (HELP|TYPE|UNIT) ({NAME}) ?(.*)")
SAMPLE = re.compile(rf'({NAME})\{{((?:{NAME}="(?:[^"\\\n]|\\["\\n])*",?)*)\}} ([-+0-9.eE]+|\+Inf|NaN)')
LABEL = re.compile(rf'({NAME})="((?:[^"\\\n]|\\["\\n])*)"')
SUFFIXES = {
    "counter": {"_total", "_created"},
    "gauge": {""},
    "info": {"_info"},
    "stateset": {""},
    "histogram": {"_bucket", "_count", "_sum", "_created"},
    "unknown": {""},
}
BASE_UNITS = ("seconds", "bytes", "ratio", "info")


class Family:
    def __init__(self, name):
        self.name, self.meta, self.samples = name, {}, {}

    def check(self):
        kind = self.meta.get("TYPE")
        tap.true(kind in SUFFIXES, f"{self.name}: type {kind}")
        tap.true(self.meta.get("HELP"), f"{self.name}: no help")
        tap.true(not self.name.endswith(("_total", "_count", "_bucket", "_info")), self.name)
        unit = self.meta.get("UNIT")
        if unit:
            tap.true(self.name.endswith(f"_{unit}"), f"{self.name}: its unit {unit} is not its end")
            tap.true(unit in BASE_UNITS, f"{self.name}: {unit} is no base unit")
        for word in ("milliseconds", "microseconds", "usec", "msec", "kilobytes"):
            tap.true(word not in self.name, f"{self.name}: is of no base unit")
        for (suffix, labels), value in self.samples.items():
            tap.true(suffix in SUFFIXES[kind], f"{self.name}{suffix}: is no sample of a {kind}")
            tap.true(dict(labels).get("app"), f"{self.name}: without the label app")
            if kind == "counter" or suffix in ("_bucket", "_count"):
                tap.true(value >= 0, f"{self.name}: negative")
            if kind in ("info", "stateset"):
                tap.true(value in (0, 1), f"{self.name}: {value}")
        if kind == "histogram":
            self.check_buckets()

    def check_buckets(self):
        series = {}
        for (suffix, labels), value in self.samples.items():
            rest = tuple(label for label in labels if label[0] != "le")
            if suffix == "_bucket":
                series.setdefault(rest, []).append((float(dict(labels)["le"]), value))
        for rest, buckets in series.items():
            ends = [end for end, _ in buckets]
            tap.equal(ends, sorted(set(ends)), f"{self.name}{rest}: ends of buckets")
            counts = [count for _, count in buckets]
            tap.equal(counts, sorted(counts), f"{self.name}{rest}: buckets are cumulative")
            tap.equal(ends[-1], float("inf"), f"{self.name}{rest}: the last bucket")
            tap.equal(counts[-1], self.samples["_count", rest], f"{self.name}{rest}: count")


def suffix_of(name, family):
    return name[len(family.name):] if family and name.startswith(family.name) else None


def read(text):
    """The families by name."""
    families, family = {}, None
    lines = text.split("\n")
    tap.equal(lines[-2:], ["# EOF", ""], "the end")
    for line in lines[:-2]:
        meta, sample = META.fullmatch(line), SAMPLE.fullmatch(line)
        tap.true(meta or sample, f"neither a sample nor about one: {line!r}")
        if meta:
            word, name, rest = meta.groups()
            if not family or family.name != name:
                tap.true(name not in families, f"{name}: in two places")
                families[name] = family = Family(name)
            tap.true(not family.samples and word not in family.meta, f"late or twice: {line}")
            family.meta[word] = rest
            continue
        name, labels, value = sample.groups()
        suffix = suffix_of(name, family)
        tap.true(suffix is not None, f"{line!r} is not of {family and family.name}")
        key = suffix, tuple(LABEL.findall(labels))
        names = [label for label, _ in key[1]]
        tap.equal(len(names), len(set(names)), line)
        tap.true(key not in family.samples, f"twice: {line}")
        family.samples[key] = float(value)
    for one in families.values():
        one.check()
    return families
