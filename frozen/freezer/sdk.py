# SPDX-License-Identifier: MIT
"""The SDK: MicroPython's core as one object, and all that is needed to link apps with it."""

import json
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .errors import BuildError

FORMAT = 3  # of sdk.json, which vm/make-sdk writes
VARIABLE = 'MPYD_SDK'
HERE = Path(__file__).resolve().parent
# In order: as installed (PREFIX/share/mpyd/freezer, PREFIX/lib/mpyd/sdk), and in a source tree.
PLACES = (HERE.parents[2] / 'lib' / 'mpyd' / 'sdk', HERE.parents[1] / 'build' / 'sdk')


@dataclass
class Facts:
    abi: int                 # WIRE_ABI
    micropython: str         # version


@dataclass
class Sdk:
    root: Path
    arch: str                # of the images, as uname names it
    native: str              # what mpy-cross calls its machine code; None: there is no emitter
    micropython: str         # version
    abi: int                 # WIRE_ABI
    calls: list              # (number, signature), ascending
    call_names: dict         # GROUP.NAME of each number
    parts: list              # of every image: dicts of name, version, licence
    tools: list              # what compiles and links, the same bytes only with the same
    reach: dict              # what makes which calls: vm/reach.py
    frozen: Path             # modules that every image gets
    modules: list            # names of those that the virtual machine has itself
    first_modules: list      # of these, those that come before frozen ones of their names
    compiler: list           # with flags, as all below
    linker: list
    strip: str
    start_files: list
    libraries: list
    mpy_cross: list
    mpy_tool: Path
    mpy_tool_flags: list


def find(given):
    """Where it is."""
    if given or os.environ.get(VARIABLE):
        return Path(given or os.environ[VARIABLE])
    for place in PLACES:
        if (place / 'sdk.json').is_file():
            return place
    raise BuildError(f'no SDK: neither {" nor ".join(map(str, PLACES))} is one; name it with '
                     f'--sdk or {VARIABLE}')


def _first_line(command):
    try:
        done = subprocess.run([command, '--version'], stdout=subprocess.PIPE, text=True, check=True,
                              encoding='ascii', errors='replace',
                              env={**os.environ, 'LC_ALL': 'C'})
    except (OSError, subprocess.CalledProcessError):
        raise BuildError(f'{command}: cannot be run; is it installed?') from None
    return done.stdout.partition('\n')[0]


def _tools(settings):
    """The SDK's compiler, the one here and the linker here, each once."""
    return list(dict.fromkeys([settings['compiler'], _first_line(settings['tools'] + 'gcc'),
                               _first_line(settings['tools'] + 'ld')]))


def _compiler_headers(compiler):
    """The directory of the headers that COMPILER has itself."""
    done = subprocess.run([compiler, '-print-file-name=include'], stdout=subprocess.PIPE, text=True,
                          check=True)
    return done.stdout.strip()


def _settings(root):
    settings = json.loads((root / 'sdk.json').read_text())
    if settings['format'] != FORMAT:
        raise BuildError(f'{root}: an SDK of format {settings["format"]}, this mpyfreeze reads '
                         f'{FORMAT}; build both from the same source')
    return settings


def _abi(root):
    wire = (root / 'include' / 'call' / 'wire.h').read_text()
    return int(re.search(r'#define WIRE_ABI (\d+)', wire)[1])


def _read_facts(root):
    return Facts(abi=_abi(root), micropython=_settings(root)['micropython'])


def _check_runs(program):
    """A program of an SDK for a later system needs a later libc, and says so once for each module."""
    done = subprocess.run([program, '--version'], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, errors='replace', check=False)
    if done.returncode != 0:
        why = done.stderr.strip().partition('\n')[0] or f'ends with status {done.returncode}'
        raise BuildError(f'{program} does not run here: {why}; take the SDK of this system')


def _mpy_cross(root, settings):
    """The mpy-cross that runs here: bytecode is the same for all machines, so that one of this
    machine's own SDK does for another's."""
    name = f'bin/mpy-cross-{platform.machine()}'
    for place in (root, *PLACES):
        if (place / name).is_file() and (
                place == root or _settings(place)['micropython'] == settings['micropython']):
            _check_runs(place / name)
            return place / name
    raise BuildError(f'{root}: an SDK for {settings["arch"]}, whose mpy-cross does not run here; '
                     f'install an SDK of MicroPython {settings["micropython"]} for '
                     f'{platform.machine()} beside it')


def _read(root):
    settings = _settings(root)
    tools = _tools(settings)
    headers = _compiler_headers(settings['tools'] + 'gcc')

    def place(text):
        return text.replace('@SDK@', str(root)).replace('@GCC@', headers)

    def flags(name):
        return [place(flag) for flag in settings[name]]

    calls = json.loads(Path(place(settings['calls'])).read_text())
    return Sdk(
        root=root, arch=settings['arch'], native=settings['native'],
        micropython=settings['micropython'],
        abi=_abi(root),
        calls=sorted((call['number'], call['signature']) for call in calls),
        parts=settings['parts'], tools=tools,
        call_names={call['number']: call['name'] for call in calls}, reach=settings['reach'],
        frozen=Path(place(settings['frozen'])), modules=list(settings['modules']),
        first_modules=list(settings['first_modules']),
        compiler=[settings['tools'] + 'gcc', *flags('cflags')],
        linker=[settings['tools'] + 'gcc', *flags('ldflags')], strip=settings['tools'] + 'strip',
        start_files=flags('startfiles'), libraries=flags('libraries'),
        mpy_cross=[_mpy_cross(root, settings), *flags('mpy_cross_flags')],
        mpy_tool=Path(place(settings['mpy_tool'])), mpy_tool_flags=flags('mpy_tool_flags'))


def _reading(read, given):
    """What READ makes of the SDK at GIVEN, or where it usually is."""
    root = find(given).absolute()
    try:
        return read(root)
    except OSError as error:
        raise BuildError(f'{error.filename}: {error.strerror}; is {root} an SDK? '
                         'Name one with --sdk') from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildError(f'{root}: the description of the SDK is not of the form it must have '
                         f'({error!r}); build the SDK anew') from None


def load(given=None):
    """The SDK at GIVEN, or where it usually is."""
    return _reading(_read, given)


def facts():
    """What images of the SDK are, where it usually is: without a look at compilers."""
    return _reading(_read_facts, None)


def argument(parser):
    """The argument that names an SDK."""
    parser.add_argument('--sdk', metavar='SDK',
                        help=f'directory of the SDK (else ${VARIABLE}, else where it usually is)')
