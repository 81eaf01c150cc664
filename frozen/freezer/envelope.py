# SPDX-License-Identifier: MIT
"""The envelope of an encrypted image, and its key: what image/envelope.h has."""

import base64
import binascii
import hashlib
import struct

from . import files, notes, sodium
from .errors import BuildError

HEADER = struct.Struct('<8sII8s')  # struct envelope_header but for the stream's own
MAGIC = b'MPYDENC\0'
FORMAT = 1
CHUNK = 64 << 10
KEY_START = b'mpyd-image-key:'
KEY_SIZE = 32
KEY_FILE_MAX = 256       # ENVELOPE_KEY_FILE_SIZE_MAX of image/envelope.h
FILE_MAX = 65 << 20      # ENVELOPE_SIZE_MAX there
KEY_PURPOSE = b'mpyd image key id'


def read_image(file):
    """The bytes of FILE, which is an image or begins like an envelope of one."""
    data = files.read(file, FILE_MAX)
    if not data.startswith(MAGIC) and not notes.is_image(data):
        raise BuildError(f'{file}: is no image; "mpyfreeze build" makes one')
    return data


def key_number(key):
    return hashlib.blake2b(KEY_PURPOSE, key=key, digest_size=16).digest()[:8]


def key_id(key):
    return f'{int.from_bytes(key_number(key), "little"):016X}'


def key_text(key):
    return KEY_START + base64.b64encode(key) + b'\n'


def read_key(file):
    """The key in FILE, which can be a pipe."""
    text = files.read(file, KEY_FILE_MAX, pipes=True)
    try:
        key = base64.b64decode(text.removeprefix(KEY_START).removesuffix(b'\n'), validate=True)
    except binascii.Error:
        key = b''
    if not text.startswith(KEY_START) or len(key) != KEY_SIZE:
        raise BuildError(f'{file}: is no key for images; "mpyfreeze keygen" makes one')
    return key


def seal(image, key):
    """IMAGE in an envelope that KEY opens. No two are the same, even of the same image."""
    bindings = sodium.load()
    state = bindings.crypto_secretstream_xchacha20poly1305_state()
    start = bindings.crypto_secretstream_xchacha20poly1305_init_push(state, key)
    header = HEADER.pack(MAGIC, FORMAT, CHUNK, key_number(key))
    parts = [header, start]
    for at in range(0, len(image), CHUNK):
        is_last = at + CHUNK >= len(image)
        tag = (bindings.crypto_secretstream_xchacha20poly1305_TAG_FINAL if is_last else
               bindings.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE)
        parts.append(bindings.crypto_secretstream_xchacha20poly1305_push(
            state, image[at:at + CHUNK], header, tag))
    return b''.join(parts)
