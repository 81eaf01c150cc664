# SPDX-License-Identifier: MIT
"""Finds what looks like a key or a password in an app: who has an image can read it out of it. The
warning does not repeat it. A line with the words "not a key" in a comment is left alone.
"""

import ast
import math
import re
import warnings

NAMES = re.compile(r'(pass(word|wd|phrase)?|secret|token|(api|private|secret|access)_?key|psk|'
                   r'credentials?)s?', re.IGNORECASE)
PRIVATE = re.compile(rb'-----BEGIN [A-Z ]*PRIVATE KEY-----')
HEX = re.compile(r'(?=.*[0-9])(?=.*[a-f])([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{48}|[0-9a-f]{64}|'
                 r'[0-9a-f]{96}|[0-9a-f]{128})', re.IGNORECASE)
BASE64 = re.compile(r'(?=.*[0-9])(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/_-]{40,}={0,2}')
KEY_SIZES = (16, 24, 32, 48, 64)
ENTROPY = 4.0      # bits a character; English text without spaces has less
PASSWORD_LEAST = 6
EXCUSE = 'not a key'


def _entropy(text):
    shares = [text.count(item) / len(text) for item in set(text)]
    return -sum(share * math.log2(share) for share in shares)


def _is_random(value):
    """Whether VALUE, a string or bytes, looks as if nobody had made it up."""
    if isinstance(value, bytes):
        return (len(value) in KEY_SIZES and len(set(value)) * 4 >= len(value) * 3
                and not value.isascii())
    return bool(HEX.fullmatch(value) and len(set(value.lower())) > 6
                or BASE64.fullmatch(value) and _entropy(value) > ENTROPY)


def _is_password(value):
    """Whether VALUE, under a name that is one of a secret, is more than a word."""
    text = value.decode('latin-1') if isinstance(value, bytes) else value
    kinds = (str.isalpha, str.isdigit, lambda letter: not letter.isalnum())
    return (len(text) >= PASSWORD_LEAST and ' ' not in text
            and sum(any(map(kind, text)) for kind in kinds) > 1)


def _named_values(node):
    """(name, value) of what NODE gives a name to."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield getattr(target, 'id', getattr(target, 'attr', '')), node.value
    elif isinstance(node, ast.AnnAssign):
        yield getattr(node.target, 'id', getattr(node.target, 'attr', '')), node.value
    elif isinstance(node, ast.keyword):
        yield node.arg or '', node.value
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values):
            yield getattr(key, 'value', ''), value


def _find(tree):
    """(line, what it is) of each secret in TREE."""
    for node in ast.walk(tree):
        for name, value in _named_values(node):
            text = getattr(value, 'value', None)
            if (isinstance(value, ast.Constant) and isinstance(text, (str, bytes))
                    and isinstance(name, str) and NAMES.search(name) and _is_password(text)):
                yield value.lineno, f'the value of "{name}"'
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            data = node.value if isinstance(node.value, bytes) else node.value.encode(
                errors='replace')
            if PRIVATE.search(data):
                yield node.lineno, 'a private key'
            elif _is_random(node.value):
                yield node.lineno, 'a constant'


def find_secrets(text):
    """Line of each secret in TEXT, of a module, and what it is; one a line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # mpy-cross has the last word on syntax
    lines = text.splitlines()
    found = {}
    for line, what in _find(tree):
        if EXCUSE.encode() not in lines[line - 1].partition(b'#')[2]:
            found.setdefault(line, what)
    return sorted(found.items())


def find_warnings(modules, contents):
    """One line for each secret in MODULES, the app's, and in CONTENTS, path and bytes of its
    resources."""
    found = [(f'{module.file}:{line}', what) for module in modules
             for line, what in find_secrets(module.data)]
    found += [(path, 'a private key') for path, data in contents if PRIVATE.search(data)]
    return [f'{where}: {what} looks like a secret, which whoever has the image can read; give it to '
            'the app when it runs' for where, what in found]
