# SPDX-License-Identifier: MIT
"""Reads mpyd.toml, strictly: a key that is not known is an error, not a comment."""

import json
import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from . import files, grants, tomllines
from .errors import BuildError

FILE = 'mpyd.toml'
FILE_MAX = 1 << 20  # bytes
FORMAT = 1  # MANIFEST_FORMAT in image/manifest.h, whose limits these are too
NAME = re.compile(r'[a-z][a-z0-9-]{0,25}', re.ASCII)
RESERVED = re.compile(r'mpyd(-.*)?|mpyctl|mpyfreeze|image')  # base/parse.c says for what
VERSION = re.compile(r'[0-9A-Za-z.+~-]{1,32}', re.ASCII)
MODULE = re.compile(r'[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*', re.ASCII)
SIZE = re.compile(r'([0-9]{1,12})([KMG]?)', re.ASCII)
UNITS = {'': 1, 'K': 1 << 10, 'M': 1 << 20, 'G': 1 << 30}
PAGE = 4096
MEMORY = {'heap': ('16K', '512M'), 'stack': ('16K', '4M'), 'arena': ('64K', '16M')}  # least, most
SPAN = re.compile(r'([0-9]{1,8})(ms|s|min|h)', re.ASCII)
SPAN_UNITS = {'ms': 1, 's': 1000, 'min': 60000, 'h': 3600000}
HEALTH = {'ready': ('100ms', '1h'), 'heartbeat': ('100ms', '1h')}  # least, most
STORAGE = ('4K', '1024G')  # least, most
LIMITS = {'handles': 1024, 'log_rate': 10000}  # most
COUNTER_MAX = (1 << 32) - 1
GRANTS = ('listen', 'connect')
CREDENTIAL = re.compile(r'(?!image-key$)[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}', re.ASCII)
CREDENTIAL_FORM = 'db-password: 1 to 64 letters, digits, . _ -, and not image-key'
CREDENTIALS_MAX = 64
GIVEN = re.compile(r'([A-Za-z0-9_-][A-Za-z0-9._-]{0,31})(:rw)?', re.ASCII)
GIVEN_FORM = 'calibration or serial:rw: 1 to 32 letters, digits, . _ -'
GIVEN_MAX = 32
GRANTS_MAX = 256
DESCRIPTION_MAX = 80  # characters
ARGUMENTS_MAX = 64
ARGUMENT_MAX = 256  # characters
TABLES = {'memory': tuple(MEMORY), 'grants': (*GRANTS, 'credentials', 'files', 'storage'),
          'limits': tuple(LIMITS), 'health': tuple(HEALTH)}
KEYS = (('name', 'version', 'description', 'counter', 'entry', 'boot', 'modules', 'packages', 'resources',
         'arguments') + tuple(TABLES))


@dataclass
class Manifest:
    name: str = ''
    version: str = ''
    description: str = ''
    counter: int = 0
    entry: str = ''
    boot: str = ''                                # empty: none
    modules: list = field(default_factory=list)   # files
    packages: list = field(default_factory=list)  # directories; both empty: every *.py
    resources: str = ''
    arguments: list = field(default_factory=list)
    memory: dict = field(default_factory=dict)    # bytes; those given
    grants: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)    # those given
    health: dict = field(default_factory=dict)    # milliseconds; those given
    where: dict = field(default_factory=dict)     # key: "FILE:LINE", for errors found later


class _Problem(Exception):
    """What is wrong with one value."""


def parse_size(text):
    """Bytes of '64K', as base/parse.c has it; None if it is none."""
    match = SIZE.fullmatch(text)
    return int(match[1]) * UNITS[match[2]] if match else None


def parse_span(text):
    """Milliseconds of '20s', as base/parse.c has it; None if it is none."""
    match = SPAN.fullmatch(text)
    return int(match[1]) * SPAN_UNITS[match[2]] if match else None


def _quoted(value):
    return json.dumps(value, ensure_ascii=False)  # on one line, whatever is in it


def _string(value):
    if not isinstance(value, str):
        raise _Problem('must be a string')
    return value


def _matching(pattern, form):
    def check(value):
        if not pattern.fullmatch(_string(value)):
            raise _Problem(f'{_quoted(value)} is not of the form {form}')
        return value
    return check


def is_reserved(name):
    """Whether NAME is one that only our own programs have."""
    return RESERVED.fullmatch(name) is not None


def _name(value):
    _matching(NAME, '[a-z][a-z0-9-]{0,25}')(value)
    if is_reserved(value):
        raise _Problem(f'{_quoted(value)} is reserved')
    return value


def _entry(value):
    if _string(value).endswith('.py'):
        module = _quoted(value.removesuffix('.py').replace('/', '.'))
        raise _Problem(f'{_quoted(value)} is a file; name the module, {module}')
    return _matching(MODULE, 'main or package.module')(value)


def _path(value):
    path = PurePosixPath(_string(value))
    if not value or path.is_absolute() or '..' in path.parts or not value.isprintable():
        raise _Problem(f'{_quoted(value)} is not a path inside the app\'s directory')
    return str(path)


def _description(value):
    if not _string(value).strip() or not value.isprintable() or len(value) > DESCRIPTION_MAX:
        raise _Problem(f'{_quoted(value[:40])} is not one line of at most {DESCRIPTION_MAX} characters')
    return value


def _argument(value):
    if not _string(value).isascii() or not value.isprintable() or len(value) > ARGUMENT_MAX:
        raise _Problem(f'{_quoted(value[:40])} is not of at most {ARGUMENT_MAX} printable ASCII '
                       'characters')
    return value


def _integer(maximum, minimum=1):
    def check(value):
        if not isinstance(value, int) or isinstance(value, bool):
            raise _Problem('must be an integer')
        if not minimum <= value <= maximum:
            raise _Problem(f'{value} is outside {minimum} to {maximum}')
        return value
    return check


def _size(least, most):
    def check(value):
        size = parse_size(_string(value))
        if size is None:
            raise _Problem(f'{_quoted(value)} is no size; write digits and K, M or G, as in "256K"')
        if not parse_size(least) <= size <= parse_size(most):
            raise _Problem(f'"{value}" is outside {least} to {most}')
        if size % PAGE:
            raise _Problem(f'"{value}" is no multiple of 4K')
        return size
    return check


def _span(least, most):
    def check(value):
        span = parse_span(_string(value))
        if span is None:
            raise _Problem(f'{_quoted(value)} is no time span; write digits and ms, s, min or h, as '
                           'in "20s"')
        if not parse_span(least) <= span <= parse_span(most):
            raise _Problem(f'"{value}" is outside {least} to {most}')
        return span
    return check


def _grant(direction):
    def check(value):
        try:
            grants.check_grant(direction, _string(value))
        except grants.GrantError as error:
            raise _Problem(f'{_quoted(value)}: {error}') from None
        return value
    return check


class _Reader:
    def __init__(self, file, text):
        self.file = file
        self.lines = tomllines.find_lines(text)
        self.problems = []  # (line, text)

    def line(self, path):
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path, text):
        self.problems.append((self.line(path), text))

    def known(self, table, path, keys):
        for key in table:
            if key not in keys:
                name = '.'.join(path + (key,))
                self.problem(path + (key,), f'unknown key {_quoted(name)}; known are ' + ', '.join(keys))

    def value(self, table, path, check, default=None):
        """The checked value of the key PATH ends in; DEFAULT where it is missing or wrong."""
        if path[-1] not in table:
            return default
        try:
            return check(table[path[-1]])
        except _Problem as problem:
            self.problem(path, f'{".".join(path)}: {problem}')
            return default

    def required(self, table, path, check):
        if path[-1] not in table:
            self.problem((), f'no key "{".".join(path)}"')
        return self.value(table, path, check, '')

    def list(self, table, path, check, most, twice=False):
        items = self.value(table, path, lambda value: value, [])
        name = '.'.join(path)
        if not isinstance(items, list):
            self.problem(path, f'{name}: must be an array of strings')
            return []
        if len(items) > most:
            self.problem(path, f'{name}: has {len(items)} elements, more than {most}')
        checked = []
        for index, item in enumerate(items):
            try:
                checked.append(check(item))
                if not twice and item in items[:index]:
                    raise _Problem(f'{_quoted(item)} stands there twice')
            except _Problem as problem:
                self.problem(path + (index,), f'{name}: {problem}')
        return checked

    def table(self, document, name):
        table = document.get(name, {})
        if not isinstance(table, dict):
            self.problem((name,), f'{name}: must be a table, [{name}]')
            return {}
        self.known(table, (name,), TABLES[name])
        return table


def _check_not_empty(reader, document):
    """Only where both keys are missing are the modules found."""
    given = [key for key in ('modules', 'packages') if key in document]
    if given and all(document[key] == [] for key in given):
        reader.problem((given[0],), f'{given[0]}: is empty, and an app has modules; name them, or '
                       'leave the key out to have every *.py')


def _check_given(reader, texts):
    """A name with :rw and without would be two wishes."""
    names = [text.removesuffix(':rw') for text in texts]
    for index, name in enumerate(names):
        if name in names[:index] and texts[index] not in texts[:index]:
            reader.problem(('grants', 'files', index), f'grants.files: {_quoted(name)} stands there '
                           'twice, to read it and to write it')


def _read(reader, document):
    reader.known(document, (), KEYS)
    manifest = Manifest(
        name=reader.required(document, ('name',), _name),
        version=reader.required(document, ('version',),
                                _matching(VERSION, '1.0.0: 1 to 32 letters, digits, . + ~ -')),
        description=reader.value(document, ('description',), _description, ''),
        counter=reader.value(document, ('counter',), _integer(COUNTER_MAX, 0), 0),
        entry=reader.required(document, ('entry',), _entry),
        boot=reader.value(document, ('boot',), _entry, ''),
        modules=reader.list(document, ('modules',), _path, 4096),
        packages=reader.list(document, ('packages',), _path, 4096),
        resources=reader.value(document, ('resources',), _path, ''),
        arguments=reader.list(document, ('arguments',), _argument, ARGUMENTS_MAX, twice=True))
    _check_not_empty(reader, document)
    memory = reader.table(document, 'memory')
    for key, (least, most) in MEMORY.items():
        if key in memory:
            manifest.memory[key] = reader.value(memory, ('memory', key), _size(least, most))
    granted = reader.table(document, 'grants')
    for key in GRANTS:
        manifest.grants[key] = reader.list(granted, ('grants', key), _grant(key), GRANTS_MAX)
    if 'storage' in granted:
        manifest.grants['storage'] = reader.value(granted, ('grants', 'storage'), _size(*STORAGE))
    if 'credentials' in granted:
        manifest.grants['credentials'] = reader.list(
            granted, ('grants', 'credentials'), _matching(CREDENTIAL, CREDENTIAL_FORM),
            CREDENTIALS_MAX)
    if 'files' in granted:
        manifest.grants['files'] = reader.list(
            granted, ('grants', 'files'), _matching(GIVEN, GIVEN_FORM), GIVEN_MAX)
        _check_given(reader, manifest.grants['files'])
    limits = reader.table(document, 'limits')
    for key, most in LIMITS.items():
        if key in limits:
            manifest.limits[key] = reader.value(limits, ('limits', key), _integer(most), 0)
    health = reader.table(document, 'health')
    for key, (least, most) in HEALTH.items():
        if key in health:
            manifest.health[key] = reader.value(health, ('health', key), _span(least, most), 0)
    return manifest


def _places(reader, manifest):
    for key in KEYS:
        manifest.where[key] = f'{reader.file}:{reader.line((key,))}'
    for key in ('modules', 'packages'):
        for index in range(len(getattr(manifest, key))):
            manifest.where[key, index] = f'{reader.file}:{reader.line((key, index))}'


def read(directory):
    """The manifest of the app in DIRECTORY; BuildError names every mistake with its line."""
    file = Path(directory) / FILE
    if not os.path.lexists(file):
        raise BuildError(f'{file}: there is none; "mpyfreeze new DIR" makes an app that has one')
    try:
        text = files.read(file, FILE_MAX).decode('utf-8-sig')  # some editors begin it with a mark
    except UnicodeDecodeError as error:
        line = error.object.count(b'\n', 0, error.start) + 1
        raise BuildError(f'{file}:{line}: is not UTF-8') from None
    text = text.replace('\r\n', '\n')
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.fullmatch(r'(.*) \(at (?:line (\d+), column \d+|end of document)\)', str(error))
        line = match[2] or text.rstrip('\n').count('\n') + 1
        raise BuildError(f'{file}:{line}: {match[1]}') from None
    reader = _Reader(file, text)
    manifest = _read(reader, document)
    if reader.problems:
        lines = [f'{file}:{line}: {problem}' for line, problem in sorted(reader.problems)]
        raise BuildError('\n'.join(lines))
    _places(reader, manifest)
    return manifest
