# SPDX-License-Identifier: MIT
"""Every legal layout of modules and packages freezes and imports as CPython imports it. What cannot
be imported is an error of the build: builds.py."""

import os
import subprocess
import sys

import tap
from builds import MANIFEST, on_bench

DEEP = 'a/b/c/d/e/f/g/h/i/j/k'
APP = {
    'main.py': f'''\
import a_b, a.b, only, p, p.q, p.sub.x, int, static, {DEEP.replace('/', '.')} as deep
from p import q as same, sub
from {DEEP.replace('/', '.')} import bottom
import Main
print(a_b.where, a.b.where, only.where, p.where, p.q.where, same is p.q, sub.where)
print(p.sub.x.found, int.where, static.where, deep.where, bottom.where, Main.where)
for name in ("da-sh.in-ner", "class", "2x", "_"):
    module = __import__(name, None, None, ["x"])
    print(name, module.where)
try:
    import p.absent
except ImportError:
    print("no p.absent")
print(__name__)
''',
    'a_b.py': 'where = "a_b"',
    'a/__init__.py': '',
    'a/b/__init__.py': 'where = "a.b"',
    f'{DEEP}/__init__.py': 'where = "deep"',
    f'{DEEP}/bottom.py': 'where = "bottom"',
    'only/__init__.py': 'where = "only"',
    'p/__init__.py': 'where = "p"',
    'p/q.py': 'where = "p.q"',
    'p/sub/__init__.py': 'where = "p.sub"',
    'p/sub/x.py': 'from ..q import where\nfrom . import where as here\nfrom .. import sub\n'
                  'from .y import where as other\nfound = (where, here, sub.where, other)',
    'p/sub/y.py': 'where = "p.sub.y"',
    'int.py': 'where = "int"',
    'static.py': 'where = "static"',
    'da-sh/__init__.py': '',
    'da-sh/in-ner.py': 'where = "dashes"',
    'class.py': 'where = "class"',
    '2x.py': 'where = "2x"',
    '_.py': 'where = "_"',
    'Main.py': 'where = "Main"',
}


def test_layouts_import_as_in_cpython(bench):
    app = bench.app(APP)
    bench.built(app)
    expected = subprocess.run([sys.executable, '-B', 'main.py'], cwd=app, stdout=subprocess.PIPE,
                              env={'PATH': os.environ['PATH']}, text=True, check=True).stdout
    tap.equal(len(expected.splitlines()), 8, expected)
    tap.equal(bench.said(), expected.splitlines())


def test_a_module_of_the_app_comes_before_one_of_micropython(bench):
    bench.built(bench.app({'main.py': 'import json, random\nprint(json.mine, random.mine)\n',
                           'json.py': 'mine = 1\n', 'random/__init__.py': 'mine = 2\n'}))
    tap.equal(bench.said(), ['1 2'])
    bench.image.unlink()
    bench.failed(bench.app({'main.py': '', 'ujson.py': ''}, name='old'),
                 '"ujson" is a module of MicroPython, which comes first')


def test_a_directory_that_comes_before_a_module(bench):
    entry = bench.app({'main.py': 'print("runs")\n', 'main/part.py': ''}, name='entry')
    bench.failed(entry, f'{entry}/main.py: could never be imported: the directory "main" comes first; '
                 'rename one')
    bench.failed(bench.app({'main.py': 'import p.a\n', 'p/a.py': 'x = 1\n', 'p/a/b/c.py': ''}),
                 'p/a.py: could never be imported: the directory "p/a" comes first')
    (entry / 'main' / 'part.py').rename(entry / 'main' / 'test_part.py')
    bench.built(entry)
    tap.equal(bench.said(), ['runs'], 'tests are no part of the app')
    done = bench.freeze('test', entry, '--sdk', bench.options.sdk, '--mpyd',
                        os.path.abspath(bench.options.mpyd))
    tap.equal(done.returncode, 1)
    tap.true('main.py: could never be imported' in done.stderr, done.stderr)
    bench.built(bench.app({'main.py': 'print("runs")\n', 'main/notes.txt': ''}, name='no modules'))
    tap.equal(bench.said(), ['runs'], 'a directory without modules')


def test_an_entry_in_a_package(bench):
    bench.built(bench.app({'p/q/start.py': 'import p.q.other\nprint(__name__, p.q.other.where)\n',
                           'p/q/other.py': 'where = __name__\n'},
                          MANIFEST.replace('"main"', '"p.q.start"')))
    tap.equal(bench.said(), ['__main__ p.q.other'])
    bench.built(bench.app({'p/__main__.py': 'print(__name__)\n'},
                          MANIFEST.replace('"main"', '"p.__main__"'), 'dunder'))
    tap.equal(bench.said(), ['__main__'])
    bench.image.unlink()
    bench.failed(bench.app({'__main__.py': ''}, MANIFEST.replace('"main"', '"__main__"'), 'top'),
                 '"__main__" is a module of MicroPython, which comes first')


def tests(options):
    return on_bench(options, globals())
