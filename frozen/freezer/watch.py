# SPDX-License-Identifier: MIT
"""Builds again whenever a file of the app changes.

Looking at every file some times a second costs next to nothing for an app's directory, works on every
file system, and needs nothing of the machine.
"""

import os
import time
from pathlib import Path

from .errors import BuildError
from .messages import say

PERIOD = 0.25  # seconds


def _state(directory, written):
    """What tells one state of the files below DIRECTORY from another, but for those WRITTEN by the
    build and hidden ones."""
    state = {}
    for parent, directories, files in os.walk(directory):
        directories[:] = [name for name in directories
                          if not name.startswith('.') and name != '__pycache__'
                          and os.path.realpath(os.path.join(parent, name)) not in written]
        for name in files:
            file = os.path.join(parent, name)
            if name.startswith('.') or os.path.realpath(file) in written:
                continue
            try:
                status = os.stat(file)
            except OSError:
                continue  # it went meanwhile, or is a link to nowhere
            state[file] = (status.st_mtime_ns, status.st_size, status.st_ino)
    return state


def _settled(directory, written, old):
    """The state of DIRECTORY once it is not OLD and has not changed for a period: an editor or a
    checkout writes more than one file."""
    before = old
    while True:
        time.sleep(PERIOD)
        now = _state(directory, written)
        if now == before and now != old:
            return now
        before = now


def _build_once(directory, build):
    start = time.monotonic()
    try:
        text = build()
    except BuildError as error:
        for line in str(error).splitlines():
            say(line)
        say(f'not built; waiting for a change in {directory}')
        return
    say(f'{text}, in {time.monotonic() - start:.1f} s; waiting for a change in {directory}')


def watch(directory, written, build):
    """Calls BUILD, and again after each change in DIRECTORY, until interrupted. WRITTEN: the files
    and directories that it writes. It returns a line about what it made, or raises BuildError."""
    written = {os.path.realpath(file) for file in written}
    while True:
        state = _state(directory, written)  # what changes during the build comes after it
        _build_once(Path(directory), build)
        _settled(directory, written, state)
