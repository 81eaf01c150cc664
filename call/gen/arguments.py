# SPDX-License-Identifier: MIT
"""The types of arguments: NAME:TYPE as the table writes them, and what each is in C."""

import re
from dataclasses import dataclass, field

U32_MAX = 0xffffffff
I64_MIN = -(1 << 63)
I64_MAX = (1 << 63) - 1
MAX_BUFFER = 1 << 20  # bytes of one buffer argument

PLAIN = ('bool', 'f64', 'address')
BUFFERS = ('str', 'bytes', 'out')
INTEGERS = {'u32': (0, U32_MAX), 'i64': (I64_MIN, I64_MAX)}

# C keywords, and the names that generated functions use for themselves.
TAKEN = set('''auto break case char const continue default do double else enum extern float for
    goto if inline int long register restrict return short signed sizeof static struct switch
    typedef union unsigned void volatile while bool true false typeof asm errno
    call proxy submission ret_result result r vstr'''.split())


@dataclass
class Argument:
    name: str
    index: int
    kind: str                # u32, i64, enum, handle, or one of PLAIN and BUFFERS
    minimum: int = 0         # of u32 and i64
    maximum: int = 0         # of u32 and i64; bytes of str, bytes and out
    values: list = field(default_factory=list)  # of enum: (name, value)
    handle_kind: str = ''

    @property
    def is_buffer(self):
        return self.kind in BUFFERS

    @property
    def is_input(self):
        """Its bytes travel to the supervisor through the arena."""
        return self.kind in ('str', 'bytes', 'address')

    @property
    def is_bounded(self):
        """A range narrower than the type's own."""
        return self.kind in INTEGERS and (self.minimum, self.maximum) != INTEGERS[self.kind]

    @property
    def can_be_wrong(self):
        """Some value of it is refused with EINVAL."""
        return self.kind != 'handle' and (self.kind not in INTEGERS or self.is_bounded)

    @property
    def range_text(self):
        """The range in words, empty if it is the type's own."""
        low, high = (bound != own for bound, own in
                     zip((self.minimum, self.maximum), INTEGERS[self.kind]))
        if low and high:
            return f' from {self.minimum} to {self.maximum}'
        return f' from {self.minimum}' if low else f' up to {self.maximum}' if high else ''


def handle_kind(text):
    """The kind in 'handle(kind)', or None."""
    match = re.fullmatch(r'handle\(([a-z][a-z0-9]*)\)', text)
    return match.group(1) if match else None


def parse(word, index):
    """The argument that WORD declares. Raises ValueError with what is wrong about it."""
    name, colon, text = word.partition(':')
    if not colon:
        raise ValueError(f'argument "{word}" is not of the form name:type')
    if not re.fullmatch(r'[a-z][a-z0-9_]*', name):
        raise ValueError(f'argument name "{name}" is not of the form [a-z][a-z0-9_]*')
    if name in TAKEN or name.endswith('_size'):
        raise ValueError(f'argument name "{name}" is taken')
    kind, parenthesis, bounds = text.partition('(')
    if kind not in (*INTEGERS, 'enum', 'handle', *PLAIN, *BUFFERS):
        raise ValueError(f'argument "{name}": unknown type "{kind}"')
    if parenthesis and not bounds.endswith(')'):
        raise ValueError(f'argument "{name}": no closing parenthesis')
    arg = Argument(name, index, kind)
    set_bounds(arg, bounds[:-1] if parenthesis else None, text)
    return arg


def set_bounds(arg, bounds, text):
    if arg.kind in PLAIN:
        if bounds is not None:
            raise ValueError(f'argument "{arg.name}": {arg.kind} takes no bounds')
    elif arg.kind in INTEGERS:
        set_range(arg, bounds)
    elif arg.kind == 'enum':
        set_values(arg, bounds)
    elif arg.kind == 'handle':
        arg.handle_kind = handle_kind(text)
        if not arg.handle_kind:
            raise ValueError(f'argument "{arg.name}": not of the form handle(kind)')
    else:
        if not re.fullmatch(r'[1-9][0-9]*', bounds or '') or int(bounds) > MAX_BUFFER:
            raise ValueError(f'argument "{arg.name}": {arg.kind} needs a maximum length in '
                             f'1..{MAX_BUFFER}')
        arg.maximum = int(bounds)


def set_range(arg, bounds):
    arg.minimum, arg.maximum = low, high = INTEGERS[arg.kind]
    if bounds is None:
        return
    match = re.fullmatch(r'(-?[0-9]+)?\.\.(-?[0-9]+)?', bounds)
    if not match or bounds == '..':
        raise ValueError(f'argument "{arg.name}": malformed range "{bounds}"')
    if match.group(1):
        arg.minimum = int(match.group(1))
    if match.group(2):
        arg.maximum = int(match.group(2))
    if not low <= arg.minimum <= arg.maximum <= high:
        raise ValueError(f'argument "{arg.name}": range "{bounds}" is empty or too wide for '
                         f'{arg.kind}')


def set_values(arg, bounds):
    for item in (bounds or '').split('|'):
        match = re.fullmatch(r'([a-z][a-z0-9_]*)=(0|[1-9][0-9]*)', item)
        if not match or int(match.group(2)) > U32_MAX:
            raise ValueError(f'argument "{arg.name}": "{item}" is not of the form value=number')
        value = (match.group(1), int(match.group(2)))
        if value[0] in [name for name, _ in arg.values]:
            raise ValueError(f'argument "{arg.name}": value "{value[0]}" is there twice')
        if value[1] in [number for _, number in arg.values]:
            raise ValueError(f'argument "{arg.name}": number {value[1]} is there twice')
        arg.values.append(value)
