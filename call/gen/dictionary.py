# SPDX-License-Identifier: MIT
"""calls.dict, the dictionary for fuzzers."""


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
