# SPDX-License-Identifier: MIT
"""trace-table.c: names and types of arguments, for daemon/record/trace.c to show calls to people."""

from . import names, text


def values_name(row, arg):
    return f'{names.enum_name(row, arg)}_names'


def tables(row):
    """The arrays of one row: the values of its enums, then its arguments."""
    blocks = []
    for arg in row.args:
        if arg.kind == 'enum':
            lines = [f'    {{{constant}, {text.quote(name)}}},' for (constant, _), (name, _)
                     in zip(names.enum_values(row, arg), arg.values)]
            blocks.append('\n'.join([
                f'static const struct trace_value {values_name(row, arg)}[] = {{'] + lines +
                ['    {0},', '};']))
    if row.args:
        lines = []
        for arg in row.args:
            values = values_name(row, arg) if arg.kind == 'enum' else 'NULL'
            lines.append(f'    {{{text.quote(arg.name)}, TRACE_{arg.kind.upper()}, {values}}},')
        blocks.append('\n'.join([
            f'static const struct trace_argument {row.stem}_arguments[] = {{'] + lines + ['};']))
    return blocks


def source(rows):
    parts = []
    lines = []
    for row in rows:
        parts += tables(row)
        arguments = f'{row.stem}_arguments' if row.args else 'NULL'
        lines.append(f'    [{row.constant}] = {{{arguments}, {len(row.args)}}},')
    parts.append('\n'.join(['const struct trace_row trace_rows[CALLS_END] = {'] + lines + ['};']))
    return text.file(['<stddef.h>', '"call/calls.h"', '"daemon/record/trace.h"'], parts)
