# SPDX-License-Identifier: MIT
"""proxies.h and proxies.c: the worker's side, one C function a call."""

from . import text

VALUES = {'u32': 'uint32_t ', 'handle': 'uint32_t ', 'enum': 'uint32_t ', 'i64': 'int64_t ',
          'bool': 'bool ', 'f64': 'double ', 'address': 'const struct wire_address *'}
BUFFERS = {'str': 'const char *', 'bytes': 'const void *', 'out': 'void *'}

IDEA = text.comment(
    'Each makes its call and waits for the end of it. Returns the result, >= 0, or -errno: -EMSGSIZE '
    'for a buffer above the call\'s maximum, -ENOBUFS if the arena has no room, else what the '
    'supervisor says.')


def parameters(row):
    result = []
    for arg in row.args:
        if arg.is_buffer:
            result += [BUFFERS[arg.kind] + arg.name, f'size_t {arg.name}_size']
        else:
            result.append(VALUES[arg.kind] + arg.name)
    return result


def prototype(row, tail, result='int64_t'):
    return text.prototype(result, f'call_{row.stem}', parameters(row), tail)


def describe(row):
    return text.comment(f'{row.title}: {row.summary}')


def header(rows):
    parts = [IDEA] + [describe(row) + '\n' + prototype(row, ';') for row in rows]
    return text.file(['<stdbool.h>', '<stddef.h>', '<stdint.h>', '"call/wire.h"'], parts,
                     header=True)


def length_argument(row):
    """The out argument whose filled part the result tells, if any: the first."""
    outs = [arg for arg in row.args if arg.kind == 'out']
    return outs[0] if outs and row.result == 'length' else None


def argument(row, arg):
    place = str(arg.index)
    if arg.kind == 'f64':
        return text.statement('proxy_f64', ['&proxy', place, arg.name])
    if arg.kind == 'address':
        return text.statement('proxy_in', ['&proxy', place, arg.name, f'sizeof(*{arg.name})',
                                           f'sizeof(*{arg.name})'])
    if arg.kind in ('str', 'bytes'):
        return text.statement('proxy_in', ['&proxy', place, arg.name, f'{arg.name}_size',
                                           str(arg.maximum)])
    if arg.kind == 'out':
        function = 'proxy_out_length' if arg is length_argument(row) else 'proxy_out'
        return text.statement(function, ['&proxy', place, arg.name, f'{arg.name}_size',
                                         str(arg.maximum)])
    return text.statement('proxy_value', ['&proxy', place,
                                          f'(uint64_t){arg.name}' if arg.kind == 'i64' else
                                          arg.name])


def function(row):
    lines = [prototype(row, ' {', 'PROXY int64_t'), '    struct proxy proxy = {0};', '']
    if 'secret' in row.flags:
        lines.append('    proxy.is_secret = true;')
    lines += [argument(row, arg) for arg in row.args]
    lines += [f'    return proxy_call(&proxy, {row.constant});', '}']
    return '\n'.join(lines)


def source(rows):
    return text.file(['"call/calls.h"', '"call/proxy.h"'], [function(row) for row in rows],
                     main='"call/proxies.h"')
