# SPDX-License-Identifier: MIT
"""Lines and branches that the suite reaches, in every process.

Counters are in a file that is mapped when a program starts (clang's continuous mode), so those of
the supervisor and the spawner count on behind their filters, across fork and through SIGKILL.
"""

import os
import re
import shutil
import subprocess

from analysis import build

# %p: a file for each process; %c: continuous. In the program, since tests clear the environment.
NAME = "%p-%c.profraw"
LEFT_OUT_FILES = ("../", "tests/")  # the system's, and what tries ours
LEFT_OUT = ["--no-suite", "lint", "--no-suite", "sanitizers"]  # those run nothing of this build
LEAST = 95.0  # per cent of all lines
# What a worker, or who made an image, can reach first: every line and every branch.
WHOLE = (
    r"call/(channel|stubs|rows)\.c", r"daemon/(dispatch/dispatch|dispatch/stub|network/policy.*)\.c",
    r"image/(image|notes|elf|fields|manifest|layout|map)\.c",
    r"image/(signature|key|envelope|floor|guarded|sealed)\.c",
)  # fmt: skip
# | `file` | `the line` | reason |
EXCEPTION = re.compile(r"^\| `([^`]+)` \| `(.+)` \| (.+) \|$", re.M)
EXCEPTIONS = "doc/testing.md"


class File:
    def __init__(self, path):
        self.path = path
        self.lines = {}  # number: times reached
        self.branches = []  # number of the line, times taken

    def missed_lines(self, excused=()):
        return [n for n, count in self.lines.items() if not count and n not in excused]

    def missed_branches(self, excused=()):
        return [n for n, count in self.branches if not count and n not in excused]


def parse(lcov, folder):
    """Our files in the output of llvm-cov, by their path in the source or in the build folder."""
    files, file = {}, None
    for line in lcov.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            path = os.path.normpath(os.path.join(folder, rest))
            base = folder if path.startswith(folder + os.sep) else build.SOURCE
            name = os.path.relpath(path, base)
            ours = not name.startswith(LEFT_OUT_FILES)
            file = files.setdefault(name, File(path)) if ours else None
        elif file and kind == "DA":
            number, count = map(int, rest.split(",")[:2])
            file.lines[number] = count
        elif file and kind == "BRDA":
            number, _, _, count = rest.split(",")
            file.branches.append((int(number), 0 if count == "-" else int(count)))
    return {name: files[name] for name in sorted(files) if files[name].lines}


def exceptions(files):
    """Lines excused in the documentation, by file; those that are no more are findings."""
    excused, stale = {}, []
    with open(os.path.join(build.SOURCE, EXCEPTIONS), encoding="utf-8") as document:
        rows = EXCEPTION.findall(document.read())
    for name, text, _ in rows:
        numbers = []
        if name in files:
            with open(files[name].path, encoding="utf-8") as source:
                wanted = text.replace("\\|", "|")
                numbers = [n for n, line in enumerate(source, 1) if line.strip() == wanted]
        if not numbers:
            stale.append(f"{EXCEPTIONS}: no such line: {name}: {text}")
        excused.setdefault(name, set()).update(numbers)
    return excused, stale


def percent(missed, total):
    return 100.0 * (total - missed) / total if total else 100.0


def row(name, n_lines, lines, n_branches, branches):
    return (
        f"{name:34}{n_lines:7}{lines:8}{percent(lines, n_lines):8.1f} %"
        f"{n_branches:8}{branches:8}{percent(branches, n_branches):8.1f} %"
    )


def table(files):
    """Prints a row for each file and one for all; returns the percentage of all lines."""
    total = [0, 0, 0, 0]
    print(f"{'':34}{'lines':>7}{'missed':>8}{'':10}{'branches':>8}{'missed':>8}")
    for name, file in files.items():
        numbers = [len(file.lines), len(file.missed_lines())]
        numbers += [len(file.branches), len(file.missed_branches())]
        total = [a + b for a, b in zip(total, numbers)]
        print(row(name, *numbers))
    print(row("all", *total))
    return percent(total[1], total[0])


def findings(files):
    excused, found = exceptions(files)
    for pattern in WHOLE:
        if not any(re.fullmatch(pattern, name) for name in files):
            found.append(f"nothing is measured of {pattern}")
    for name, file in files.items():
        if any(re.fullmatch(pattern, name) for pattern in WHOLE):
            lines = file.missed_lines(excused.get(name, ()))
            branches = set(file.missed_branches(excused.get(name, ()))) - set(lines)
            found += [f"{name}:{n}: never reached" for n in lines]
            found += [f"{name}:{n}: a branch never taken" for n in sorted(branches)]
    return found


def programs(folder):
    """Those that say where the lines are; not what has a copy of them compiled in (a fuzz target)."""
    found = [t for t in build.introspect(folder, "targets") if t["type"] == "executable"]
    return [t["filename"][0] for t in found if "/tests/fuzz/" not in t["filename"][0]]


def llvm_cov(folder, verb, *options, **others):
    objects = [part for program in programs(folder) for part in ("-object", program)]
    command = ["llvm-cov", verb, *objects[1:], "-instr-profile=" + os.path.join(folder, "profile")]
    done = subprocess.run([*command, *options], check=False, text=True, **others)
    if done.returncode != 0:
        raise build.Failure(f"llvm-cov {verb} failed")
    return done.stdout


def merge(folder, *places):
    names = os.path.join(folder, "profiles.txt")
    with open(names, "w", encoding="utf-8") as file:
        for place in places:
            file.writelines(os.path.join(place, name) + "\n" for name in os.listdir(place))
    # A program killed while it made its file has counted nothing yet.
    command = ["llvm-profdata", "merge", "-sparse", "-failure-mode=all", "-input-files=" + names]
    with open(os.path.join(folder, "profiles.log"), "w", encoding="utf-8") as log:
        if build.run([*command, "-o", os.path.join(folder, "profile")], stderr=log) != 0:
            raise build.Failure(f"llvm-profdata failed, see {log.name}")


def make(folder, profiles, built):
    """Builds; what the build itself ran is counted in BUILT, for it is not run every time."""
    profile = f"-fprofile-instr-generate={profiles}/{NAME}"
    flags = [profile, "-fcoverage-mapping", "-mllvm", "-runtime-counter-relocation"]
    quoted = ",".join(f"'{flag}'" for flag in flags)
    os.makedirs(built, exist_ok=True)
    shutil.rmtree(profiles, ignore_errors=True)
    os.mkdir(profiles)
    os.chmod(profiles, 0o1777)  # the tests are users of many ids
    build.make(folder, "-Doptimization=1", "-Dwarning_level=0", f"-Dc_args=[{quoted}]",
               f"-Dc_link_args={profile}", cc="clang")  # fmt: skip
    for name in os.listdir(profiles):
        os.rename(os.path.join(profiles, name), os.path.join(built, name))


def coverage(folder):
    build.need("llvm-cov", "llvm-profdata")
    profiles, html = os.path.join(folder, "profiles"), os.path.join(folder, "html")
    built = os.path.join(folder, "built")
    make(folder, profiles, built)
    good = build.test(folder, *LEFT_OUT, "--no-suite", "faults")
    # What it reaches counts. Whether it passes is for a build without profiles to say: the file of
    # a profile is a descriptor, and a mapping, that only this build has.
    build.test(folder, "--suite", "faults")
    merge(folder, profiles, built)
    files = parse(llvm_cov(folder, "export", "-format=lcov", stdout=subprocess.PIPE), folder)
    llvm_cov(folder, "show", "-format=html", "-output-dir=" + html, "-show-branches=count",
             "-ignore-filename-regex=/usr/|/tests/")  # fmt: skip
    lines = table(files)
    found = findings(files)
    if lines < LEAST:
        found.append(f"{lines:.1f} % of all lines are reached, {LEAST} % are wanted")
    print("\n".join([*found, f"analyze: see {html}/index.html"]))
    return good and not found
