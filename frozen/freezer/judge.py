# SPDX-License-Identifier: MIT
"""The mpyd of this machine: runs tests, and judges what goes to others."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from . import manifest
from .errors import BuildError, RefusedError
from .messages import warn

MACHINES = {'x86_64': 62, 'aarch64': 183}  # of uname: e_machine of ELF
REFUSED = (3, 4)                           # exit statuses of mpyd: the image, the configuration


def find(root):
    """The program: beside this one, where the SDK in ROOT (None: there is none) was built, or on PATH;
    None: nowhere."""
    for place in (Path(sys.argv[0]).parent / 'mpyd', root and root.parent / 'daemon' / 'mpyd'):
        if place and place.is_file() and os.access(place, os.X_OK):
            return str(place.absolute())
    return 'mpyd' if shutil.which('mpyd') else None


def check_name(what, name):
    """Refuses the NAME of an app in the image WHAT that no machine takes."""
    if manifest.is_reserved(name):
        raise RefusedError(f'{what}: its app is called "{name}", which is reserved; mpyd refuses it')


def _ask(program, words, work):
    """Why mpyd refuses what is in WORK, by its exit status or in its answer; '': it does not."""
    done = subprocess.run([program, 'config', *words], cwd=work, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors='replace', check=False)
    if done.returncode in REFUSED and done.stderr:
        return done.stderr.splitlines()[-1].removeprefix('mpyd: ')
    try:
        return json.loads(done.stdout)['refused'] or ''
    except (KeyError, TypeError, ValueError):
        raise BuildError(f'{program}: does not judge configurations: status {done.returncode}, '
                         f'{done.stderr.strip()[:200]!a}') from None


def check_config(file, text, image, root):
    """Refuses the configuration TEXT of FILE that mpyd would refuse with IMAGE, a deb.Image; by itself
    if that is for another machine. ROOT is of find()."""
    program, app = find(root), image.about['name']
    words = [app, '--config', f'{app}.conf']
    if not program:
        warn(f'{file}: not judged, there is no mpyd here')
        return
    with tempfile.TemporaryDirectory(prefix='mpyfreeze-') as name:
        work = Path(name)
        (work / f'{app}.conf').write_bytes(text)
        if MACHINES.get(platform.machine()) == image.target[1]:
            (work / f'{app}.mpyimg').write_bytes(image.data)
            words += ['--image', f'{app}.mpyimg']
        try:
            why = _ask(program, words, work)
        except OSError as error:
            warn(f'{file}: not judged, {program} cannot be run: {error.strerror}')
            return
    if why:
        raise RefusedError(why.replace(f'{app}.conf', str(file), 1))
