# SPDX-License-Identifier: MIT
"""What an image holds, and what it does not need."""

import os
import re
import shutil
import subprocess

import service
import tap

SEVERAL = {
    "store.py": 'where = "store"\n',
    "meter/__init__.py": "",
    "meter/wire.py": 'import store\nwhere = store.where + ", meter.wire"\n',
}
SEVERAL_MAIN = 'import meter.wire\nprint("in", meter.wire.where)\n'


def several_modules_import_each_other(tools):
    image = tools.apps.image("several", SEVERAL_MAIN, more=SEVERAL)
    status, lines = tools.apps.run(image)
    tap.equal((status, "several: in store, meter.wire" in lines), (0, True), str(lines))
    names = [module["name"] for module in tools.inspect(image)["modules"]]
    tap.equal(sorted(names), ["main", "meter", "meter.wire", "store"], "modules")


def runs_when_its_sources_are_gone(tools):
    """And with no tool that made it: an empty directory, an environment of nothing."""
    image = tools.apps.image("orphan", 'import helper\nprint(helper.text)\n',
                             more={"helper.py": 'text = "still here"\n'})
    shutil.rmtree(tools.apps.folder("orphan"))
    done = subprocess.run(tools.apps.command(image), capture_output=True, text=True,
                          cwd=os.path.dirname(image), env=service.SANITIZERS, timeout=20)
    tap.equal(done.returncode, 0, done.stderr)
    tap.true("orphan: still here" in done.stderr.splitlines(), done.stderr)


# What a reader of source would like to find, each in words that nothing else has.
SECRETS_MAIN = '''\
"""docstring of the kumquat module"""
# a comment about persimmons


def shown(shown_argument):
    """docstring of the loganberry function"""
    local_tamarillo = shown_argument + 1  # trailing rambutan
    return local_tamarillo


class Shown:
    """docstring of the feijoa class"""


print(shown(1))
'''
HIDDEN = ("kumquat", "persimmon", "loganberry", "tamarillo", "rambutan", "feijoa")


def source_is_in_no_file_of_a_build(tools):
    image = tools.apps.image("secrets", SECRETS_MAIN)
    files = [image] + [image + suffix for suffix in (".mpysym", ".map")]
    for path in files:
        with open(path, "rb") as file:
            data = file.read().lower()
        for word in HIDDEN:
            tap.true(word.encode() not in data, f"{word} is in {path}")
    with open(image, "rb") as file:
        tap.true(b"shown_argument" in file.read(), "what stays is found by this test")


CONSTANTS_MAIN = '''\
TEXT = "a string that is longer than any that would be interned, medlar" * 1
NUMBERS = (1.5, 1 << 80, b"bytes that stand in the image, quince")
print(TEXT, NUMBERS)
'''


def segments(image):
    """Place in the file, size, and flags of what is mapped."""
    listing = subprocess.run(["readelf", "-lW", image], capture_output=True, text=True, check=True,
                             env={**os.environ, "LC_ALL": "C"}).stdout
    found = re.findall(r"^  LOAD +(0x\w+) 0x\w+ 0x\w+ (0x\w+) 0x\w+ ([RWE ]{3}) ", listing, re.M)
    return [(int(start, 16), int(size, 16), flags) for start, size, flags in found]


def constants_run_in_place(tools):
    """Strings and bytes of the app are in a segment that nobody writes; none is writable and
    executable."""
    image = tools.apps.image("constants", CONSTANTS_MAIN)
    mapped = segments(image)
    tap.true(len(mapped) >= 3, str(mapped))
    tap.equal([flags for _, _, flags in mapped if "W" in flags and "E" in flags], [])
    with open(image, "rb") as file:
        data = file.read()
    for word in (b"interned, medlar", b"in the image, quince"):
        place = data.index(word)
        flags = [f for start, size, f in mapped if start <= place < start + size]
        tap.equal((len(flags), "W" in flags[0]), (1, False), f"segment of {word}")


def heap_at_the_entry_is_next_to_empty(tools):
    image = tools.apps.image("baseline", "import gc\nprint(gc.mem_alloc())\n")
    status, lines = tools.apps.run(image)
    tap.equal(status, 0, str(lines))
    used = int(next(line for line in lines if line.startswith("baseline: ")).split()[1])
    tap.true(0 < used < 2048, f"bytes in use when the entry begins: {used}")


def says_which_micropython_it_is(tools):
    image = tools.apps.image("baseline", "import gc\nprint(gc.mem_alloc())\n")
    version = tools.inspect(image)["micropython"]
    tap.true(re.fullmatch(r"1\.[0-9]+\.[0-9]+", version), version)
    asked = 'import os\nprint("runs", os.uname().release)\n'
    _, lines = tools.apps.run(tools.apps.image("version", asked))
    tap.true(f"version: runs {version}" in lines, str(lines))


# Objects that are linked into an image: of the app, of the SDK, of the C library and the compiler.
LINKED = {"frozen.o", "app.o", "data.o", "mpyvm.o", "libc.a", "libgcc.a", "rcrt1.o", "crti.o",
          "crtn.o"}


def needed(program):
    listing = subprocess.run(["readelf", "-dW", program], capture_output=True, text=True,
                             check=True, env={**os.environ, "LC_ALL": "C"}).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", listing)


def worker_and_supervisor_share_no_code(tools):
    """Two programs, each with a C library of its own; the link map has all that a worker is."""
    image = tools.apps.image("baseline", "import gc\nprint(gc.mem_alloc())\n")
    with open(image + ".map", encoding="utf-8") as file:
        loaded = {os.path.basename(path) for path in re.findall(r"^LOAD (.*)", file.read(), re.M)}
    tap.equal(loaded, LINKED, "what is linked into an image")
    tap.equal(needed(image), [], "libraries of an image")
    tap.true(any("libcares" in library for library in needed(tools.apps.mpyd[-1])), "of mpyd")


TESTS = [
    several_modules_import_each_other,
    runs_when_its_sources_are_gone,
    source_is_in_no_file_of_a_build,
    constants_run_in_place,
    heap_at_the_entry_is_next_to_empty,
    says_which_micropython_it_is,
    worker_and_supervisor_share_no_code,
]
