# SPDX-License-Identifier: MIT
"""mpyctl symbolize."""

import copy
import hashlib
import json
import subprocess

import images
import tap

SYMBOLS = {
    "format": 1,
    "image_blake2b": "0123456789abcdef" * 8,
    "modules": [
        {
            "name": "main",
            "file": "main.py",
            "functions": [
                {"name": "<module>", "offset": 0x1000, "size": 16, "lines": [[4, 1], [8, 3]]},
                {"name": "größe", "offset": 0x1010, "size": 8, "lines": [[0, 70000]]},
                {"name": "fast", "offset": 0x2000, "size": 64, "lines": []},
            ],
        },
        {"name": "a.b", "file": "a/b.py", "functions": []},
    ],
}
START = "mpyd: ware: started, generation 1, version 1.0, image 0123456789abcdef\n"
OTHER_START = "mpyd: ware: started, generation 1, version 1.1, image 0123456789abcdee\n"
CRASH = START + """\
ware: Traceback (most recent call last):
ware:   File "main.py", offset 0x1004, in <module>
ware:   File "main.py", offset 0x1007, in <module>
ware:   File "main.py", offset 0x1008, in <module>
ware:   File "main.py", offset 0x100F, in <module>
ware:   File "main.py", offset 0x1017, in größe
ware:   File "main.py", offset 0x2001, in fast
ware:   File "main.py", line 5, in other
ware: ValueError: ", offset 0x1004
"""
LINES = START + """\
ware: Traceback (most recent call last):
ware:   File "main.py", line 1, in <module>
ware:   File "main.py", line 1, in <module>
ware:   File "main.py", line 3, in <module>
ware:   File "main.py", line 3, in <module>
ware:   File "main.py", line 70000, in größe
ware:   File "main.py", native code, in fast
ware:   File "main.py", line 5, in other
ware: ValueError: ", offset 0x1004
"""


def symbols(program, document=None):
    return program.file(json.dumps(SYMBOLS if document is None else document).encode())


def offsets_become_lines(program):
    crash = program.file(CRASH.encode())
    tap.equal(program.says("symbolize", crash, "--symbols", symbols(program)), LINES, "lines")
    tap.equal(program.says("symbolize", "--symbols", symbols(program), crash), LINES, "lines")


def log_comes_from_a_pipe(program):
    """As from journalctl: in pieces, and longer than any buffer is at first."""
    text = CRASH * 3000
    done = subprocess.run(
        [program.mpyctl, "symbolize", "-", "--symbols", symbols(program)],
        input=text,
        capture_output=True,
        text=True,
        timeout=20,
    )
    tap.equal((done.returncode, done.stderr), (0, ""), "status")
    tap.true(done.stdout == LINES * 3000, "lines")
    done = program.run("symbolize", "-", "--symbols", "-")
    tap.equal((done.returncode, done.stdout), (1, ""), "an empty one")


def any_bytes_pass_through(program):
    """Logs hold what apps print: bytes that are no text, a NUL, half a line."""
    before, after = b'\xff\0\x1b[2J\nFile "', b"\0 ... \xc3"
    before = START.encode() + before
    crash = before + b'main.py", offset 0x1004, in' + after
    path = program.file(crash)
    done = program.run("symbolize", path, "--symbols", symbols(program), text=False)
    tap.equal(done.stdout, before + b'main.py", line 1, in' + after, "bytes")


def no_log_takes_long(program):
    """One line full of what is nearly an offset; and symbols with as many functions as there may be."""
    functions = [
        {"name": "f", "offset": 16 * i, "size": 16, "lines": []} for i in range(50000)
    ]
    sizes = program.file(json.dumps(changed("modules", 0, "functions", functions)).encode())
    near = b'", offset 0x1' * 2000000
    many = b'File "main.py", offset 0xc34f0\n' * 100000
    for text, path in ((near, symbols(program)), (many, sizes)):
        done = program.run("symbolize", program.file(text), "--symbols", path, text=False)
        tap.equal(len(done.stdout) > len(text) // 2, True, done.stderr[:200])


def what_is_no_offset_is_left(program):
    for text in (
        'File "main.py", offset 0x, in f\n',
        'File "main.py", offset 4096, in f\n',
        'File "main.py", offset 0x10000000000000004, in f\n',
        'File "main.py"\n", offset 0x1004\n',
        'File ", offset 0x10000000000000004",\n", offset 0x1004',
        '", offset 0x1004',
        'File "main.py", offset 0x',
    ):
        done = program.run("symbolize", program.file(text.encode()), "--symbols", symbols(program))
        tap.equal((done.returncode, done.stdout), (0, text), "the same")
        tap.true("has no offsets to look up" in done.stderr, done.stderr)


def unknown_offsets_are_counted(program):
    text = "".join(
        f'  File "{file}", offset {address:#x}, in f\n'
        for file, address in (
            ("main.py", 0xFFF),
            ("main.py", 0x1018),
            ("other.py", 0x1004),
            ("main.py", 0xFFFFFFFFFFFFFFFF),
            ("main.py", 0x1004),
        )
    )
    path = program.file(text.encode())
    done = program.run("symbolize", path, "--symbols", symbols(program))
    tap.equal(done.returncode, 1, "status")
    tap.equal(done.stdout.splitlines()[:4], text.splitlines()[:4], "as they were")
    tap.equal(done.stdout.splitlines()[4], '  File "main.py", line 1, in f', "the one known")
    tap.true("4 of 5 offsets are not in" in done.stderr, done.stderr)


def offset_before_the_first_line_is_of_no_line(program):
    crash = program.file(START.encode() + b'File "main.py", offset 0x1001, in f\n')
    said = program.says("symbolize", crash, "--symbols", symbols(program))
    tap.equal(said, START + 'File "main.py", native code, in f\n', "said")


def symbols_of_another_image_are_refused(program):
    """The log says which image ran: at the start that an offset comes after."""
    crash, good = CRASH.removeprefix(START), symbols(program)
    for text, line in (
        (OTHER_START + crash, 3),
        (START + OTHER_START + crash, 4),
        (CRASH + OTHER_START + crash, 13),
    ):
        path = program.file(text.encode())
        words = (
            f"{path}: line {line} is of the image 0123456789abcdee, "
            f"and {good} of 0123456789abcdef\n"
        )
        program.refuses(1, words, "symbolize", path, "--symbols", good)
    for text, expected in (
        (OTHER_START + CRASH, OTHER_START + LINES),
        (CRASH + OTHER_START, LINES + OTHER_START),
    ):
        said = program.says("symbolize", program.file(text.encode()), "--symbols", good)
        tap.equal(said, expected, "of another image are no offsets")


def log_that_does_not_say_which_image(program):
    crash = CRASH.removeprefix(START)
    for before in ("", "mpyd: ware: started, generation 1\n", OTHER_START[:-2] + "\n", "image "):
        path = program.file((before + crash).encode())
        done = program.run("symbolize", path, "--symbols", symbols(program))
        expected = before + LINES.removeprefix(START)
        tap.equal((done.returncode, done.stdout), (0, expected), "lines all the same")
        tap.true(f"{path}: 6 of 6 offsets come before any start" in done.stderr, done.stderr)
        tap.equal(done.stderr.count("\n"), 1, "lines of warning")


def number_of(image):
    return hashlib.blake2b(image.read_bytes()).hexdigest()[:16]


def symbols_of_an_image(program):
    """Each function of what mpyfreeze writes is found at its own place."""
    image = program.image("ware", images.WARE)
    path = image.with_suffix(".mpysym")
    start = f"mpyd: ware: started, generation 7, version 1, image {number_of(image)}\n"
    crash, expected = start, start
    for module in json.loads(path.read_text())["modules"]:
        for function in module["functions"]:
            for offset, line in function["lines"]:
                file = f'  File "{module["file"]}", '
                crash += f"{file}offset {function['offset'] + offset:#x}, in f\n"
                expected += f"{file}line {line}, in f\n"
    tap.true(expected.count("main.py") >= 2, expected)
    said = program.says("symbolize", program.file(crash.encode()), "--symbols", path)
    tap.equal(said, expected, "lines")


def traceback_of(program, image):
    """What the app in IMAGE says of the exceptions that it has, as the log has it, and the line of
    mpyd that it was started."""
    config = program.file(b"[restart]\nrestart = no\n")
    done = subprocess.run(
        [program.mpyd, "run", "--unsigned", "--control=none", "--config", config, image],
        capture_output=True,
        text=True,
        timeout=60,
    )
    tap.equal(done.returncode, 1, done.stderr)
    name = image.stem
    lines = [line for line in done.stderr.splitlines() if line.startswith(f"{name}: ")]
    said = "".join(line.removeprefix(f"{name}: ") + "\n" for line in lines)
    start = f"mpyd: {name}: started, generation 1, version 1, image {number_of(image)}"
    tap.true(start in done.stderr.splitlines(), f"{start!r} is not in {done.stderr}")
    return start + "\n", said


def stripped_image_tells_the_same(program):
    """With the vendor's symbols, the log of an image without lines is that of one with them."""
    other = program.image("crash", images.crashing("crash"))
    _, plain = traceback_of(program, other)
    image = program.image("bare-crash", images.crashing("bare-crash"), "--strip", "lines")
    start, stripped = traceback_of(program, image)
    for expected in (
        'File "parts/first.py", line 6, in walk',
        'File "main.py", line 10, in <listcomp>',
        'File "main.py", line 17, in steps',
        'File "main.py", line 24, in main',
        'File "main.py", line 29, in <lambda>',
        'File "main.py", line 35, in <module>',
    ):
        tap.true(expected in plain, f"{expected} is not in {plain}")
    tap.true(", line " not in stripped and "offset 0x" in stripped, stripped)
    crash = program.file((start + stripped).encode())
    said = program.says("symbolize", crash, "--symbols", image.with_suffix(".mpysym"))
    tap.equal(said, start + plain, "traceback")
    words = f"is of the image {number_of(image)}, and "
    program.refuses(1, words, "symbolize", crash, "--symbols", other.with_suffix(".mpysym"))


def changed(*path_and_value):
    """SYMBOLS with one value replaced."""
    document = copy.deepcopy(SYMBOLS)
    place = document
    *path, last, value = path_and_value
    for key in path:
        place = place[key]
    place[last] = value
    return document


FUNCTION = ("modules", 0, "functions", 0)


def symbols_that_are_none(program):
    crash = program.file(CRASH.encode())
    for document, words in (
        ([], "symbols: the text is not an object"),
        (changed("format", 2), "symbols: format = 2 is outside 1 to 1"),
        (changed("image_blake2b", "0" * 127), "symbols: image_blake2b = "),
        (changed("more", 1), "symbols: unknown field more"),
        (changed("modules", {}), "symbols: modules is not an array"),
        (changed("modules", 0, "name", "a\nb"), "modules[0].name holds what is not printable text"),
        (changed("modules", 0, "name", "\x9b2J"), "modules[0].name holds what is not printable text"),
        (changed(*FUNCTION, "name", 7), "modules[0].functions[0].name is not a string"),
        (changed(*FUNCTION, "size", -1), "modules[0].functions[0].size = -1 is outside 0"),
        (changed(*FUNCTION, "offset", (1 << 63) - 1), "modules[0].functions[0].offset = 9223372036854775807 is outside"),
        (changed(*FUNCTION, "size", 17), "symbols: the functions at 4096 and 4112 overlap"),
        (changed(*FUNCTION, "lines", [4]), "functions[0].lines[0] is not an array of 2"),
        (changed(*FUNCTION, "lines", [[4]]), "functions[0].lines[0] is not an array of 2"),
        (changed(*FUNCTION, "lines", [[4, 1, 1]]), "lines[0] is not an array of 2"),
        (changed(*FUNCTION, "lines", [[4, 0]]), "lines[0].line = 0 is outside 1"),
        (changed(*FUNCTION, "lines", [["4", 1]]), "lines[0].offset is not an integer"),
        (changed(*FUNCTION, "lines", [[4, 1], [4, 2]]), "offset 4 follows 4"),
        (changed(*FUNCTION, "lines", [[4, [[[1]]]]]), "nesting too deep"),
    ):
        program.refuses(1, words, "symbolize", crash, "--symbols", symbols(program, document))
    for content, words in ((b"", "ends early"), (b"{", "ends early"), (b"\x7fELF", "byte 0")):
        path = program.file(content)
        program.refuses(1, f"{path}: symbols: ", "symbolize", crash, "--symbols", path)
        program.refuses(1, words, "symbolize", crash, "--symbols", path)


def files_that_are_not_there(program):
    good = symbols(program)
    program.refuses(1, "No such file", "symbolize", "/nonexistent", "--symbols", good)
    program.refuses(1, "Is a directory", "symbolize", "/", "--symbols", good)
    program.refuses(1, "No such file", "symbolize", good, "--symbols", "/nonexistent")
    program.refuses(2, "missing --symbols FILE", "symbolize", good)
    program.refuses(2, "missing CRASH", "symbolize", "--symbols", good)


TESTS = [
    offsets_become_lines,
    log_comes_from_a_pipe,
    any_bytes_pass_through,
    no_log_takes_long,
    what_is_no_offset_is_left,
    unknown_offsets_are_counted,
    offset_before_the_first_line_is_of_no_line,
    symbols_of_another_image_are_refused,
    log_that_does_not_say_which_image,
    symbols_of_an_image,
    stripped_image_tells_the_same,
    symbols_that_are_none,
    files_that_are_not_there,
]
