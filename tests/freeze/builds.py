# SPDX-License-Identifier: MIT
"""mpyfreeze as a program: what it makes, and what it says where it makes nothing."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tap

MANIFEST = 'name = "under-test"\nversion = "1"\nentry = "main"\n'
ROOT = Path(__file__).resolve().parents[2]


class Bench:
    """A directory for one test, and the programs it uses."""

    def __init__(self, options, root):
        self.options = options
        self.root = Path(root)
        self.image = self.root / 'app.mpyimg'

    def app(self, files, manifest=MANIFEST, name='app'):
        directory = self.root / name
        for path, text in {'mpyd.toml': manifest, **files}.items():
            file = directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return directory

    def freeze(self, *arguments, cwd=None, environment=None, stdin=None):
        return subprocess.run([self.options.mpyfreeze, *map(str, arguments)], cwd=cwd or self.root,
                              env={'PATH': os.environ['PATH'], **(environment or {})},
                              stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=120, check=False)

    def build(self, directory, *more, **environment):
        return self.freeze('build', directory, '-o', self.image, '--sdk', self.options.sdk, *more,
                           **environment)

    def built(self, directory, *more):
        done = self.build(directory, *more)
        tap.equal((done.returncode, done.stdout, done.stderr), (0, '', ''), 'a build that works')

    def failed(self, directory, *expected):
        done = self.build(directory)
        tap.equal((done.returncode, done.stdout), (1, ''), f'a build that fails ({done.stderr})')
        lines = done.stderr.splitlines()
        tap.equal(len(lines), len(expected), f'lines of {done.stderr!r}')
        for line, text in zip(lines, expected):
            tap.true(line.startswith('mpyfreeze: ') and text in line, f'{line!r}: not {text!r}')
        tap.true(not self.image.exists(), 'no image')

    def facts(self):
        done = subprocess.run([self.options.reader, 'image', self.image], stdout=subprocess.PIPE,
                              text=True, check=False)
        tap.equal(done.returncode, 0, done.stdout)
        return done.stdout.splitlines()

    def said(self):
        """What the app of the image prints, run without a signature, to its good end."""
        command = [self.options.mpyd, 'run', '--unsigned', '--control=none', self.image, '--name', 'under-test']
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=30, check=False)
        tap.equal(done.returncode, 0, done.stdout)
        return [line.removeprefix('under-test: ') for line in done.stdout.splitlines()
                if line.startswith('under-test: ')]

    def readelf(self, *arguments):
        return subprocess.run(['readelf', '-W', *map(str, arguments)], stdout=subprocess.PIPE,
                              env={'LC_ALL': 'C', 'PATH': os.environ['PATH']}, text=True,
                              check=True).stdout


def test_syntax_errors(bench):
    app = bench.app({'main.py': 'x = 1\n\nif x\n    pass\n', 'b/c.py': '\tx = 1 +\n',
                     'ok.py': 'x = 1\n'})
    bench.failed(app, 'app/b/c.py:1: ', 'app/main.py:3: SyntaxError')


def test_what_is_no_text(bench):
    bench.failed(bench.app({'main.py': b'# \n\nx = "\xff"\n'}), 'app/main.py:3: is not UTF-8')
    bench.failed(bench.app({'main.py': '', 'b.py': 'x = "\\ud800"\n'}),
                 'app/b.py: has a string that is no Unicode text')


def test_manifest_errors(bench):
    bench.failed(bench.app({'main.py': ''}, MANIFEST + 'colour = 1\n[memory]\nheap = "x"\n'),
                 'app/mpyd.toml:4: unknown key "colour"', 'app/mpyd.toml:6: memory.heap')


def test_own_logging_replaces_the_sdks(bench):
    bench.built(bench.app({'main.py': 'import logging\nprint(logging.__name__, dir(logging))\n',
                           'logging.py': 'MINE = 1\n'}))
    said = bench.said()
    tap.true(len(said) == 1 and 'MINE' in said[0] and 'getLogger' not in said[0], str(said))


def test_missing_things(bench):
    cases = [
        ({}, MANIFEST, ':3: entry: there is no "main.py" among the 0 modules'),
        ({'main.py': ''}, MANIFEST + 'boot = "first"', ':4: boot: there is no "first.py" among the 1'),
        ({'main.py': '', 'p/__init__.py': ''}, MANIFEST + 'boot = "p"', ':4: boot: "p" is a package'),
        ({'main.py': '', 'mpyd.py': ''}, MANIFEST, '/mpyd.py: "mpyd" is a module of MicroPython'),
        ({'main.py': ''}, MANIFEST + 'modules = ["main.py", "x.py"]', ':4: modules: there is no'),
        ({'main.py': ''}, MANIFEST + 'modules = ["mpyd.toml"]', ':4: modules: "mpyd.toml" does'),
        ({'main.py': ''}, MANIFEST + 'packages = [\n"lib"]', ':5: packages: there is no directory'),
        ({'main.py': '', 'p/x': ''}, MANIFEST + 'packages = ["p"]', 'no .py file in "p"'),
        ({'main.py': ''}, MANIFEST + 'resources = "www"', ':4: resources: there is no directory'),
        ({'main.py': '', 'r/é': ''}, MANIFEST + 'resources = "r"', 'rename the file'),
        ({'main.py': '', 'é.py': ''}, MANIFEST, 'a name is made of letters'),
        ({'main.py': '', f'{"a" * 100}/{"b" * 100}.py': ''}, MANIFEST,
         'the name has 201 characters, more than 200'),
        ({'main.py': '', f'r/{"a" * 200}/{"b" * 200}': ''}, MANIFEST + 'resources = "r"',
         'the name has 401 characters, more than 320'),
        ({'main.py': '', 'asyncio.py': ''}, MANIFEST, 'every image has a module "asyncio"'),
        ({'main.py': '', 'asyncio/mine.py': ''}, MANIFEST, 'every image has a module "asyncio.mine"'),
        ({'main.py': '', 'm.py': '', 'm/__init__.py': ''}, MANIFEST, 'are both the module "m"'),
        ({'main.py': '', 'gc.py': ''}, MANIFEST, '/gc.py: "gc" is a module of MicroPython'),
        ({'main.py': '', 'math/x.py': ''}, MANIFEST, 'math/x.py: "math" is a module of'),
        ({'main.py': '', 'a.b.py': ''}, MANIFEST, "module 'a.b.py': a name is made of letters"),
        ({'main.py': '', 'a b/c.py': ''}, MANIFEST, "module 'a b/c.py': a name is made of"),
    ]
    cases += [
        ({'main.py': ''}, MANIFEST + 'resources = "."',
         ':4: resources: "." has the entry, "main.py", in it'),
        ({'main/__init__.py': ''}, MANIFEST, ':3: entry: "main" is a package; name one of its'),
    ]
    for number, (files, manifest, expected) in enumerate(cases):
        bench.failed(bench.app(files, manifest, f'app{number}'), expected)
    bench.failed(bench.root / 'nowhere', 'nowhere: there is no such directory')
    (bench.root / 'empty').mkdir()
    bench.failed(bench.root / 'empty', 'empty/mpyd.toml: there is none; "mpyfreeze new DIR"')


def test_links_out_of_the_app(bench):
    bench.app({'text': 'a secret', 'd/x.py': ''}, name='outside')
    for number, (link, target, manifest) in enumerate((
            ('www/a', '../../outside/text', 'resources = "www"'),
            ('www', '../outside', 'modules = ["main.py"]\nresources = "www"'),
            ('www/a', 'a', 'resources = "www"'),
            ('b.py', '../outside/d/x.py', ''),
            ('p', '../outside/d', 'modules = ["main.py"]\npackages = ["p"]'))):
        app = bench.app({'main.py': ''}, MANIFEST + manifest, f'app{number}')
        (app / link).parent.mkdir(exist_ok=True)
        (app / link).symlink_to(target)
        bench.failed(app, 'is not a regular file' if target == 'a' else
                     'outside the app\'s directory; copy it there')
    app = bench.app({'main.py': '', 'a': 'x', 'www/b': ''}, MANIFEST + 'resources = "www"')
    (app / 'www/a').symlink_to('../a')
    (bench.root / 'link').symlink_to('app')
    bench.built(bench.root / 'link')
    tap.true('resource a 1' in bench.facts(), 'a link within the app')


IMPORTS = """import json, usys, _asyncio, asyncio.core, uasyncio, p.q, p
import nosuch
def f(): from p.nosuch import x; from p import y; from . import z
try:
    import absent
except (ValueError, ImportError):
    import absent.too
try:
    import json
except ImportError:
    import simplejson
try:
    import missing
except ValueError:
    pass
if TYPE_CHECKING:
    from typing import Any
else:
    import os.path
print("\\d")
"""


def test_imports_of_what_the_image_has_not(bench):
    done = bench.build(bench.app({'main.py': IMPORTS, 'p/q.py': '', 'new.py': 'print 1 if 0 else'}))
    tap.equal(done.returncode, 1, 'mpy-cross has the last word on syntax')
    done = bench.build(bench.app({'new.py': ''}))
    tap.equal((done.returncode, [line.partition('app/main.py:')[2].partition(' in the')[0]
                                 for line in done.stderr.splitlines()]),
              (0, [f'{line}: there is no module "{name}"' for line, name in (
                  (2, 'nosuch'), (3, 'p.nosuch'), (7, 'absent'), (13, 'missing'),
                  (19, 'os.path'))]), done.stderr)
    tap.true(done.stderr.startswith('mpyfreeze: warning: '), done.stderr)
    tap.true(bench.image.exists(), 'the image is made')


def test_sdk_missing(bench):
    app = bench.app({'main.py': ''})
    done = bench.freeze('build', app, '-o', bench.image, '--sdk', bench.root)
    tap.equal(done.returncode, 1)
    tap.true('sdk.json: No such file or directory; is' in done.stderr, done.stderr)


def test_sdk_of_a_later_system_is_one_line(bench):
    later = bench.root / 'later'
    shutil.copytree(bench.options.sdk, later)
    program = later / f'bin/mpy-cross-{platform.machine()}'
    program.unlink()
    program.write_text('#!/bin/sh\necho "libc.so.6: version GLIBC_2.99 not found" >&2\nexit 1\n')
    program.chmod(0o755)
    app = bench.app({'main.py': 'import other', 'other.py': ''})
    done = bench.freeze('build', app, '-o', bench.image, '--sdk', later)
    tap.equal((done.returncode, done.stderr),
              (1, f'mpyfreeze: {program} does not run here: libc.so.6: version GLIBC_2.99 not found; '
                  'take the SDK of this system\n'))


def test_compiler_missing(bench):
    (bench.root / 'bin').mkdir()
    (bench.root / 'bin/python3').symlink_to(sys.executable)
    done = bench.build(bench.app({'main.py': ''}), environment={'PATH': str(bench.root / 'bin')})
    tap.equal((done.returncode, done.stderr),
              (1, f'mpyfreeze: {platform.machine()}-linux-gnu-gcc: cannot be run; is it installed?\n'))


def test_usage(bench):
    version = re.search(r"version : '(.*?)'", (ROOT / 'meson.build').read_text())[1]
    first = rf'mpyfreeze {re.escape(version)} \(\S+\)\n'
    for place, rest in ((bench.options.sdk, r'image ABI \d+\nMicroPython [\d.]+\n'),
                        (bench.root, r'\S+: No such file or directory; is .* an SDK\?.*\n')):
        said = bench.freeze('--version', environment={'MPYD_SDK': str(place)}).stdout
        tap.true(re.fullmatch(first + rest, said), said)
    for arguments in (['--help'], ['build', '--help'], ['new', '--help']):
        done = bench.freeze(*arguments)
        tap.true(done.returncode == 0 and done.stdout.startswith('usage: mpyfreeze'), done.stdout)
    for arguments in ([], ['frob'], ['build'], ['build', 'x'], ['build', 'x', '-o', 'y', '--frob']):
        done = bench.freeze(*arguments)
        tap.true(done.returncode == 2 and 'usage: mpyfreeze' in done.stderr, done.stderr)


def test_facts(bench):
    manifest = MANIFEST + ('resources = "www"\n[memory]\nheap = "512K"\nstack = "32K"\n'
                           '[grants]\nlisten = ["tcp:8081"]\nconnect = ["tcp:*:*"]\n'
                           '[limits]\nlog_rate = 7\n')
    bench.built(bench.app({'main.py': 'x = 1\n', 'p/__init__.py': '', 'p/q-r.py': '', 'p/.h.py': '(',
                           'www/d/b': b'12345', 'www/a': b'', 'www/.hidden': b'',
                           'www/x.py': '(', 'test.txt': ''}, manifest))
    tap.equal(bench.facts(), [
        'name under-test', 'version 1', 'entry main', 'micropython 1.25.0', 'heap 524288',
        'stack 32768', 'arena 262144', 'handles 0', 'log_rate 7', 'listen tcp:8081',
        'connect tcp:*:*', 'module main 6', 'module p 0', 'module p.q-r 0', 'resource a 0',
        'resource d/b 5', 'resource x.py 1'])


def test_modules_and_packages(bench):
    files = {'main.py': '', 'other.py': '(', 'p/a.py': '', 'p/s/b.py': '', 'q/c.py': '', 'q/d.py': '('}
    bench.built(bench.app(files, MANIFEST + 'modules = ["main.py", "q/c.py"]\npackages = ["p"]\n'))
    tap.equal([line for line in bench.facts() if line.startswith('module')],
              ['module main 0', 'module p.a 0', 'module p.s.b 0', 'module q.c 0'])


def test_outside_of_the_image(bench):
    bench.built(bench.app({'main.py': '# a secret comment\nname_that_is_used = 1\n'}))
    segments = bench.readelf('-l', bench.image)
    tap.true('RWE' not in segments and 'INTERP' not in segments, segments)
    tap.equal(re.search(r'GNU_STACK.* (\w+) +0x', segments)[1], 'RW')
    dynamic = bench.readelf('-d', bench.image)
    tap.true('TEXTREL' not in dynamic and 'NEEDED' not in dynamic, dynamic)
    tap.true('BIND_NOW' in dynamic and 'PIE' in dynamic, dynamic)
    sections = bench.readelf('-S', bench.image)
    tap.true('.symtab' not in sections and '.debug' not in sections, sections)
    notes = re.findall(r'^  (\S+) +0x\w+\t', bench.readelf('-n', bench.image), re.MULTILINE)
    tap.equal(notes, ['mpyd'] * 5)
    data = bench.image.read_bytes()
    for text in (b'a secret comment', str(bench.root).encode(), b'GCC: '):
        tap.true(text not in data, f'{text!r} in the image')


def test_same_input_same_bytes(bench):
    files = {'main.py': 'import p.b\nprint(0.1, 1e300, "text", "\u00e9")\n', 'p/b.py': 'assert 1\n',
             'p/é/n.txt': '', 'www/x': b'x'}
    manifest = MANIFEST + 'resources = "www"\nmodules = ["main.py"]\npackages = ["p"]\n'
    first = bench.app(files, manifest, 'first')
    bench.built(first)
    names = sorted(path.name for path in bench.root.iterdir() if path.name.startswith('app.'))
    expected = {name: (bench.root / name).read_bytes() for name in names}
    tap.equal(names, ['app.map', 'app.mpyimg', 'app.mpysym', 'app.spdx.json'])
    second = bench.app(dict(reversed(files.items())), manifest, 'a/longer')
    os.utime(second / 'main.py', (0, 0))
    os.chmod(second / 'main.py', 0o700)
    old = os.umask(0o077)
    try:
        done = bench.build(second, '--keep', bench.root / 'kept', environment={
            'LC_ALL': 'C', 'TZ': 'Asia/Tokyo', 'HOME': str(bench.root / 'home'), 'PYTHONHASHSEED': '7',
            'TMPDIR': str(second), 'SOURCE_DATE_EPOCH': '1'})
    finally:
        os.umask(old)
    tap.equal((done.returncode, done.stderr), (0, ''))
    for name in names[:3]:
        tap.true((bench.root / name).read_bytes() == expected[name], f'{name}: the same bytes')
    tap.equal(bench.image.stat().st_mode & 0o777, 0o600, 'but for who may read it')
    tap.equal(bench.freeze('build', '.', '-o', 'here', '--sdk', bench.options.sdk,
                           cwd=second).returncode, 0)
    tap.true((second / 'here').read_bytes() == expected['app.mpyimg'], 'the same from within')


def test_same_bytes_wherever_the_sdk_is(bench):
    app = bench.app({'main.py': 'print(1)\n'})
    bench.built(app)
    data = bench.image.read_bytes()
    moved = bench.root / 'moved' / 'sdk'
    shutil.copytree(bench.options.sdk, moved)
    done = bench.freeze('build', app, '-o', bench.root / 'other.mpyimg', '--sdk', moved)
    tap.equal((done.returncode, done.stderr), (0, ''))
    tap.true((bench.root / 'other.mpyimg').read_bytes() == data, 'the same bytes')
    tap.equal((bench.root / 'other.map').read_text(), (bench.root / 'app.map').read_text())
    tool = subprocess.run(['gcc', '--version'], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.partition('\n')[0]
    tap.true(tool.encode() in data, 'what compiled it is told in its notes')


def test_memory_is_made_of_the_app(bench):
    def memory(files, manifest, name):
        done = bench.build(bench.app(files, MANIFEST + manifest, name), '-v')
        tap.equal(done.returncode, 0, done.stderr)
        line = next(line for line in done.stderr.splitlines() if 'memory: ' in line)
        sizes = [f'{line.split()[0]} {int(line.split()[1]) >> 10}K' for line in bench.facts()
                 if line.startswith(('heap ', 'stack ', 'arena '))]
        tap.equal(line.replace(' (computed)', ''), f'mpyfreeze: memory: {", ".join(sizes)}')
        return line.partition('memory: ')[2]

    tap.equal(memory({'main.py': ''}, '', 'small'),
              'heap 256K (computed), stack 64K (computed), arena 64K (computed)')
    tap.equal(memory({'main.py': ''}, '[grants]\nlisten = ["tcp:80"]\n[memory]\nheap = "16K"\n', 'net'),
              'heap 16K, stack 64K (computed), arena 256K (computed)')
    code = ''.join(f'def f{number}(): return {number}\n' for number in range(3000))
    tap.equal(memory({'main.py': code}, '', 'large').split(', ')[0], 'heap 576K (computed)')


def test_keep(bench):
    bench.built(bench.app({'main.py': ''}), '--keep', bench.root / 'kept')
    kept = bench.root / 'kept'
    tap.true((kept / 'frozen.c').is_file(), 'frozen.c')
    tap.true(' app_image\n' in bench.readelf('-s', kept / 'app.elf'), 'app.elf has its symbols')
    bench.image.write_bytes((kept / 'app.elf').read_bytes())
    tap.true('name under-test' in bench.facts(), 'app.elf is an image itself')


def test_image_is_replaced_whole_or_not_at_all(bench):
    app = bench.app({'main.py': ''})
    bench.image.write_bytes(b'old')
    with bench.image.open('rb') as old:
        bench.built(app)
        tap.equal(old.read(), b'old', 'who reads the old image')
    (app / 'main.py').write_text('(')
    data = bench.image.read_bytes()
    tap.equal(bench.build(app).returncode, 1)
    tap.true(bench.image.read_bytes() == data, 'the image stays where a build fails')
    tap.equal(sorted(os.listdir(bench.root)), ['app', 'app.map', 'app.mpyimg', 'app.mpysym',
                                               'app.spdx.json'],
              'nothing is left over')
    (app / 'main.py').write_text('')
    done = bench.freeze('build', app, '-o', bench.root / 'no' / 'x', '--sdk', bench.options.sdk)
    tap.true(done.returncode == 1 and 'no: cannot be written to' in done.stderr, done.stderr)


def test_new(bench):
    for name, arguments in (('my-App_2', []), ('other', ['--name', 'o']), ('9', []), ('mpyd', [])):
        done = bench.freeze('new', bench.root / name, *arguments)
        tap.equal((done.returncode, done.stderr), (0, ''), name)
        bench.built(bench.root / name)
        expected = {'my-App_2': 'my-app-2', 'other': 'o', '9': 'app', 'mpyd': 'app'}[name]
        tap.equal(bench.facts()[0], f'name {expected}')
        tap.true('listen tcp:127.0.0.1:8080' in bench.facts(), 'the grant')
    done = bench.freeze('new', bench.root / 'other')
    tap.true(done.returncode == 1 and 'other: is not empty' in done.stderr, done.stderr)
    done = bench.freeze('new', bench.root / 'x', '--name', 'No')
    tap.true(done.returncode == 1 and '--name "No"' in done.stderr, done.stderr)
    done = bench.freeze('new', bench.root / 'x', '--name', 'mpyd-a')
    tap.true(done.returncode == 1 and '"mpyd-a": is reserved' in done.stderr, done.stderr)
    tap.true(not (bench.root / 'x').exists(), 'nothing is made under a bad name')


def test_new_says_what_works(bench):
    tree = bench.root / 'a tree'
    for path in ('frozen/mpyfreeze', 'frozen/freezer'):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).symlink_to(ROOT / path)
    mpyd = tree / 'build/daemon/mpyd'
    mpyd.parent.mkdir(parents=True)
    mpyd.symlink_to(Path(bench.options.mpyd).resolve())
    (tree / 'bin').mkdir()
    (tree / 'bin/mpyfreeze').symlink_to(ROOT / 'frozen/mpyfreeze')
    for cwd, called, path, name, mpyfreeze, mpyd in (
            (tree / 'frozen', './mpyfreeze', '', 'b', './mpyfreeze', '../build/daemon/mpyd'),
            (tree, 'frozen/mpyfreeze', '', "a b'c", 'frozen/mpyfreeze', 'build/daemon/mpyd'),
            (tree, tree / 'frozen/mpyfreeze', '', 'ä', f"'{tree}/frozen/mpyfreeze'",
             f"'{tree}/build/daemon/mpyd'"),
            (tree, 'mpyfreeze', f'{tree}/bin:', '-x', 'mpyfreeze', f"'{tree}/build/daemon/mpyd'")):
        environment = {'PATH': path + os.environ['PATH'], 'MPYD_SDK': bench.options.sdk}
        done = subprocess.run(['sh', '-c', '"$0" new -- "$1"', called, name], cwd=cwd,
                              env=environment, stdout=subprocess.PIPE, text=True, check=True)
        _, test, build, run = done.stdout.splitlines()
        tap.true(test.startswith(f'    {mpyfreeze} test ') and run.startswith(f'    {mpyd} run ')
                 and build.startswith(f'    {mpyfreeze} build '), done.stdout)
        for line in (test, build):
            status = subprocess.run(['sh', '-c', line], cwd=cwd, env=environment, check=False,
                                    stdout=subprocess.DEVNULL).returncode
            tap.equal(status, 0, line)
        tap.true((cwd / run.split()[-1]).is_file(), 'the image that is run')
    done = bench.freeze('new', bench.root / 'no/app')
    tap.equal((done.returncode, done.stderr),
              (1, f'mpyfreeze: {bench.root}/no: there is no such directory; make it first\n'))


# What upstream's mpy-tool takes for one: names, strings, floats.
ODD_MODULES = {
    'a_b.py': 'where = "a_b"\ndef f(): return "a_b"\ndef f_prelude(): return 2\n',
    'a/b.py': 'import micropython\nwhere = "a.b"\n'
              '@micropython.native\ndef f(): return "a.b"\ndef f_prelude(): return 3\n',
    'a/b-c.py': 'where = "dash"\n',
    'a_b_c.py': 'where = "a_b_c"\n',
    'main.py': '''
import a_b, a.b, a_b_c, struct
print(a_b.where, a.b.where, a_b_c.where, __import__("a.b-c", None, None, ["x"]).where)
print(a_b.f(), a.b.f(), a_b.f_prelude(), a.b.f_prelude())
print("x y", "x_space_y", "<module>", "_lt_module_gt_", "x_space_y__2", "plus+", "plus_plus_")
for value in (0.1, 1e308, -0.0, 1e400, -1e400, 2.5e-300):
    print(struct.pack(">d", value).hex())
print(struct.pack(">d", (0.1 + 1j * 0.7).imag).hex())
print((1.5, "s", (b"b", None, 1 << 70)))
with open("/res/sub/text") as file:
    print(file.read())
with open("/res/big", "rb") as file:
    print(len(file.read()), __name__)
''',
    'www/sub/text': 'a resource', 'www/big': bytes(300), 'www/empty': b'',
}
ODD_OUTPUT = '''\
a_b a.b a_b_c dash
a_b a.b 2 3
x y x_space_y <module> _lt_module_gt_ x_space_y__2 plus+ plus_plus_
3fb999999999999a
7fe1ccf385ebc8a0
8000000000000000
7ff0000000000000
fff0000000000000
01bac9a7b3b7302f
3fe6666666666666
(1.5, 's', (b'b', None, 1180591620717411303424))
a resource
300 __main__'''


def test_odd_names_and_constants_run(bench):
    bench.built(bench.app(ODD_MODULES, MANIFEST + 'resources = "www"\n'))
    tap.equal(bench.said(), ODD_OUTPUT.splitlines())


def on_bench(options, functions):
    """The tests among FUNCTIONS, name and function, each on a bench of its own."""
    def benched(function):
        def run():
            with tempfile.TemporaryDirectory(prefix='mpyd-freeze-') as root:
                os.chmod(root, 0o755)  # the supervisor reads the image without privileges
                function(Bench(options, root))
        return run

    if not shutil.which('readelf'):
        raise SystemExit('readelf is missing: install binutils')
    return [(name.removeprefix('test_').replace('_', ' '), benched(function))
            for name, function in functions.items() if name.startswith('test_')]


def tests(options):
    return on_bench(options, globals())
