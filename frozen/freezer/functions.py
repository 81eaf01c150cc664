# SPDX-License-Identifier: MIT
"""The functions of compiled modules, as mpy-tool reads them: their line numbers and names, and how
to do without.

A function is bytes: prelude, then opcodes. The prelude holds the size of what follows, the function's
and its arguments' names as indices into the module's table of strings, pairs of numbers that say
which line an opcode is of, and what cells it closes over (py/bc.h).
"""

from dataclasses import dataclass


@dataclass
class Function:
    """For the file of symbols."""
    symbol: str   # of its bytes, in app.elf
    name: str
    size: int     # of its bytes
    lines: list   # (offset in its bytes, line), ascending


def walk(code):
    """CODE, a module's outermost, and all below it, in the order in which they stand."""
    yield code
    for child in code.children:
        yield from walk(child)


def is_bytecode(code):
    return hasattr(code, 'obj_table')  # of mpy-tool's classes, only that of bytecode has one


def lines(code):
    """[(offset of the opcode, line)]: from there on, CODE is of that line; [] of native code."""
    if not is_bytecode(code):
        return []
    data, place = code.fun_data, code.offset_line_info
    offset, line, found = 0, 1, {0: 1}
    while place < code.offset_closure_info:
        first = data[place]
        if first & 0x80:
            skipped, more = first & 0xf, (first << 4) & 0x700 | data[place + 1]
            place += 2
        else:
            skipped, more = first & 0x1f, first >> 5
            place += 1
        offset, line = offset + skipped, line + more
        found[offset] = line
    return sorted(found.items())


def _used_strings(tool, code):
    """Indices into the table of strings that the opcodes of CODE use."""
    place = code.offset_opcodes
    while place < len(code.fun_data):
        kind, size, argument, _ = tool.mp_opcode_decode(code.fun_data, place)
        if kind == tool.MP_BC_FORMAT_QSTR:
            yield argument
        place += size


def texts(constant):
    """Every string in CONSTANT, which may be a tuple of constants."""
    if isinstance(constant, str):
        yield constant
    elif isinstance(constant, tuple):
        for part in constant:
            yield from texts(part)


def strings(tool, module):
    """The strings that the code of MODULE can have at run time: attributes, globals, keywords and
    constants, but not the names of arguments alone."""
    found = {text for constant in module.obj_table for text in texts(constant)}
    for code in walk(module.raw_code):
        if not is_bytecode(code):  # which of the table's it uses, only a disassembler knows
            return found | {string.str for string in module.qstr_table}
        found.update(module.qstr_table[index].str for index in _used_strings(tool, code))
    return found


def _rewrite(tool, code, names, line_info):
    """Gives CODE a prelude with NAMES, indices into the table of strings, and LINE_INFO."""
    data = code.fun_data
    information = b''.join(map(bytes, map(tool.mp_encode_uint, names))) + line_info
    closure = data[code.offset_closure_info:code.offset_opcodes]
    code.fun_data = b''.join((
        data[:code.offset_prelude_size],
        tool.encode_prelude_size(len(information), len(closure)), information, closure,
        data[code.offset_opcodes:]))
    (code.offset_prelude_size, code.offset_source_info, code.offset_line_info,
     code.offset_closure_info, code.offset_opcodes, code.prelude_signature, code.prelude_size,
     code.names) = tool.extract_prelude(code.fun_data, 0)


def strip_lines(tool, module):
    for code in walk(module.raw_code):
        if is_bytecode(code):
            _rewrite(tool, code, code.names, b'')


def strip_names(tool, module, keep, nothing):
    """Takes the names of arguments that are not in KEEP out of MODULE. NOTHING: the empty string."""
    codes = list(walk(module.raw_code))
    if not all(map(is_bytecode, codes)):
        return  # native code refers to the table of strings in ways of its own
    module.qstr_table.append(nothing)
    empty = len(module.qstr_table) - 1
    used = {0, empty}
    for code in codes:
        names = [index if module.qstr_table[index].str in keep else empty
                 for index in code.names[1:]]
        _rewrite(tool, code, [code.names[0], *names],
                 code.fun_data[code.offset_line_info:code.offset_closure_info])
        used.update(code.names, _used_strings(tool, code))
    for index in set(range(len(module.qstr_table))) - used:
        module.qstr_table[index] = nothing


def describe(module, known):
    """The functions of MODULE. KNOWN: lines() of each, before anything was stripped."""
    return [Function(f'fun_data_{code.escaped_name}', code.simple_name.str, len(code.fun_data),
                     [(offset + getattr(code, 'offset_opcodes', 0), line)
                      for offset, line in numbered])
            for code, numbered in zip(walk(module.raw_code), known)]
