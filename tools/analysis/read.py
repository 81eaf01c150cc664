# SPDX-License-Identifier: MIT
"""Tools that read the code: what each finds, and whether that is nothing."""

import concurrent.futures
import json
import os
import re
import subprocess

from analysis import build

# Not ours, and what port() reads as it is compiled into images. All other folders are read, new
# ones without being named here.
NOT_NATIVE = ("../", "vm/")
# What of a compiler's command line names its input and outputs.
OUTPUTS = re.compile(r"(-o|-MQ|-MF) \S+|-MD|-c \S+|-fdiagnostics-color=\S+")


def native(folder):
    """Compiler options for each C file of ours that FOLDER builds, generated ones too."""
    with open(os.path.join(folder, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    found = {}
    for entry in entries:
        path = os.path.normpath(os.path.join(folder, entry["file"]))
        base = folder if path.startswith(folder + os.sep) else build.SOURCE
        if path.endswith(".c") and not os.path.relpath(path, base).startswith(NOT_NATIVE):
            found[path] = OUTPUTS.sub("", entry["command"]).replace("\\", "").split()[1:]
    return found


def port(folder):
    """The same for what is compiled into images; upstream's modtime.c and modos.c include ours."""
    with open(os.path.join(folder, "vm", "sdk.stamp"), encoding="utf-8") as stamp:
        upstream = stamp.read().strip()
    built, vm = os.path.join(folder, "vm", "micropython"), os.path.join(build.SOURCE, "vm")
    options = ["-std=gnu17", "-O2", "-DNDEBUG", "-Wall", "-Wextra", "-Wno-unused-parameter"]
    options += ["-I" + build.SOURCE, "-I" + folder, "-isystem", built, "-isystem", upstream]
    options += ["-idirafter", vm, "-idirafter", os.path.join(built, "include")]
    options += ["-isystem", musl_headers()]
    names = [n for n in os.listdir(vm) if n.endswith(".c") and n not in ("modtime.c", "modos.c")]
    found = {os.path.join(vm, name): options for name in sorted(names)}
    found[os.path.join(build.SOURCE, "call", "proxy.c")] = options
    found[os.path.join(folder, "call", "module.c")] = options
    return found


def musl_headers():
    machine = subprocess.run(["gcc", "-dumpmachine"], check=True, stdout=subprocess.PIPE, text=True)
    return "/usr/include/" + machine.stdout.strip().replace("-gnu", "-musl")


def each(folder, command):
    """Runs COMMAND(path, options) for every file, prints what it says; True if that is nothing."""
    build.make(folder)  # all of it, for what is generated
    files = {**native(folder), **port(folder)}

    def one(item):
        done = subprocess.run(
            command(*item),
            cwd=folder,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return done.returncode, done.stdout.strip()

    said = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, (status, text) in zip(files, pool.map(one, files.items())):
            if status != 0 or "warning:" in text:
                said.append(text or f"{path}: status {status}")
    print("\n".join([*said, f"analyze: {len(files)} files read, findings in {len(said)}"]))
    return not said


def analyzer(folder):
    # It loses track of what is kept in an element of an array, and sees a leak in every list. Leaks
    # are looked for by LeakSanitizer, memcheck, and tests that fail each allocation and count blocks.
    flags = ["-fanalyzer", "-Wno-analyzer-malloc-leak", "-S", "-o", "/dev/null"]

    def command(path, options):
        return ["gcc", *options, *flags, path]

    build.need("gcc")
    return each(folder, command)


def tidy(folder):
    # Options that only gcc knows are no finding.
    quiet = ["-Wno-unknown-warning-option", "-Wno-ignored-optimization-argument"]

    def command(path, options):
        return ["clang-tidy", "--quiet", path, "--", *options, *quiet]

    build.need("clang-tidy")
    return each(folder, command)
