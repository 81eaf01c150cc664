# SPDX-License-Identifier: MIT
"""stubs.h and stubs.c: the supervisor's side. What a worker says is checked here, then handled."""

from . import names, table, text

TYPES = {'u32': 'uint32_t ', 'enum': 'uint32_t ', 'i64': 'int64_t ', 'bool': 'bool ',
         'f64': 'double ', 'handle': 'struct handle *', 'str': 'const char *',
         'bytes': 'struct bytes ', 'out': 'struct window ', 'address': 'struct wire_address '}
EMPTY = {'u32': '0', 'enum': '0', 'i64': '0', 'bool': 'false', 'f64': '0', 'handle': 'NULL',
         'str': 'NULL'}
ADDRESS_SIZE = 24  # sizeof(struct wire_address)
SERVE = ['struct call *call', 'const struct wire_submission *submission', 'int64_t *ret_result']

IDEA = text.comment(
    'Of each call: serve_x() is what the dispatch table calls, handle_x() is supplied by '
    'daemon/handlers/, permit_x() (only where the call needs a grant) stands beside it: it returns '
    '0 or what call_refuse() returned. Returns as in daemon/handler.h; serve_x() returns APP_BROKEN '
    '(daemon/app/app.h) as well.')


def declaration(arg):
    return TYPES[arg.kind] + arg.name


def permit_parameters(row):
    return ['struct call *call'] + [declaration(arg) for arg in row.args]


def handle_parameters(row):
    return permit_parameters(row) + ([] if row.result == 'none' else ['int64_t *ret_result'])


def prototypes(row):
    lines = [text.comment(f'{row.title}: {row.summary}')]
    lines.append(text.prototype('int', f'serve_{row.stem}', SERVE, ';'))
    if row.grant:
        lines.append(text.prototype('int', f'permit_{row.stem}', permit_parameters(row), ';'))
    lines.append(text.prototype('int', f'handle_{row.stem}', handle_parameters(row), ';'))
    return '\n'.join(lines)


def scratch_size(row):
    """Most private bytes that a stub takes; each piece is rounded up to keep the next aligned."""
    sizes = {'str': lambda arg: arg.maximum + 1, 'bytes': lambda arg: arg.maximum,
             'address': lambda arg: ADDRESS_SIZE}
    return sum(-(-sizes[arg.kind](arg) // 8) * 8 for arg in row.args if arg.is_input)


def header(rows):
    kinds = [(f'HANDLE_{kind.upper()}', index + 1)
             for index, kind in enumerate(table.handle_kinds(rows))]
    size = max([8] + [scratch_size(row) for row in rows])
    parts = [IDEA, f'#define STUBS_SCRATCH_SIZE {size}u // most bytes that one call sends']
    if kinds:
        parts.append(text.enum('handle_kind', kinds))
    parts += [prototypes(row) for row in rows]
    return text.file(['<stdbool.h>', '<stdint.h>', '"call/wire.h"', '"daemon/handler.h"'], parts,
                     header=True)


def local(arg):
    if arg.kind in EMPTY:
        return f'    {declaration(arg)} = {EMPTY[arg.kind]};'
    return f'    {declaration(arg)} = {{0}};'


def check(row, arg):
    """The expression that checks one argument and sets its local."""
    value = f'submission->arg[{arg.index}]'
    target = f'&{arg.name}'
    taken = ['call', value]
    items = {
        'u32': lambda: [value, f'{text.number(arg.minimum)}', f'{text.number(arg.maximum)}'],
        'i64': lambda: [value, i64(arg.minimum), i64(arg.maximum)],
        'bool': lambda: [value],
        'f64': lambda: [value],
        'enum': lambda: [value, values_name(row, arg), str(len(arg.values))],
        'handle': lambda: taken + [f'HANDLE_{arg.handle_kind.upper()}'],
        'address': lambda: taken,
    }.get(arg.kind, lambda: taken + [str(arg.maximum)])()
    return text.wrap(f'    r = stub_{arg.kind}', items + [target], ';')


def i64(value):
    """A C expression: the lowest number has no literal."""
    special = {-(1 << 63): 'INT64_MIN', (1 << 63) - 1: 'INT64_MAX'}
    return special.get(value, str(value))


def values_name(row, arg):
    return f'{names.enum_name(row, arg)}_values'


def values(row):
    """The allowed values of the row's enums."""
    blocks = []
    for arg in row.args:
        if arg.kind == 'enum':
            constants = [constant for constant, _ in names.enum_values(row, arg)]
            blocks.append('\n'.join([f'static const uint32_t {values_name(row, arg)}[] = {{'] +
                                    text.packed(constants) + ['};']))
    return blocks


PASS_UP = ['    if (r) {', '        return r;', '    }']


def serve(row):
    lines = [text.prototype('int', f'serve_{row.stem}', SERVE, ' {')]
    lines += [local(arg) for arg in row.args]
    lines += ['    int r;', '']
    lines.append(f'    r = stub_unused(call, submission, {len(row.args)});')
    lines += PASS_UP
    for arg in row.args:
        lines.append(check(row, arg))
        lines += PASS_UP
    given = ['call'] + [arg.name for arg in row.args]
    if row.grant:
        lines.append(text.wrap(f'    r = permit_{row.stem}', given, ';'))
        lines += PASS_UP
    if row.result == 'none':
        lines.append(text.wrap(f'    r = handle_{row.stem}', given, ';'))
        lines += ['    if (r == 0) {', '        *ret_result = 0;', '    }', '    return r;', '}']
    else:
        lines.append(text.wrap(f'    return handle_{row.stem}', given + ['ret_result'], ';'))
        lines.append('}')
    return '\n'.join(lines)


def source(rows):
    parts = []
    for row in rows:
        parts += values(row) + [serve(row)]
    return text.file(['"call/calls.h"', '"daemon/dispatch/stub.h"'], parts, main='"call/stubs.h"')


def errors(row):
    """The errors that the row promises, ended by 0."""
    return '\n'.join([f'static const int {row.stem}_errors[] = {{'] +
                     text.packed(row.all_errors + ['0']) + ['};'])


def rows(table_rows):
    """rows.c: the dispatch table."""
    lines = []
    for row in table_rows:
        flags = ' | '.join(f'ROW_{flag.upper()}' for flag in row.flags if flag != 'python') or '0'
        lines += [f'    [{row.constant}] =', '        {',
                  f'            .name = {text.quote(row.title)},',
                  f'            .serve = serve_{row.stem},',
                  f'            .errors = {row.stem}_errors,',
                  f'            .flags = {flags},', '        },']
    array = '\n'.join(['const struct call_row call_rows[CALLS_END] = {'] + lines + ['};'])
    return text.file(['<errno.h>', '"call/calls.h"', '"call/stubs.h"', '"daemon/dispatch/dispatch.h"'],
                     [errors(row) for row in table_rows] + [array])


def policy_keys(table_rows):
    """policy-keys.h: the grants that an app can be given."""
    grants = table.grants(table_rows)
    keys = [(f'POLICY_{grant.upper()}', index) for index, grant in enumerate(grants)]
    parts = [text.enum('policy_key', keys + [('POLICY_KEYS', len(keys))])]
    parts.append('\n'.join(
        ['// As manifests and configurations write them.'] +
        [f'#define POLICY_NAME_{grant.upper()} {text.quote(grant)}' for grant in grants]))
    return text.file([], parts, header=True)
