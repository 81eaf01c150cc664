# SPDX-License-Identifier: MIT
"""calls.h and calls.c: numbers, values and names, for both sides."""

from . import text


def enum_name(row, arg):
    return f'{row.stem}_{arg.name}'


def enum_constant(row, arg, value):
    return f'{row.stem}_{arg.name}_{value}'.upper()


def enum_values(row, arg):
    return [(enum_constant(row, arg, name), value) for name, value in arg.values]


FIND = '''\
struct call_name {
    uint32_t number;
    uint32_t signature; /* of arguments and result: both sides must have the same */
    const char *name;   /* "group.name" */
};

// The call of that number, or NULL.
const struct call_name *calls_find(uint32_t number);'''


def header(rows):
    numbers = text.enum('call_number', [(row.constant, row.number) for row in rows])
    limits = (f'#define CALLS_END {rows[-1].number + 1}u // one above the highest number\n'
              f'#define CALLS_VERSION {len(rows)}u // how many calls there are: grows with the '
              'table')
    enums = [text.enum(enum_name(row, arg), enum_values(row, arg))
             for row in rows for arg in row.args if arg.kind == 'enum']
    return text.file(['<stdint.h>'], [limits, numbers] + enums + [FIND], header=True)


def source(rows):
    lines = [f'    [{row.constant}] = {{{row.constant}, 0x{row.signature:08x}, '
             f'{text.quote(row.title)}}},' for row in rows]
    table = '\n'.join(['static const struct call_name names[CALLS_END] = {'] + lines + ['};'])
    find = '''\
const struct call_name *calls_find(uint32_t number) {
    return number < CALLS_END && names[number].name ? &names[number] : NULL;
}'''
    return text.file(['<stddef.h>'], [table, find], main='"call/calls.h"')
