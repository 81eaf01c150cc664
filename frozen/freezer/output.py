# SPDX-License-Identifier: MIT
"""Writes a file whole or not at all: a running supervisor never sees half an image."""

import contextlib
import os
import stat
import tempfile

from .errors import BuildError


def place(file):
    """Where FILE is, whatever leads there: the file itself, not what it may be a link to."""
    return os.path.join(os.path.realpath(os.path.dirname(file)), os.path.basename(file))


def check(output, inputs=()):
    """Raises BuildError unless OUTPUT can be written: it is nothing yet or a regular file, and none
    of INPUTS, that it would destroy. Of a link nobody knows which end is meant."""
    if os.path.isdir(output):
        raise BuildError(f'{output}: is a directory; name a file')
    if os.path.lexists(output) and not stat.S_ISREG(os.lstat(output).st_mode):
        raise BuildError(f'{output}: is there already and no regular file; name another')
    for file in inputs:
        if place(output) in (place(file), os.path.realpath(file)):
            raise BuildError(f'{output}: would be written over what it is made of; name another file')


def write(output, data, mode=0o644):
    """DATA into the file OUTPUT, in place of what is there, with MODE as the umask leaves it."""
    check(output)
    directory = output.parent
    try:
        descriptor, name = tempfile.mkstemp(prefix=f'.{output.name}.', dir=directory)
    except OSError as error:
        raise BuildError(f'{directory}: cannot be written to: {error.strerror}') from None
    try:
        with os.fdopen(descriptor, 'wb') as file:
            file.write(data)
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(file.fileno(), mode & ~umask)
        os.rename(name, output)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise BuildError(f'{output}: cannot be written: {error.strerror}') from None
