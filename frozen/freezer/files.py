# SPDX-License-Identifier: MIT
"""Reads the files that people name: nothing waits for a pipe, and nothing fills the memory."""

import os
import stat

from .errors import BuildError

MIB = 1 << 20


def _limit(most):
    return f'{most // MIB} MiB' if most >= MIB else f'{most} bytes'


def read(file, most, pipes=False):
    """The bytes of the regular FILE, of which there may be MOST. PIPES: it may be a pipe, too, into
    which somebody writes."""
    try:
        # To open a pipe would wait for its other end; to read it then waits if somebody is there.
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
        with open(descriptor, 'rb') as opened:
            mode = os.fstat(descriptor).st_mode
            if not (stat.S_ISREG(mode) or pipes and stat.S_ISFIFO(mode)):
                raise BuildError(f'{file}: cannot be read: is no regular file')
            os.set_blocking(descriptor, True)
            data = opened.read(most + 1)
    except OSError as error:
        raise BuildError(f'{file}: cannot be read: {error.strerror}') from None
    if len(data) > most:
        raise BuildError(f'{file}: cannot be read: is larger than {_limit(most)}')
    return data
