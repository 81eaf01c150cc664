# SPDX-License-Identifier: MIT
"""MicroPython's own tests: which there are, what each is to say, and which are left out, and why."""

import os
import re
import shutil
import subprocess
import tempfile

# Why a test may be left out; there is no other reason.
KINDS = {
    "compiler": "needs eval, exec or compile",
    "importer": "needs modules from files, or bytecode that is loaded",
    "opt-level": "needs micropython.opt_level()",
    "settrace": "needs sys.settrace()",
    "c-module": "needs a C module of its user's",
    "library": "needs a library that MicroPython's source as Debian has it lacks",
    "file-system": "needs a driver of a file system that mpyd does not have",
    "hardware": "needs hardware",
    "unlike": "needs what no worker is: with threads, with descriptors, of another word size",
}
COLUMNS = ["test", "kind", "reason"]

# Tests whose .exp file has floats as upstream prints them, which is not exactly: CPython is asked.
CPYTHON_KNOWS = {"float/float_format_ftoe", "float/string_format_modulo3"}

WRITING = {"io"}  # folders whose tests write files

LINE_MAX = 4096  # LOG_LINE_MAX of vm/log.h
UNSAFE = [  # utf8_is_unsafe() of base/utf8.c
    (0x00, 0x08), (0x0A, 0x1F), (0x7F, 0x9F), (0x200B, 0x200F), (0x2028, 0x202E), (0x2066, 0x2069),
    (0x061C, 0x061C), (0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0xE0000, 0xE007F),
]  # fmt: skip
ANY_LINES = "########"  # of an .exp file


class Exclusions:
    """The rows of a table: a test, or one case of a test ("extmod/vfs_rom.CLASS.CASE"), the kind of
    its reason, the reason."""

    def __init__(self, file):
        self.reasons = {}
        with open(file, encoding="utf-8") as table:
            lines = [line.rstrip("\n") for line in table if not line.startswith("#")]
        if lines[0].split("\t") != COLUMNS:
            raise ValueError(f"{file}: the columns are not {', '.join(COLUMNS)}")
        for line in lines[1:]:
            test, kind, reason = line.split("\t")
            if kind not in KINDS or not reason or test in self.reasons:
                raise ValueError(f"{file}: {test}: twice, or without a reason of a kind there is")
            self.reasons[test] = f"{kind}: {reason}"

    def of(self, folder):
        """The tests and cases of FOLDER that are left out, and why."""
        return {
            test.partition("/")[2]: reason
            for test, reason in self.reasons.items()
            if test.startswith(folder + "/")
        }

    def check_exist(self, source, folders):
        """Raises unless every row in FOLDERS is a test of SOURCE."""
        for test in self.reasons:
            folder, name = test.split("/")
            if folder in folders and name.split(".")[0] not in find(source, folder):
                raise AssertionError(f"{test} is excluded, but there is no such test")


def check_known(source, folders):
    """Raises where CPython is asked in vain: it says what the .exp file has."""
    for test in CPYTHON_KNOWS:
        folder, name = test.split("/")
        if folder in folders:
            lines = recorded(source, folder, name)
            if lines in (None, say_in_cpython(source, folder, name)):
                raise AssertionError(f"{test}: there is no .exp file of which CPython knows better")


def find(source, folder):
    """The names of the tests of FOLDER in the source tree SOURCE."""
    names = os.listdir(os.path.join(source, "tests", folder))
    return sorted(name[:-3] for name in names if name.endswith(".py"))


def in_machine_code(source, folder, arch):
    """The tests of FOLDER that want machine code, for an ARCH for which MicroPython makes none, and
    why they are left out there."""
    found = {}
    for name in find(source, folder):
        with open(os.path.join(source, "tests", folder, name + ".py"), "rb") as file:
            if re.search(rb"@micropython\.(native|viper)", file.read()):
                found[name] = f"emitter: MicroPython has no machine code for {arch}"
    return found


def _escape(character):
    point = ord(character)
    if not any(low <= point <= high for low, high in UNSAFE):
        return character
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}"


def _pieces(line):
    """A line as the worker sends it: no piece above LINE_MAX bytes, none ends within a character."""
    while len(line) > LINE_MAX:
        end = LINE_MAX
        while end > LINE_MAX - 3 and line[end] & 0xC0 == 0x80:
            end -= 1
        yield line[:end]
        line = line[end:]
    yield line


def as_logged(output):
    """The lines that become of OUTPUT, bytes that a test prints, in the log of an app."""
    lines = output.replace(b"\r\n", b"\n").split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [
        "".join(map(_escape, re.sub("[\0\udc80-\udcff]", "?", text)))
        for line in lines
        for text in (piece.decode(errors="surrogateescape") for piece in _pieces(line))
    ]


def expected(source, folder, name):
    """The lines that the test is to say: those of its .exp, or what CPython says. Not for two tests
    at a time: some take the same port."""
    lines = recorded(source, folder, name)
    if lines is None or f"{folder}/{name}" in CPYTHON_KNOWS:
        lines = say_in_cpython(source, folder, name)
    return lines


def recorded(source, folder, name):
    """The lines of the test's .exp file, or None if it has none."""
    try:
        with open(os.path.join(source, "tests", folder, name + ".py.exp"), "rb") as file:
            return as_logged(file.read())
    except FileNotFoundError:
        return None


def say_in_cpython(source, folder, name):
    """The lines that the test says there."""
    place = os.path.join(source, "tests", folder)
    if folder not in WRITING:
        return _say_in_cpython(place, name)
    with tempfile.TemporaryDirectory(prefix="mpyd-conformance-") as work:
        return _say_in_cpython(shutil.copytree(place, os.path.join(work, folder)), name)


def _say_in_cpython(place, name):
    done = subprocess.run(
        ["/usr/bin/python3", "-BS", name + ".py"],
        cwd=place,
        env={"PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return as_logged(done.stdout)


def agree(said, lines):
    """Whether what a test SAID is what LINES ask for."""
    if ANY_LINES not in lines:
        return said == lines
    # The words of a pattern stand for themselves but for what a backslash gives a meaning, as in
    # upstream's run-tests.py.
    pattern = "".join(
        "(?:.*\n)*?"
        if line == ANY_LINES
        else re.sub(r"\\(.)|([][(){}.*+^$])", lambda m: m[1] or "\\" + m[2], line) + "\n"
        for line in lines
    )
    return bool(re.fullmatch(pattern, "".join(line + "\n" for line in said)))
