# SPDX-License-Identifier: MIT
"""libsodium, by the bindings of python3-nacl: only the commands that sign or encrypt need them."""

from .errors import BuildError


def load():
    """The module nacl.bindings."""
    try:
        import nacl.bindings
    except ImportError:
        raise BuildError('this needs libsodium for Python; install python3-nacl') from None
    return nacl.bindings


def bad_signature():
    """What a function of load() raises for a signature that is not of its data."""
    from nacl.exceptions import BadSignatureError
    return BadSignatureError
