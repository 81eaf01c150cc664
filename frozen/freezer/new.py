# SPDX-License-Identifier: MIT
"""Makes a small working app to start from."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from .errors import BuildError
from .manifest import NAME, is_reserved

TEMPLATE = Path(__file__).resolve().parent / 'template'
FILES = ('mpyd.toml', 'main.py', 'tests/test_main.py')


def _name_for(directory):
    """An app name made of the directory's."""
    name = re.sub(r'[^a-z0-9]+', '-', directory.absolute().name.lower())
    name = re.sub(r'^[^a-z]+', '', name)[:26].rstrip('-')
    return 'app' if not name or is_reserved(name) else name


def new(directory, name=None):
    """Makes the app NAME in DIRECTORY, which must be empty or not there. Returns the name."""
    name = name or _name_for(directory)
    if not NAME.fullmatch(name):
        raise BuildError(f'--name "{name}": an app\'s name is of the form {NAME.pattern}')
    if is_reserved(name):
        raise BuildError(f'--name "{name}": is reserved')
    try:
        directory.mkdir(exist_ok=True)
        if any(directory.iterdir()):
            raise BuildError(f'{directory}: is not empty; name a new directory')
        for file in FILES:
            text = (TEMPLATE / file).read_text().replace('@NAME@', name)
            (directory / file).parent.mkdir(exist_ok=True)
            (directory / file).write_text(text)
    except FileNotFoundError as error:
        if directory.parent.is_dir():
            raise BuildError(f'{error.filename}: {error.strerror}') from None
        raise BuildError(f'{directory.parent}: there is no such directory; make it first') from None
    except OSError as error:
        raise BuildError(f'{error.filename or directory}: {error.strerror}') from None
    return name


def _command(name, places):
    """How a shell here calls the program NAME: as it is where PATH finds it, else where it is, the
    first of PLACES that there is."""
    file = next((place for place in places if place.is_file()), None)
    found = shutil.which(name)
    if not file or found and os.path.samefile(found, file):
        return name
    return shlex.quote(str(file) if len(file.parts) > 1 else f'./{file}')


def arguments(parser):
    parser.add_argument('directory', metavar='DIR', type=Path)
    parser.add_argument('--name', metavar='NAME', help='of the app (default: made of DIR\'s)')


def run(given):
    directory = given.directory
    name = new(directory, given.name)
    here = Path(sys.argv[0])
    mpyfreeze = _command('mpyfreeze', [here])
    mpyd = _command('mpyd', [here.parent / 'mpyd',
                             Path(os.path.normpath(here.parent / '../build/daemon/mpyd'))])
    argument = shlex.quote(f'./{directory}' if str(directory).startswith('-') else str(directory))
    print(f'Made the app {name} in {directory}. Test it, build it, run it:\n'
          f'    {mpyfreeze} test {argument}\n'
          f'    {mpyfreeze} build {argument} -o {name}.mpyimg\n'
          f'    {mpyd} run --unsigned {name}.mpyimg')
