# SPDX-License-Identifier: MIT
"""Checks of the C code: form, length, who may use whom."""

import concurrent.futures
import os
import re
import subprocess

from tap import Skip
from tree import none

FILE_MAX = 400
FUNCTION_MAX = 60
FORMAT_MAJOR = "14"  # clang-format's taste changes with its version

# Headers that the build makes; any folder may have them but base.
GENERATED = r"version\.h|(call/)?((calls|proxies|stubs|policy-keys|dispatch-table|traces)\.h|.*\.inc)"

# What mpyctl asks apps, units and programs with, and mpyd-update has of it: no more than it needs.
ASKING = "(client|exit|file|json|place|program|refusal|reply|unit)"

# What a file in a folder may include with "", by the longest folder that matches.
MAY_USE = {
    "base/": r"base/.*",
    "call/": rf"(base|call)/.*|{GENERATED}",
    "image/": rf"(base|image)/.*|call/(note|wire)\.h|{GENERATED}",
    "update/": rf"(base|image|update)/.*|ctl/{ASKING}\.h|{GENERATED}",
    "ctl/": rf"(base|image|ctl)/.*|sandbox/layer-table\.inc|{GENERATED}",
    "sandbox/": rf"(base|sandbox)/.*|call/wire\.h|{GENERATED}",
    "daemon/": rf"(base|call|sandbox|image|daemon)/.*|{GENERATED}",
    "daemon/handlers/": rf"daemon/handler\.h|daemon/handlers/.*|{GENERATED}",
    "vm/": rf"(base|call|vm)/.*|(py|extmod|shared|lib|genhdr)/.*|mp(config|hal)port\.h|{GENERATED}",
    "tests/": r".*",
}
# The rooms of the daemon, lowest first, and which others each may use. An app has a channel, a
# record and an end: these four know each other, and of health that a call is a sign of life.
CORE = "app|crash|dispatch|record"
BELOW_CORE = "config|loop|network|process|storage"
ROOMS = {
    "loop": "",
    "process": "loop",
    "network": "loop",
    "storage": "loop",
    "config": "network|storage",
    **dict.fromkeys(CORE.split("|"), f"{CORE}|{BELOW_CORE}"),
    "life": f"{CORE}|{BELOW_CORE}",
    "control": f"life|{CORE}|{BELOW_CORE}",
    "start": f"control|life|{CORE}|{BELOW_CORE}",
}
for room, others in ROOMS.items():
    MAY_USE[f"daemon/{room}/"] = (
        rf"(base|call|sandbox|image)/.*|daemon/({room}|{others})/.*|daemon/handler\.h|{GENERATED}"
    )

# What single files may use beside that. Handlers of the network share the daemon's part that
# decides and resolves.
NETWORK = (
    r"base/cleanup\.h|daemon/network/(address|policy|policy-rule|resolver)\.h"
    r"|daemon/(loop/loop|process/inherited)\.h"
)
FILES_MAY_USE = {
    "daemon/app/app.": r"daemon/life/health\.h",
    "daemon/dispatch/call.": r"daemon/life/health\.h",
    "daemon/handlers/socket": NETWORK,
    "daemon/handlers/name": NETWORK,
    "daemon/handlers/file": r"base/cleanup\.h|daemon/storage/storage(-file|-sync)?\.h",
    "daemon/handlers/directory": r"base/(cleanup|utf8)\.h|daemon/storage/storage(-path)?\.h",
    "daemon/handlers/app": r"daemon/app/(messages|secrets)\.h",
    "daemon/handlers/stream": r"base/cleanup\.h|daemon/(app/given|loop/loop)\.h",
}


def ours(tree, *endings):
    return [f for f in tree.of(*endings) if not f.startswith("tests/golden/")]


def check_includes_follow_the_layers(tree):
    findings = []
    for file in ours(tree, ".c", ".h"):
        folder = max((d for d in MAY_USE if file.startswith(d)), key=len, default=None)
        if folder is None:
            findings.append(f"{file}: in a folder without a rule")
            continue
        is_asking = re.fullmatch(rf"ctl/{ASKING}\.[ch]", file)
        allowed = rf"(base|image)/.*|ctl/{ASKING}\.h" if is_asking else MAY_USE[folder]
        for prefix, more in FILES_MAY_USE.items():
            if file.startswith(prefix):
                allowed += "|" + more
        for name in re.findall(r'^#include "([^"]+)"', tree.text(file), re.M):
            if not re.fullmatch(allowed, name):
                findings.append(f"{file}: may not include {name}")
    none(findings)


def check_file_length(tree):
    findings = []
    for file in ours(tree, ".c", ".h"):
        n = tree.text(file).count("\n")
        if n > FILE_MAX:
            findings.append(f"{file}: {n} lines, {FILE_MAX} are the limit")
    none(findings)


def functions(text):
    """Name, first and last line of each function in clang-formatted TEXT."""
    start = None
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if start is None and re.match(r"[^\s#/].*\{$", line) and not re.match(
            r"(struct|enum|union|typedef|extern)\b[^()]*\{$|.*=\s*\{$", line
        ):
            start = number
        elif start is None and re.match(r"\s.*\) \{$", line) and not lines[number - 2].endswith(
            (";", "{", "}")
        ):
            start = number  # the last line of a long argument list
        elif start is not None and line.startswith("}"):
            yield lines[start - 1], start, number
            start = None


def check_function_length(tree):
    findings = []
    for file in ours(tree, ".c", ".h"):
        for name, first, last in functions(tree.text(file)):
            if last - first + 1 > FUNCTION_MAX:
                findings.append(f"{file}:{first}: {last - first + 1} lines: {name}")
    none(findings)


def check_clang_format(tree):
    version = tree.run(["clang-format", "--version"])
    major = re.search(r"version (\d+)", version)[1]
    if major != FORMAT_MAJOR:
        raise Skip(f"clang-format {major} differs from {FORMAT_MAJOR} in taste")
    files = [f for f in ours(tree, ".c", ".h") if not f.endswith("qstrdefsport.h")]  # no C, that
    tree.run(["clang-format", "--dry-run", "-Werror"], files)


def compile_alone(tree, header):
    """What the compiler says about a file that is nothing but an include of HEADER."""
    command = ["cc", "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wno-unused-parameter"]
    command += ["-fsyntax-only", "-I", ".", "-I", tree.build, "-I", f"{tree.build}/call"]
    if header.startswith("vm/"):
        # The VM's own are compiled as they are for an image: against the SDK's headers.
        command += ["-I", f"{tree.build}/sdk/include", "-I", "vm", "-DNDEBUG"]
    command += ["-x", "c", "-"]
    include = f'#include "{header}"\n'
    done = subprocess.run(
        command,
        cwd=tree.source,
        input=include,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return f"{header} does not stand alone:\n{done.stdout}" if done.returncode or done.stdout else ""


def check_headers_stand_alone(tree):
    headers = [h for h in ours(tree, ".h") if not h.startswith("tests/")]
    # Parts of upstream's configuration, which only its py/mpconfig.h can include.
    headers = [h for h in headers if os.path.basename(h) not in ("mphalport.h", "qstrdefsport.h")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        none([said for said in pool.map(lambda h: compile_alone(tree, h), headers) if said])
