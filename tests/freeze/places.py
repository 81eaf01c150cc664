# SPDX-License-Identifier: MIT
"""Sources in the wrong place, or not whole: said in one line, before anything is built."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import tap

ROOT = Path(__file__).resolve().parents[2]
PARTS = ('py/mpconfig.h', 'py/mkrules.mk', 'extmod/asyncio/core.py', 'mpy-cross/Makefile',
         'tools/mpy-tool.py')


def said(command, **environment):
    """The one line on standard error of a command that fails."""
    done = subprocess.run([str(word) for word in command], env={'PATH': os.environ['PATH'], **environment},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False)
    tap.equal((done.returncode, done.stdout, done.stderr.count('\n')), (1, '', 1), done.stderr)
    return done.stderr


def source_tree(root, minor):
    for part in PARTS:
        file = root / part
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('')
    (root / 'py/mpconfig.h').write_text(
        '#define MICROPY_VERSION_MAJOR 1\n'
        f'#define MICROPY_VERSION_MINOR {minor}\n#define MICROPY_VERSION_MICRO 0\n')


def fetch(directory):
    return said([ROOT / 'tools/fetch-micropython'], MICROPYTHON_SRC=str(directory))


def test_micropython_source_is_whole(root):
    source_tree(root / 'mp', 25)
    done = subprocess.run([ROOT / 'tools/fetch-micropython'], env={
        'PATH': os.environ['PATH'], 'MICROPYTHON_SRC': str(root / 'mp')},
        stdout=subprocess.PIPE, text=True, check=False)
    tap.equal((done.returncode, done.stdout), (0, f'{root}/mp\n'), 'a whole tree')
    for part in PARTS:
        (root / 'mp' / part).rename(root / 'away')
        tap.true(f'has no {part}; MicroPython 1.25.0 is needed' in fetch(root / 'mp'), part)
        (root / 'away').rename(root / 'mp' / part)
    tap.true('is no directory' in fetch(root / 'nowhere'), 'no directory')


def test_micropython_source_of_another_version(root):
    source_tree(root / 'mp', 26)
    tap.true('is MicroPython 1.26.0; MicroPython 1.25.0 is needed' in fetch(root / 'mp'), '1.26.0')
    (root / 'mp/py/mpconfig.h').write_text('')
    tap.true('of no version; MicroPython 1.25.0' in fetch(root / 'mp'), 'no version')


def test_micropython_source_in_a_path_with_a_space(root):
    source_tree(root / 'm p', 25)
    tap.true(f'cannot build from "{root}/m p"' in fetch(root / 'm p'), 'a space')


def test_cache_that_cannot_be_made(root):
    (root / 'file').write_text('')
    line = said([ROOT / 'tools/fetch-micropython'], MPYD_CACHE=str(root / 'file/cache'))
    tap.true(line.endswith('cannot be made or written to; name another directory in MPYD_CACHE\n'),
             line)


def test_two_that_fetch_wait_for_each_other(root):
    """What came meanwhile is taken, not replaced under a build that reads it."""
    sha256 = re.search('^sha256=(.*)$', (ROOT / 'tools/fetch-micropython').read_text(), re.M)[1]
    source = root / 'micropython-1.25.0+ds'
    with open(root / 'fetch.lock', 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen([ROOT / 'tools/fetch-micropython'], text=True,
                                  env={'PATH': os.environ['PATH'], 'MPYD_CACHE': str(root)},
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        tap.true('waiting for another' in second.stderr.readline(), 'it waits')
        source.mkdir()
        (source / '.complete').write_text(sha256 + '\n')
    tap.equal(second.communicate(timeout=60), (f'{source}\n', ''), 'what came meanwhile')


def test_checkout_in_a_path_with_a_space(root):
    checkout = root / 'a b'
    shutil.copytree(ROOT / 'tools', checkout / 'tools')
    for name in ('run', 'check'):
        shutil.copy(ROOT / name, checkout / name)
        line = said([checkout / name, '--no-install'])
        tap.true(line.startswith(f'{name}: make cannot build in "{checkout}"'), line)
    line = said([ROOT / 'vm/make-sdk', '--build', root / 'a b', '--generated', root, '--sdk', root])
    tap.true(line.startswith(f'make-sdk: make cannot build in "{checkout}"'), line)


def test_wrong_ports(_):
    for arguments in (['--port='], ['--port', ''], ['--port=80'], ['--port', '80800']):
        tap.true('is granted ports 8080 to 8099' in said([ROOT / 'run', *arguments]), arguments)


def tests(_):
    def in_directory(function):
        def run():
            with tempfile.TemporaryDirectory(prefix='mpyd-places-') as root:
                function(Path(os.path.realpath(root)))
        return run

    return [(name.removeprefix('test_').replace('_', ' '), in_directory(function))
            for name, function in globals().items() if name.startswith('test_')]
