# SPDX-License-Identifier: MIT
"""Writing C the way clang-format would leave it."""

WIDTH = 100
LICENCE = '// SPDX-License-Identifier: MIT'
ORIGIN = '// Generated from call/calls.csv by call/gencalls: change the table, not this file.'


def file(includes, parts, header=False, main=None):
    """A whole file: PARTS are blocks of lines, separated by empty ones. MAIN is its own header."""
    head = [LICENCE] + (['#pragma once'] if header else [])
    blocks = ['\n'.join(head), ORIGIN]
    system = [line for line in includes if line.startswith('<')]
    own = sorted(line for line in includes if not line.startswith('<'))
    for group in ([main] if main else [], system, own):
        if group:
            blocks.append('\n'.join(f'#include {line}' for line in group))
    return '\n\n'.join(blocks + [part.rstrip('\n') for part in parts]) + '\n'


def wrap(head, items, tail, width=WIDTH):
    """HEAD(ITEM, ITEM)TAIL, items that do not fit on further lines under the first."""
    indent = ' ' * (len(head) + 1)
    lines = [head + '(']
    for index, item in enumerate(items):
        last = index == len(items) - 1
        text = item + (')' + tail if last else ',')
        space = '' if lines[-1].endswith('(') or lines[-1] == indent else ' '
        if len(lines[-1]) + len(space) + len(text) > width:
            lines.append(indent + text)
        else:
            lines[-1] += space + text
    return '\n'.join(lines) if items else head + '()' + tail


def prototype(result, name, parameters, tail):
    space = '' if result.endswith('*') else ' '
    return wrap(f'{result}{space}{name}', parameters or ['void'], tail)


def statement(function, items, indent=4):
    """A call as a statement."""
    return wrap(' ' * indent + function, items, ';')


def comment(text, indent=''):
    """TEXT as // lines."""
    lines = [indent + '//']
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > WIDTH:
            lines.append(indent + '//')
        lines[-1] += ' ' + word
    return '\n'.join(lines)


def quote(text):
    """TEXT as a C string literal."""
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def packed(items):
    """ITEMS as the lines of an array, as many to a line as fit."""
    lines = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 2 <= WIDTH:
            lines[-1] += f' {item},'
        else:
            lines.append(f'    {item},')
    return lines


def enum(name, values):
    """An enum of (constant, value) pairs."""
    lines = [f'    {constant} = {number(value)},' for constant, value in values]
    return '\n'.join([f'enum {name} {{'] + lines + ['};'])


def number(value):
    return f'{value}u' if value > 0x7fffffff else str(value)
