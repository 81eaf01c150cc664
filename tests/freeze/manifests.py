# SPDX-License-Identifier: MIT
"""mpyd.toml: what is wrong is said with its line, and nothing wrong gets through."""

import subprocess
import tempfile
from pathlib import Path

import tap
from freezer import errors, grants, manifest, tomllines

HEAD = 'name = "a"\nversion = "1"\nentry = "main"\n'  # lines 1 to 3

# What follows HEAD (or, where it has a name itself, all of it), and what is said of it.
WRONG = [
    ('colour = 1', ':4: unknown key "colour"; known are name, version'),
    ('"a\\nb" = 1', ':4: unknown key "a\\nb"'),
    ('[memory]\nhaep = "1M"', ':5: unknown key "memory.haep"; known are heap, stack, arena'),
    ('[grants]\n[grants.listen]', ':5: grants.listen: must be an array of strings'),
    ('[memory]\nheap = 1048576', ':5: memory.heap: must be a string'),
    ('[memory]\nheap = "1X"', ':5: memory.heap: "1X" is no size'),
    ('[memory]\nheap = "-1M"', ':5: memory.heap: "-1M" is no size'),
    ('[memory]\nheap = ""', ':5: memory.heap: "" is no size'),
    ('[memory]\nheap = "1G"', ':5: memory.heap: "1G" is outside 16K to 512M'),
    ('[memory]\n\n\nstack = "8K"', ':7: memory.stack: "8K" is outside 16K to 4M'),
    ('[memory]\narena = "65537"', ':5: memory.arena: "65537" is no multiple of 4K'),
    ('memory = 1', ':4: memory: must be a table'),
    ('modules = "main.py"', ':4: modules: must be an array of strings'),
    ('modules = [\n"main.py",\n7]', ':6: modules: must be a string'),
    ('modules = ["../main.py"]', ':4: modules: "../main.py" is not a path inside'),
    ('modules = ["/main.py"]', ':4: modules: "/main.py" is not a path inside'),
    ('modules = ["a.py",\n"a.py"]', ':5: modules: "a.py" stands there twice'),
    ('resources = 1', ':4: resources: must be a string'),
    ('arguments = "-v"', ':4: arguments: must be an array of strings'),
    ('arguments = ["-v",\n"\u00e9"]', ':5: arguments: "\u00e9" is not of at most 256 printable'),
    ('[grants]\nlisten = [\n  "tcp:80",  # ["\n  "tpc:80",\n]',
     ':7: grants.listen: "tpc:80": a grant begins with tcp: or udp:'),
    ('[grants]\nconnect = ["tcp:a b:80"]', ':5: grants.connect: "tcp:a b:80": "a b" is neither'),
    ('[grants]\ncredentials = ["a/b"]',
     ':5: grants.credentials: "a/b" is not of the form db-password: 1 to 64 letters'),
    ('[grants]\nfiles = ["/dev/mem"]', ':5: grants.files: "/dev/mem" is not of the form calibration'),
    ('[grants]\nfiles = ["serial:w"]', ':5: grants.files: "serial:w" is not of the form'),
    ('[grants]\nfiles = ["map", "map:rw"]', ':5: grants.files: "map" stands there twice'),
    ('[grants]\ncredentials = ["image-key"]', ':5: grants.credentials: "image-key" is not of the form'),
    ('[grants]\ncredentials = ["' + 65 * 'a' + '"]', ':5: grants.credentials: "aaa'),
    ('[grants]\nstorage = 4096', ':5: grants.storage: must be a string'),
    ('[grants]\nstorage = "1T"', ':5: grants.storage: "1T" is no size; write digits and K, M or G'),
    ('[grants]\nstorage = "0"', ':5: grants.storage: "0" is outside 4K to 1024G'),
    ('[grants]\nstorage = "1025G"', ':5: grants.storage: "1025G" is outside'),
    ('[grants]\nstorage = "5000"', ':5: grants.storage: "5000" is no multiple of 4K'),
    ('description = ""', ':4: description: "" is not one line of at most 80 characters'),
    ('description = "a\\nb"', ':4: description: "a\\nb" is not one line'),
    ('boot = "first.py"', ':4: boot: "first.py" is a file; name the module, "first"'),
    ('[limits]\nhandles = 1025', ':5: limits.handles: 1025 is outside 1 to 1024'),
    ('[limits]\nhandles = true', ':5: limits.handles: must be an integer'),
    ('[limits]\nlog_rate = 1.5', ':5: limits.log_rate: must be an integer'),
    ('[health]\nready = 20', ':5: health.ready: must be a string'),
    ('[health]\nready = "20"', ':5: health.ready: "20" is no time span'),
    ('[health]\nready = "2h"', ':5: health.ready: "2h" is outside 100ms to 1h'),
    ('[health]\nheartbeat = "99ms"', ':5: health.heartbeat: "99ms" is outside 100ms to 1h'),
    ('[health]\npulse = "1s"', ':5: unknown key "health.pulse"'),
    ('counter = -1', ':4: counter: -1 is outside 0 to 4294967295'),
    ('counter = 4294967296', ':4: counter: 4294967296 is outside'),
    ('counter = "3"', ':4: counter: must be an integer'),
    ('x = "', ':4: '),
    ('name = "b"', ':4: Cannot overwrite a value'),
    ('version = "1"\nentry = "main"', ':1: no key "name"'),
    ('name = "A"\nversion = "1"\nentry = "main"', ':1: name: "A" is not of the form'),
    ('name = "abcdefghijklmnopqrstuvwxyz0"\nversion = "1"\nentry = "main"', ':1: name: '),
    ('name = "mpyd"\nversion = "1"\nentry = "main"', ':1: name: "mpyd" is reserved'),
    ('name = "mpyd-a"\nversion = "1"\nentry = "main"', ':1: name: "mpyd-a" is reserved'),
    ('name = "mpyctl"\nversion = "1"\nentry = "main"', ':1: name: "mpyctl" is reserved'),
    ('name = "mpyfreeze"\nversion = "1"\nentry = "main"', ':1: name: "mpyfreeze" is reserved'),
    ('name = "image"\nversion = "1"\nentry = "main"', ':1: name: "image" is reserved'),
    ('name = "a"\nversion = 1\nentry = "main"', ':2: version: must be a string'),
    ('name = "a"\nversion = "a b"\nentry = "main"', ':2: version: "a b" is not of the form'),
    ('modules = []', ':4: modules: is empty'),
    ('modules = []\npackages = []', ':4: modules: is empty'),
    ('\npackages = []', ':5: packages: is empty'),
    ('name = "a"\nversion = "1"\nentry = "p/main.py"', ':3: entry: "p/main.py" is a file; name '
     'the module, "p.main"'),
    ('name = "a"\nversion = "1"\nentry = "main.py/"', ':3: entry: "main.py/" is not of the form'),
]


def read(text):
    with tempfile.TemporaryDirectory() as directory:
        Path(directory, 'mpyd.toml').write_bytes(text)
        return manifest.read(directory)


def problems(text):
    try:
        read(text)
    except errors.BuildError as error:
        return str(error).splitlines()
    return []


def test_wrong_manifests():
    for text, expected in WRONG:
        whole = text if 'version =' in text else HEAD + text
        found = problems(whole.encode())
        tap.true(any('mpyd.toml' + expected in line for line in found),
                 f'{whole!r}: no line has {expected!r}: {found}')


def test_every_mistake_is_reported():
    found = problems((HEAD + 'x = 1\n[memory]\nheap = "y"\n[limits]\nz = 1\n').encode())
    tap.equal([line.split(':')[1] for line in found], ['4', '6', '8'])


def test_foreign_bytes():
    tap.true(problems(b'name = "a"\nversion = "\xff"\n')[0].endswith(':2: is not UTF-8'), 'line 2')
    tap.equal(problems((HEAD + 'x = "\x01"').encode())[0].split(':')[1], '4')
    tap.equal(read(b'\xef\xbb\xbf' + HEAD.encode()).name, 'a')


def test_defaults():
    app = read(HEAD.encode())
    tap.equal(app.memory, {}, 'what is made of the app')
    tap.equal((app.grants, app.limits), ({'listen': [], 'connect': []}, {}))
    tap.equal((app.modules, app.packages, app.resources), ([], [], ''))


def test_every_key():
    app = read(HEAD.encode() + b'modules = ["./main.py"]\r\npackages = ["p"]\r\nresources = "www"\n'
               b'boot = "p.first"\ndescription = "takes readings"\nmemory.heap = "1M"\n[grants]\nlisten = ["tcp:80"]\n'
               b'credentials = ["db.password"]\nfiles = ["map", "serial:rw"]\n[limits]\nhandles = 5\n'
               b'[health]\nready = "2min"\nheartbeat = "500ms"\n')
    tap.equal((app.modules, app.packages, app.resources), (['main.py'], ['p'], 'www'))
    tap.equal((app.memory['heap'], app.grants['listen'], app.limits), (1 << 20, ['tcp:80'],
                                                                       {'handles': 5}))
    tap.equal((app.boot, app.grants['credentials']), ('p.first', ['db.password']))
    tap.equal(app.description, 'takes readings')
    tap.equal(app.grants['files'], ['map', 'serial:rw'])
    tap.equal(app.health, {'ready': 120000, 'heartbeat': 500})


def test_lines_of_every_form():
    text = ('# [x]\na = """\n[not]\n"""""\n\'b\'."c d" = [ # [\n 1, [2,\n 3], {d = "]",\n'
            '  e = [4]},\n]\n[t.u]\nf = \'\\\'\n[[g]]\nh = 1979-05-27 07:32:00\n[[g]]\nh = 2\n')
    lines = tomllines.find_lines(text)
    expected = {('a',): 2, ('b',): 5, ('b', 'c d'): 5, ('b', 'c d', 0): 6, ('b', 'c d', 1): 6,
                ('b', 'c d', 1, 1): 7, ('b', 'c d', 2): 7, ('b', 'c d', 2, 'e'): 8,
                ('t', 'u'): 10, ('t', 'u', 'f'): 11, ('g',): 12, ('g', 'h'): 13}
    for path, line in expected.items():
        tap.equal(lines.get(path), line, f'line of {path}')


def is_grant(direction, text):
    try:
        grants.check_grant(direction, text)
    except grants.GrantError:
        return False
    return True


def test_grants_as_the_supervisor_sees_them(reader):
    for line in Path(__file__).with_name('grants.txt').read_text().splitlines():
        if line.startswith('#'):
            continue
        expected, direction, text = line.split(' ', 2)
        tap.equal(is_grant(direction, text), expected == 'yes', f'mpyfreeze on {text}')
        done = subprocess.run([reader, 'grant', direction, text], stdout=subprocess.PIPE, text=True,
                              check=False)
        tap.equal(done.returncode == 0, expected == 'yes', f'mpyd on {text} ({done.stdout})')


def tests(options):
    return [
        ('wrong manifests are refused with the line', test_wrong_manifests),
        ('every mistake is reported', test_every_mistake_is_reported),
        ('foreign bytes are refused with the line', test_foreign_bytes),
        ('what is not given has a default', test_defaults),
        ('every key is read', test_every_key),
        ('lines are found in every form of TOML', test_lines_of_every_form),
        ('grants are what the supervisor takes',
         lambda: test_grants_as_the_supervisor_sees_them(options.reader)),
    ]
