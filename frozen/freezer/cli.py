# SPDX-License-Identifier: MIT
"""The command line. Exit status: 0 done, 1 the build failed, 2 wrong usage, 130 interrupted."""

import argparse
import os
import shlex
import shutil
import sys
from pathlib import Path

from . import build, new, sdk
from .errors import BuildError

EPILOG = '''\
An app is a directory with a manifest, mpyd.toml, and Python modules. "mpyfreeze new DIR" makes one
to start from; "mpyd run IMAGE" runs what "mpyfreeze build" makes of it.
'''


def _parser(version):
    parser = argparse.ArgumentParser(
        prog='mpyfreeze', description='Freezes a MicroPython app into one image for mpyd.',
        epilog=EPILOG, allow_abbrev=False)
    parser.add_argument('--version', action='version', version=f'mpyfreeze {version}')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND', required=True)

    command = commands.add_parser('build', allow_abbrev=False, help='freeze an app into an image',
                                  description='Freezes the app in DIR into IMAGE.')
    command.add_argument('directory', metavar='DIR', type=Path, help='the app: where mpyd.toml is')
    command.add_argument('-o', '--output', metavar='IMAGE', type=Path, required=True,
                         help='the image to write')
    command.add_argument('--sdk', metavar='SDK',
                         help=f'directory of the SDK (else ${sdk.VARIABLE}, else where it usually '
                         'is)')
    command.add_argument('--keep', metavar='DIR', type=Path,
                         help='keep what is made on the way here: frozen.c, app.elf with its '
                         'symbols ...')
    command.add_argument('-v', '--verbose', action='store_true', help='say what is being done')

    command = commands.add_parser('new', allow_abbrev=False, help='make a small working app',
                                  description='Makes a small working app in DIR, which must be '
                                  'empty or not there.')
    command.add_argument('directory', metavar='DIR', type=Path)
    command.add_argument('--name', metavar='NAME', help='of the app (default: made of DIR\'s)')
    return parser


def _warn(text):
    print(f'mpyfreeze: warning: {text}', file=sys.stderr)


def _build(arguments):
    def progress(text):
        if arguments.verbose:
            print(f'mpyfreeze: {text}', file=sys.stderr)

    app, size = build.build(sdk.load(arguments.sdk), arguments.directory, arguments.output,
                            _warn, arguments.keep, progress)
    progress(f'{arguments.output}: {app.name} {app.version}, {size} bytes')


def _command(name, places):
    """How a shell here calls the program NAME: as it is where PATH finds it, else where it is, the
    first of PLACES that there is."""
    file = next((place for place in places if place.is_file()), None)
    found = shutil.which(name)
    if not file or found and os.path.samefile(found, file):
        return name
    return shlex.quote(str(file) if len(file.parts) > 1 else f'./{file}')


def _new(arguments):
    directory = arguments.directory
    name = new.new(directory, arguments.name)
    here = Path(sys.argv[0])
    mpyfreeze = _command('mpyfreeze', [here])
    mpyd = _command('mpyd', [here.parent / 'mpyd',
                             Path(os.path.normpath(here.parent / '../build/daemon/mpyd'))])
    argument = shlex.quote(f'./{directory}' if str(directory).startswith('-') else str(directory))
    print(f'Made the app {name} in {directory}. Build it, run it:\n'
          f'    {mpyfreeze} build {argument} -o {name}.mpyimg\n'
          f'    {mpyd} run {name}.mpyimg')


def main(version):
    arguments = _parser(version).parse_args()
    try:
        {'build': _build, 'new': _new}[arguments.command](arguments)
    except BuildError as error:
        for line in str(error).splitlines():
            print(f'mpyfreeze: {line}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
