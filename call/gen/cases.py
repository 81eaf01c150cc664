# SPDX-License-Identifier: MIT
"""stub-fakes.inc and stub-cases.inc: what tests/unit/test-stub.c needs to try every row."""

from . import stubs, text


def fakes(rows):
    """FAKE(function, parameters...) for each handler and permission that the stubs call."""
    lines = []
    for row in rows:
        if row.grant:
            lines.append(text.wrap('FAKE', [f'permit_{row.stem}'] + stubs.permit_parameters(row),
                                   ''))
        lines.append(text.wrap('FAKE', [f'handle_{row.stem}'] + stubs.handle_parameters(row), ''))
    return '\n'.join([text.LICENCE, text.ORIGIN] + lines) + '\n'


def argument(row, arg):
    values = stubs.values_name(row, arg) if arg.kind == 'enum' else 'NULL'
    detail = f'HANDLE_{arg.handle_kind.upper()}' if arg.kind == 'handle' else str(len(arg.values))
    return (f'{{TRACE_{arg.kind.upper()}, {stubs.i64(arg.minimum)}, {stubs.i64(arg.maximum)}, '
            f'{detail}, {values}}}')


def cases(rows):
    """The allowed values of enums, then an array of struct stub_case."""
    lines = []
    for row in rows:
        lines += stubs.values(row)
    lines.append('static const struct stub_case stub_cases[] = {')
    for row in rows:
        lines.append(f'    {{{row.constant}, {len(row.args)},')
        lines.append('     {' + ',\n      '.join(argument(row, arg) for arg in row.args) + '}},')
    return '\n'.join([text.LICENCE, text.ORIGIN] + lines + ['};']) + '\n'
