# SPDX-License-Identifier: MIT
"""mpyfreeze keygen: a key for images that are encrypted."""

import os
import secrets
from pathlib import Path

from . import envelope
from .errors import BuildError
from .messages import say


def arguments(parser):
    parser.add_argument('file', metavar='FILE', type=Path, help='where to write it; must not exist')


def run(given):
    key = secrets.token_bytes(envelope.KEY_SIZE)
    try:
        # A key that is overwritten takes all that was encrypted with it along.
        descriptor = os.open(given.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, 'wb') as file:
            file.write(envelope.key_text(key))
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise BuildError(f'{given.file}: is there already, and keys are not overwritten') from None
    except OSError as error:
        raise BuildError(f'{given.file}: cannot be written: {error.strerror}') from None
    say(f'{given.file}: key {envelope.key_id(key)}')
