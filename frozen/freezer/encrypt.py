# SPDX-License-Identifier: MIT
"""mpyfreeze encrypt: an image that nobody reads without the key."""

from pathlib import Path

from . import envelope, output
from .errors import BuildError
from .messages import say, warn_of_readers


def arguments(parser):
    parser.add_argument('image', metavar='IMAGE', type=Path, help='the image')
    parser.add_argument('-k', '--key', metavar='FILE', type=Path, required=True,
                        help='the key, made by "mpyfreeze keygen"')
    parser.add_argument('-o', '--output', metavar='FILE', type=Path, required=True,
                        help='the encrypted image to write')


def run(given):
    image = envelope.read_image(given.image)
    if image.startswith(envelope.MAGIC):
        raise BuildError(f'{given.image}: is encrypted already')
    key = envelope.read_key(given.key)
    warn_of_readers(given.key)
    output.check(given.output, (given.image, given.key))
    output.write(given.output, envelope.seal(image, key))
    say(f'{given.output}: encrypted with key {envelope.key_id(key)}')
