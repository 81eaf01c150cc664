# SPDX-License-Identifier: MIT
"""mpyfreeze sign: a signature beside an image, as minisign -S makes it."""

import getpass
import sys
from pathlib import Path

from . import envelope, epoch, files, minisign, output
from .errors import BuildError
from .messages import say, warn_of_readers

SUFFIX = '.minisig'
PASSWORD_FILE_MAX = 4096  # bytes


def password(file):
    """That of a key: the first line of FILE or, if that is None, as somebody types it."""
    if file is not None:
        return files.read(file, PASSWORD_FILE_MAX, pipes=True).split(b'\n')[0]
    if not sys.stdin.isatty():
        raise BuildError('the key has a password and there is no terminal to ask for it; '
                         'name a file that has it with --password-file')
    return getpass.getpass('Password of the key: ').encode()


def _comment(image):
    """As minisign writes it where none is given."""
    return f'timestamp:{epoch.now()}  file:{image.name}  hashed'


def arguments(parser):
    parser.add_argument('image', metavar='IMAGE', type=Path, help='the image, encrypted or not')
    parser.add_argument('-k', '--key', metavar='FILE', type=Path, required=True,
                        help='the secret key, made by "minisign -G"')
    parser.add_argument('-c', '--comment', metavar='TEXT',
                        help='what is signed together with the image and shown when it starts')
    parser.add_argument('-p', '--password-file', metavar='FILE', type=Path,
                        help='its first line is the password of the key; otherwise it is asked for')


def run(given):
    data = envelope.read_image(given.image)
    key = minisign.read_secret_key(given.key, lambda: password(given.password_file))
    warn_of_readers(given.key)
    comment = _comment(given.image) if given.comment is None else given.comment
    signature = given.image.with_name(given.image.name + SUFFIX)
    output.check(signature, (given.key,))
    output.write(signature, minisign.sign(key, data, comment))
    say(f'{signature}: signed with key {key.id}')
