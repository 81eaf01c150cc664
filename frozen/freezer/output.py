# SPDX-License-Identifier: MIT
"""Writes a file whole or not at all: a running supervisor never sees half an image."""

import contextlib
import os
import tempfile

from .errors import BuildError


def write(output, data, mode=0o644):
    """DATA into the file OUTPUT, in place of what is there, with MODE as the umask leaves it."""
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
