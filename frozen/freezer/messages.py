# SPDX-License-Identifier: MIT
"""What a command says beside its result: on standard error, with the program's name."""

import stat
import sys


def say(text):
    print(f'mpyfreeze: {text}', file=sys.stderr)


def warn(text):
    say(f'warning: {text}')


def warn_of_readers(file):
    """FILE has a secret key."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return
    if mode & stat.S_IROTH:
        warn(f'{file}: a secret key that everybody can read (mode {mode & 0o7777:04o})')
