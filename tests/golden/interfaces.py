#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of daemon/control/geninterface: what it makes of an interface, what it says about bad ones."""

import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'harness'))
sys.dont_write_bytecode = True

import tap

GOOD = '''\
# SPDX-License-Identifier: MIT
# What it is
# about.
interface org.example.Test
# A \\ and a "quote".
type Word (one, two)
# It does it.
method DoIt(
  # How "often".
  times: ?int, words: []string) -> (done: []Word)
error Failed (why: string)
'''

BAD = (
    ('', 1, 'ends too early'),
    ('interfaces org.example.Test\n', 1, '"interfaces" where "interface" is expected'),
    ('interface org.example.Test\ntype Word (one, two\n', 3, 'ends too early'),
    ('interface org.example.Test\n\nfunction Do() -> ()\n', 3,
     '"function" where a method, a type or an error is expected'),
    ('interface org.example.Test\nmethod Do() ()\n', 2, '"(" where "->" is expected'),
    ('interface org.example.Test\nmethod Do(a: int;) -> ()\n', 2, 'cannot be read'),
    ('interface org.example.Test\n\ntype A (a: int)\ntype A (b: int)\n', 4, 'A is there twice'),
    ('interface org.example.Test\nmethod Do() -> (a: []Word)\n', 2,
     'Do: a is of an unknown type, []Word'),
    ('interface org.example.Test\ntype A (a: int)\nmethod Do(a: A) -> ()\n', 3,
     'Do: no parameters of type A can be read'),
)


def generate(folder, text):
    file = folder / 'test.varlink'
    file.write_text(text)
    return subprocess.run([sys.executable, ROOT / 'daemon' / 'control' / 'geninterface', file, '--output-dir', folder],
                          capture_output=True, text=True, timeout=30)


def good():
    with tempfile.TemporaryDirectory() as work:
        folder = pathlib.Path(work)
        done = generate(folder, GOOD)
        tap.equal((done.returncode, done.stderr), (0, ''))
        source = (folder / 'control-interface.c').read_text()
        for part in ('{"times", CONTROL_NUMBER, 1},', '{"words", CONTROL_TEXTS, 0},',
                     '{"DoIt", control_do_it, do_it_fields},', r'"# A \\ and a \"quote\".\n"'):
            tap.true(part in source, f'no {part} in {source}')
        page = (folder / 'org.example.Test.5').read_text()
        for part in ('What it is about.', '.SS DoIt\nIt does it.', '.BR times ": ?int"\nHow "often".',
                     'A \\e and a "quote".'):
            tap.true(part in page, f'no {part} in {page}')


def bad():
    for text, line, what in BAD:
        with tempfile.TemporaryDirectory() as work:
            done = generate(pathlib.Path(work), text)
            tap.equal(done.returncode, 1, text)
            tap.true(done.stderr.startswith(f'{work}/test.varlink:{line}: {what}'),
                     f'{text}: {done.stderr}')
            tap.equal(len(done.stderr.splitlines()), 1, done.stderr)


def ours():
    """Each member has a comment, which is what the manual page says of it."""
    for name in ('org.mpyd.App', 'org.varlink.service'):
        with tempfile.TemporaryDirectory() as work:
            folder = pathlib.Path(work)
            text = (ROOT / 'daemon' / 'control' / f'{name}.varlink').read_text()
            tap.equal(generate(folder, text).returncode, 0, name)
            page = (folder / f'{name}.5').read_text().splitlines()
            bare = [line for line, after in zip(page, page[1:])
                    if line.startswith('.SS ') and after.startswith('.')]
            tap.equal(bare, [], 'members without a comment')


sys.exit(tap.run([('interfaces: good', good), ('interfaces: bad', bad), ('interfaces: ours', ours)]))
