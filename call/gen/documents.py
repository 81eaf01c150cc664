# SPDX-License-Identifier: MIT
"""calls.md, the reference page, and calls.dict, the dictionary for fuzzers."""

import errno
import os

from . import arguments, table

INTRODUCTION = '''\
<!-- SPDX-License-Identifier: MIT -->
<!-- Generated from call/calls.csv by call/gencalls: change the table, not this file. -->
# Calls

What a worker can ask of its supervisor: {count} calls, numbers for ever. A call that fails raises
`OSError` with one of the errors listed; `ENOSYS` is a call that the supervisor does not have. A
worker that sends a buffer outside its arena or uses reserved fields is killed.
'''

WORDS = {'none': 'nothing', 'length': 'a number of bytes', 'u32': 'a number',
         'i64': 'a number, not negative', 'bool': 'true or false'}


def described(arg):
    """The type of an argument in words."""
    if arg.kind == 'enum':
        return 'one of ' + ', '.join(f'`{name}` ({value})' for name, value in arg.values)
    if arg.kind in arguments.INTEGERS:
        return f'integer{arg.range_text} ({arg.kind})'
    return {'handle': f'handle of kind {arg.handle_kind}',
            'str': f'UTF-8 text, at most {arg.maximum} bytes',
            'bytes': f'at most {arg.maximum} bytes',
            'out': f'buffer to fill, at most {arg.maximum} bytes',
            'bool': 'true or false', 'f64': 'finite number',
            'address': 'IPv4 or IPv6 address with port'}[arg.kind]


def section(row):
    lines = [f'## {row.number} {row.title}', '', row.summary, '']
    lines += [f'- `{arg.name}`: {described(arg)}' for arg in row.args]
    result = f'a handle of kind {row.result_kind}' if row.result_kind else WORDS[row.result]
    lines.append(f'- Result: {result}')
    if row.all_errors:
        errors = [f'`{name}` ({os.strerror(getattr(errno, name))})' for name in row.all_errors]
        lines.append('- Errors: ' + ', '.join(errors))
    if row.grant:
        lines.append(f'- Needs: a `{row.grant}` grant for its target')
    lines += [f'- `{flag}`: {table.FLAGS[flag]}' for flag in row.flags]
    lines.append(f'- Since version {row.since}; signature `0x{row.signature:08x}`')
    return '\n'.join(lines) + '\n'


def reference(rows):
    head = INTRODUCTION.format(count=len(rows))
    return '\n'.join([head] + [section(row) for row in rows])


def little_endian(value, size):
    return ''.join(f'\\x{byte:02x}' for byte in (value % (1 << 8 * size)).to_bytes(size, 'little'))


def interesting(row):
    """Values of one row at which something changes, as (name, 64-bit argument)."""
    for arg in row.args:
        name = f'{row.stem}_{arg.name}'
        for word, value in arg.values:
            yield f'{name}_{word}', value
        if arg.is_bounded:
            yield f'{name}_min', arg.minimum
            yield f'{name}_max', arg.maximum
        if arg.is_buffer:  # at the start of the arena, exactly as long as allowed
            yield f'{name}_full', arg.maximum << 32


def dictionary(rows):
    """AFL's and libFuzzer's format: call numbers as in a submission, then argument values."""
    lines = ['# SPDX-License-Identifier: MIT',
             '# Generated from call/calls.csv by call/gencalls: change the table, not this file.']
    for row in rows:
        lines.append(f'{row.stem}="{little_endian(row.number, 4)}"')
        lines += [f'{name}="{little_endian(value, 8)}"' for name, value in interesting(row)]
    return '\n'.join(lines) + '\n'
