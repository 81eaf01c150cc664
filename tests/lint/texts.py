# SPDX-License-Identifier: MIT
"""Checks of every file, of scripts and of documentation."""

import ast
import os
import re

from tap import Skip
from tree import none

SPDX = "SPDX-License-Identifier: MIT"
# What cannot carry a comment, or would mean something else with one.
BARE = (".exp", ".csv", ".json", ".conf", ".inc", ".golden")
BARE_FILES = ("LICENSE", "debian/README.Debian", "debian/changelog", "debian/copyright",
              "debian/source/format")  # fmt: skip
BARE_FOLDERS = ("tests/golden/", "frozen/freezer/template/")  # the latter becomes the user's

# Files speak of the project alone. Patterns are written so that they do not match themselves.
FORBIDDEN = {
    r"\bissue\s#?\d": "issues by number",
    r"/work/(main|shared)\b": "somebody's folders",
    r"\b(TODO|FIXME|XXX)(?![\w.])\b(?!\|)": "work left undone",
    r"(?i)\bthe (brief|session)\b": "how it was made",
    r"(?i)\b(deb|snapshot|security|ftp|sources|packages)[.](debian|ubuntu)[.](org|com)\b": "hosts",
    r"(?i)\b(pypi|npmjs|crates|golang|githubusercontent)[.](org|com|io)\b": "hosts",
}


def check_spdx_line_on_every_file(tree):
    findings = []
    for file in tree.files:
        if file in BARE_FILES or file.endswith(BARE) or file.startswith(BARE_FOLDERS):
            continue
        if SPDX not in "\n".join(tree.text(file).split("\n")[:4]):
            findings.append(f"{file}: no {SPDX} in its first lines")
    none(findings)


def check_files_speak_of_the_project_alone(tree):
    findings = []
    for file in tree.files:
        for number, line in enumerate(tree.text(file).split("\n"), 1):
            for pattern, what in FORBIDDEN.items():
                if re.search(pattern, line) and not file.endswith("lint/texts.py"):
                    findings.append(f"{file}:{number}: {what}: {line.strip()}")
    none(findings)


def check_no_trailing_space_and_a_last_newline(tree):
    findings = []
    for file in tree.files:
        text = tree.text(file)
        if file.endswith(".exp") or "\0" in text:
            continue
        if text and not text.endswith("\n"):
            findings.append(f"{file}: no newline at its end")
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                findings.append(f"{file}:{number}: space at the end of the line")
    none(findings)


def check_shell_scripts(tree):
    files = tree.scripts("/bin/sh") + [f for f in tree.files if f == "tools/prepare"]
    tree.run(["shellcheck", "--external-sources"], files)


def check_python_scripts_are_of_the_system(tree):
    """A script that says "env python3" would run under whatever is first in PATH."""
    none([f"{f}: says env python3" for f in tree.scripts("env python3")])


def check_python_compiles(tree):
    findings = []
    for file in {*tree.of(".py"), *tree.scripts("python3")}:
        try:
            ast.parse(tree.text(file), file, feature_version=(3, 11))
        except SyntaxError as error:
            if not file.startswith("tests/apps/"):  # those may try what only MicroPython takes
                findings.append(f"{file}:{error.lineno}: {error.msg}")
    none(findings)


def check_spelling(tree):
    files = [f for f in tree.files if not f.endswith((".exp", ".csv"))]
    tree.run(["codespell", "--ignore-words-list", "nd,te,inout,ser,fo,som,notin,inpsect,explian,polcy,deploiment"], files)


def check_links_in_documents_lead_somewhere(tree):
    findings = []
    for file in tree.of(".md"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", tree.text(file)):
            if re.match(r"[a-z]+:", target):
                continue
            path = os.path.join(tree.source, os.path.dirname(file), target)
            if not os.path.exists(path):
                findings.append(f"{file}: link to {target}, which is not there")
    none(findings)


def check_every_message_id_has_its_entry_in_the_catalog(tree):
    """And is used: the catalog explains events that happen."""
    header = tree.text("base/message-ids.h")
    ids = re.findall(r"^#define (MESSAGE_ID_\w+) \"([0-9a-f]{32})\"$", header, re.M)
    entries = re.split(r"^-- ", tree.text("systemd/mpyd.catalog"), flags=re.M)[1:]
    findings = []
    if [number for _, number in ids] != [entry.split("\n")[0] for entry in entries]:
        findings.append("systemd/mpyd.catalog: not the ids of base/message-ids.h, in their order")
    for entry in entries:
        head, _, text = entry.partition("\n\n")
        keys = [line.partition(": ")[0] for line in head.split("\n")[1:]]
        if keys != ["Subject", "Defined-By", "Documentation"] or not text.strip():
            findings.append(f"systemd/mpyd.catalog: {entry[:32]}: a subject, who, pages, and a text")
        fields = set(re.findall(r"@(\w+)@", entry)) - {"APP", "KIND"}
        if fields:
            findings.append(f"systemd/mpyd.catalog: {entry[:32]}: no entry has fields {fields}")
    code = "".join(tree.text(file) for file in tree.files if file.endswith(".c"))
    findings += [f"base/message-ids.h: nothing logs {name}" for name, _ in ids if name not in code]
    none(findings)


def check_manual_pages(tree):
    pages = [f for f in tree.files if re.search(r"^doc/man/.*\.[1-8]$", f)]
    if not pages:
        raise Skip("no manual pages")
    for page in pages:
        said = tree.run(
            ["env", "LC_ALL=C.UTF-8", "MANWIDTH=80", "MANROFFSEQ=", "man", "--warnings", "-E",
             "UTF-8", "-l", "-Tutf8", "-Z", page]
        )  # fmt: skip
        none([line for line in said.split("\n") if "warning:" in line or "error:" in line])
