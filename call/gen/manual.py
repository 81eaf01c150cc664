# SPDX-License-Identifier: MIT
"""mpyd-calls.7, the manual page of all calls."""

import errno
import itertools
import os

from . import arguments, table

HEAD = r'''.\" SPDX-License-Identifier: MIT
.\" Generated from call/calls.csv by call/gencalls: change the table, not this file.
.TH MPYD-CALLS 7 "2026" "mpyd" "Miscellaneous Information"
.SH NAME
mpyd-calls \- what a frozen app can ask of its supervisor
.SH DESCRIPTION
A worker of
.BR mpyd (8)
reaches no system call of Linux but those of waiting and waking.
What it can do beyond computing it asks of its supervisor, by one of @COUNT@ calls: a number and at most six
arguments in memory that both share.
Numbers and arguments of a call never change; an image names the calls it can make, and one that names a call
which the supervisor does not have is refused.
.PP
Most calls are made by MicroPython's own modules, socket for instance.
Those marked
.I python
are functions of the module
.BR calls ,
.IR group_name ( arguments ):
a buffer to fill becomes their result, as bytes.
A call that fails raises
.B OSError
with one of the errors listed.
.BR PermissionError ,
with the call and the reason in its text, is what a call without the grant it needs raises.
.PP
Every argument is checked before the supervisor acts upon it.
What is outside its range is
.BR EINVAL ,
an unknown handle
.BR EBADF .
A worker that goes around the checks of its own side, with a buffer that is not in its arena say, is killed.'''

TAIL = r'''.SH SEE ALSO
.BR mpyctl (1),
.BR mpyd (8),
.BR mpyfreeze (1),
.BR mpyd-image (5)'''

RESULTS = {'none': '', 'length': 'a number of bytes', 'u32': 'a number',
           'i64': 'a number, not negative', 'bool': 'true or false'}


def plain(text):
    """TEXT that roff leaves as it is."""
    text = text.replace('\\', '\\e').replace('-', '\\-').replace("'", '\\(aq')
    return '\\&' + text if text.startswith('.') else text


def described(arg):
    """The type of an argument, in roff."""
    if arg.kind == 'enum':
        return 'one of ' + ', '.join(f'\\fB{plain(name)}\\fR ({value})' for name, value in arg.values)
    if arg.kind in arguments.INTEGERS:
        return plain(f'an integer{arg.range_text}')
    return plain({'handle': f'a handle of kind {arg.handle_kind}',
                  'str': f'UTF-8 text of at most {arg.maximum} bytes',
                  'bytes': f'at most {arg.maximum} bytes',
                  'out': f'a buffer to fill, of at most {arg.maximum} bytes',
                  'bool': 'true or false', 'f64': 'a finite number',
                  'address': 'an IPv4 or IPv6 address with a port'}[arg.kind])


def sentences(row):
    """What is to be said of a call beyond its summary."""
    yield from (f'.br\n.IR {plain(arg.name)} :\n{described(arg)}.' for arg in row.args)
    result = f'a handle of kind {row.result_kind}' if row.result_kind else RESULTS[row.result]
    if result:
        yield f'.br\nResult: {plain(result)}.'
    if row.grant:
        yield f'.br\nNeeds a grant\n.B {plain(row.grant)}\nthat covers its target.'
    yield from (f'.br\n.IR {flag} :\n{plain(table.FLAGS[flag])}.' for flag in row.flags)
    if row.all_errors:
        errors = [f'\\fB{name}\\fR ({plain(os.strerror(getattr(errno, name)).lower())})'
                  for name in row.all_errors]
        yield '.br\nErrors: ' + ',\n'.join(errors) + '.'


def entry(row):
    names = ', '.join(f'\\fI{plain(arg.name)}\\fP' for arg in row.args)
    lines = ['.TP', f'\\fB{plain(row.title)}\\fP({names}), number {row.number}', plain(row.summary)]
    return '\n'.join(lines + list(sentences(row)))


def page(rows):
    parts = [HEAD.replace('@COUNT@', str(len(rows)))]
    for group, members in itertools.groupby(rows, key=lambda row: row.group):
        parts.append(f'.SH THE GROUP {group.upper()}')
        parts += map(entry, members)
    return '\n'.join(parts + [TAIL]) + '\n'
