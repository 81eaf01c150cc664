# SPDX-License-Identifier: MIT
"""Drives MicroPython's mpy-tool.py, as it is: .mpy files in, one C file of constants out.

What upstream's own main() does not get right is put right from here, by subclasses:
  - a_b.py and a/b.py give the same C symbol, and a-b.py gives none: ours are numbered;
  - "a b" and "a_space_b" are the same identifier to it, and so become the same string;
  - floats are printed with 16 digits, and not at all where they are infinite: ours are exact;
  - integers have at most 4300 digits, of old with Python itself: ours have any number.
"""

import contextlib
import importlib.util
import io
import re
import sys
from dataclasses import dataclass, field

from . import functions
from .errors import BuildError

STRIPPABLE = {
    'lines': 'line numbers: a traceback then has offsets, which the file of symbols resolves',
    'asserts': 'assert statements, and what depends on __debug__',
    'names': 'names of arguments that nothing in the image passes by name',
}


@dataclass
class Frozen:
    """What the modules became; the lists have an entry for each, in their order."""
    text: str = ''                                 # of a C file
    functions: list = field(default_factory=list)  # lists of functions.Function
    strings: list = field(default_factory=list)    # sets of what functions.strings() says


def _load(file):
    """mpy-tool.py of the SDK as a module; its name is no identifier."""
    sys.path.insert(0, str(file.parent))  # from where it finds its makeqstrdata
    spec = importlib.util.spec_from_file_location('mpy_tool', file)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def _qstr_type(base, known):
    """QStrType whose identifiers are injective. KNOWN: identifier -> string, of the firmware."""
    class DistinctQStr(base):
        def __init__(self, text):
            super().__init__(text)
            ident, number = self.qstr_esc, 2
            while known.setdefault(self.qstr_esc, text) != text:
                self.qstr_esc = f'{ident}__{number}'
                number += 1
            self.qstr_id = 'MP_QSTR_' + self.qstr_esc
    return DistinctQStr


def _qstr_list(base):
    """GlobalQStrList that finds a string without looking at all of them, and holds each once."""
    class IndexedQStrList(base):
        def __init__(self):
            super().__init__()
            self.by_text = {q.str: q for q in self.qstrs if q is not None}

        def add(self, s):
            if s not in self.by_text:
                self.by_text[s] = super().add(s)
            return self.by_text[s]

        def find_by_str(self, s):
            return self.by_text.get(s)
    return IndexedQStrList


def _float(value):
    """A double as a C expression, to the last bit."""
    if value != value:
        return '__builtin_nan("")'
    if value in (float('inf'), float('-inf')):
        return ('-' if value < 0 else '') + '__builtin_inf()'
    return value.hex()


def _module_type(base):
    """CompiledModule whose floats are exact; for object representation A, which the port uses."""
    class ExactModule(base):
        def freeze_constant_obj(self, obj_name, obj):
            if isinstance(obj, float):
                print(f'static const mp_obj_float_t {obj_name} = '
                      f'{{{{&mp_type_float}}, {_float(obj)}}};')
            elif isinstance(obj, complex):
                print(f'static const mp_obj_complex_t {obj_name} = '
                      f'{{{{&mp_type_complex}}, {_float(obj.real)}, {_float(obj.imag)}}};')
            else:
                return super().freeze_constant_obj(obj_name, obj)
            return f'MP_ROM_PTR(&{obj_name})'
    return ExactModule


def _number_symbols(module, number):
    """Gives MODULE and its functions C symbols that nothing else has."""
    def rename(code, index=0):
        name = re.sub(r'[^A-Za-z0-9_]', '_', code.escaped_name)
        code.escaped_name = f'f{number}_{index}_{name}'
        for child in code.children:
            index = rename(child, index + 1)
        return index

    module.escaped_name = f'm{number}_' + re.sub(r'[^A-Za-z0-9_]', '_', module.escaped_name)
    rename(module.raw_code)


def _adapt(tool, modules):
    """Puts our classes in the place of the tool's. MODULES: those that will be read, in order."""
    strings = tool.qstrutil
    known = {strings.qstr_escape(text): text for text in strings.static_qstr_list}
    parse_input_headers, read_mpy = strings.parse_input_headers, tool.read_mpy
    unread = enumerate(modules)

    def parse_and_remember(files):
        settings, firmware = parse_input_headers(files)
        known.update(firmware.values())
        return settings, firmware

    def read_and_number(file):
        number, source = next(unread)
        try:
            module = read_mpy(file)
        except UnicodeDecodeError as error:
            raise BuildError(f'{source.file}: has a string that is no Unicode text: '
                             f'{error.object!r}; write it as bytes') from None
        _number_symbols(module, number)
        module.mpy_source_file = module.source_file.str  # no path of this machine
        return module

    strings.parse_input_headers, tool.read_mpy = parse_and_remember, read_and_number
    # The tool takes every target for one of 16 bits. bytes(n) and others take small integers only.
    tool.mp_small_int_fits = lambda value: -(1 << 62) <= value < 1 << 62
    tool.QStrType = _qstr_type(tool.QStrType, known)
    tool.GlobalQStrList = _qstr_list(tool.GlobalQStrList)
    tool.CompiledModule = _module_type(tool.CompiledModule)


def _drop_unused_strings(tool, modules):
    used = {string.str for module in modules for string in module.qstr_table}
    used |= {text for module in modules for constant in module.obj_table
             for text in functions.texts(constant)}
    known = tool.global_qstrs
    known.qstrs = [string for string in known.qstrs if string and string.str in used]
    known.by_text = {string.str: string for string in known.qstrs}


def _strip(tool, modules, strip, strings):
    if 'lines' in strip:
        for module in modules:
            functions.strip_lines(tool, module)
    if 'names' in strip:
        keep = set().union(*strings)
        for module in modules:
            functions.strip_names(tool, module, keep, tool.global_qstrs.find_by_str(''))
        _drop_unused_strings(tool, modules)


def _observe(tool, strip, frozen):
    """Has the tool put into FROZEN what it is about to freeze, and take out STRIP before."""
    freeze_mpy = tool.freeze_mpy

    def strip_and_freeze(firmware, modules):
        known = [[functions.lines(code) for code in functions.walk(module.raw_code)]
                 for module in modules]
        frozen.strings = [functions.strings(tool, module) for module in modules]
        _strip(tool, modules, strip, frozen.strings)
        frozen.functions = list(map(functions.describe, modules, known))
        freeze_mpy(firmware, modules)

    tool.freeze_mpy = strip_and_freeze


def freeze(sdk, modules, files, strip=()):
    """Freezes MODULES, compiled into FILES (.mpy), in that order. STRIP: what to leave out, of
    STRIPPABLE."""
    tool, frozen = _load(sdk.mpy_tool), Frozen()
    _adapt(tool, modules)
    _observe(tool, strip, frozen)
    sys.set_int_max_str_digits(0)  # the limit is for what strangers send
    text, errors = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(errors):
            tool.main([*sdk.mpy_tool_flags, *map(str, files)])
    except SystemExit:
        raise BuildError('the modules cannot be frozen: ' +
                         ' '.join(errors.getvalue().split())) from None
    frozen.text = text.getvalue()
    return frozen
