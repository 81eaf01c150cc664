# SPDX-License-Identifier: MIT
"""Secret keys and signatures as minisign(1) has them: https://jedisct1.github.io/minisign/"""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from . import files, sodium
from .errors import BuildError

FILE_MAX = 4096                              # bytes of a file with a key
SECRET = struct.Struct('<2s2s2s32sQQ104s')   # algorithms, salt, limits, what is encrypted
INNER = struct.Struct('<8s64s32s')           # number, key, checksum
SIGN, HASHED, SCRYPT, BLAKE2B, NONE = b'Ed', b'ED', b'Sc', b'B2', b'\0\0'
MEMORY_MAX = 2 << 30                         # bytes that the file may have a password cost
COMMENT_MAX = 8191                           # bytes of a trusted comment


PUBLIC = struct.Struct('<2s8s32s')           # algorithm, number, key
SIGNATURE = struct.Struct('<2s8s64s')


def _id(number):
    """As minisign writes it."""
    return f'{int.from_bytes(number, "little"):X}'


@dataclass
class PublicKey:
    number: bytes
    public: bytes

    @property
    def id(self):
        return _id(self.number)

    @property
    def text(self):
        """The second line of its file."""
        return base64.b64encode(PUBLIC.pack(SIGN, self.number, self.public)).decode()


@dataclass
class SecretKey:
    number: bytes
    secret: bytes

    @property
    def id(self):
        return _id(self.number)

    @property
    def public(self):
        return PublicKey(self.number, self.secret[32:])


def _decode(file, text):
    lines = text.splitlines()
    if len(lines) < 2 or not lines[0].startswith('untrusted comment: '):
        raise BuildError(f'{file}: is no secret key of minisign')
    try:
        packed = base64.b64decode(lines[1], validate=True)
    except binascii.Error:
        packed = b''
    if len(packed) != SECRET.size:
        raise BuildError(f'{file}:2: is no secret key of minisign')
    return SECRET.unpack(packed)


def _unpack(form, line):
    """The fields of a LINE in base64, or None."""
    try:
        packed = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return None
    return form.unpack(packed) if len(packed) == form.size else None


def read_public_key(file):
    """The key in FILE, of minisign or that line of it alone."""
    lines = files.read(file, FILE_MAX).decode('ascii', 'replace').splitlines() or ['']
    fields = _unpack(PUBLIC, lines[-1])
    if not fields or fields[0] != SIGN:
        raise BuildError(f'{file}: is no public key of minisign')
    return PublicKey(*fields[1:])


def _stream(password, salt, operations, memory):
    """What the key is encrypted with, made from PASSWORD as libsodium makes it."""
    bindings = sodium.load()
    log_n, r, p = bindings.nacl_bindings_pick_scrypt_params(operations, memory)
    return bindings.crypto_pwhash_scryptsalsa208sha256_ll(
        password, salt, 1 << log_n, r, p, dklen=INNER.size, maxmem=memory + (64 << 20))


def read_secret_key(file, ask_password):
    """The key in FILE, which can be a pipe. ASK_PASSWORD() gives the bytes of its password, if it has one."""
    text = files.read(file, FILE_MAX, pipes=True).decode('ascii', 'replace')
    algorithm, derivation, checksum, salt, operations, memory, inner = _decode(file, text)
    if algorithm != SIGN or checksum != BLAKE2B and derivation == SCRYPT:
        raise BuildError(f'{file}:2: is a secret key of a kind that is not known here')
    if derivation == SCRYPT:
        if memory > MEMORY_MAX:
            raise BuildError(f'{file}:2: its password takes {memory >> 20} MiB to check, more than '
                             f'{MEMORY_MAX >> 20}')
        stream = _stream(ask_password(), salt, operations, memory)
        inner = bytes(a ^ b for a, b in zip(inner, stream))
    elif derivation != NONE:
        raise BuildError(f'{file}:2: is encrypted in a way that is not known here')
    number, secret, found = INNER.unpack(inner)
    wanted = hashlib.blake2b(algorithm + number + secret, digest_size=32).digest()
    if found != wanted and (derivation == SCRYPT or any(found)):  # some write none without password
        raise BuildError(f'{file}: ' + ('the password is wrong' if derivation == SCRYPT else
                                        'is damaged: its checksum differs'))
    return SecretKey(number, secret)


def _signed(key, data):
    return sodium.load().crypto_sign(data, key.secret)[:64]


def sign(key, data, comment):
    """The file that goes beside DATA. COMMENT is signed too: text of one line."""
    if not comment.isprintable() or len(comment.encode()) > COMMENT_MAX:
        raise BuildError(f'the comment {comment[:80]!a} has to be printable, one line and '
                         f'{COMMENT_MAX} bytes at most; name another with --comment')
    trusted = comment.encode()
    signature = _signed(key, hashlib.blake2b(data).digest())
    lines = (b'untrusted comment: signature of an mpyd image by key ' + key.id.encode(),
             base64.b64encode(HASHED + key.number + signature),
             b'trusted comment: ' + trusted,
             base64.b64encode(_signed(key, signature + trusted)))
    return b''.join(line + b'\n' for line in lines)


def _verifies(key, signature, data):
    try:
        sodium.load().crypto_sign_open(signature + data, key.public)
    except sodium.bad_signature():
        return False
    return True


def check(file, text, data, key):
    """Raises BuildError unless TEXT, of FILE, is the signature of DATA by KEY."""
    lines = text.decode('utf-8', 'replace').splitlines()
    fields = _unpack(SIGNATURE, lines[1]) if len(lines) >= 4 else None
    if not fields or fields[0] != HASHED:
        raise BuildError(f'{file}: is no signature as "mpyfreeze sign" makes them')
    _, number, signature = fields
    if number != key.number:
        raise BuildError(f'{file}: is by key {_id(number)}, not by {key.id}')
    comment = lines[2].removeprefix('trusted comment: ').encode()
    both = _unpack(struct.Struct('<64s'), lines[3]) or (b'',)
    if (not _verifies(key, signature, hashlib.blake2b(data).digest())
            or not _verifies(key, both[0], signature + comment)):
        raise BuildError(f'{file}: is not of this image, or was changed; sign it again')
