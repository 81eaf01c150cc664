# SPDX-License-Identifier: MIT
"""Compiles the modules to bytecode, with mpy-cross."""

import codecs
import re
from pathlib import Path

from . import run
from .errors import BuildError

PLACE = re.compile(r'  File "(.*)", line (\d+)')


def _no_machine_code(sdk):
    """What mpy-cross calls "invalid arch"."""
    if sdk.native:
        return (f'assembly of another architecture; on {sdk.arch} there are @micropython.native and '
                '@micropython.viper')
    return (f'no machine code can be made for {sdk.arch}; leave the decorator out, and it runs as '
            'bytecode')


def _explain(sdk, module, output):
    """mpy-cross's traceback, as one line."""
    line = ''
    message = 'cannot be compiled'
    for text in output.splitlines():
        place = PLACE.match(text)
        if place:
            line = f':{place[2]}'
        elif text.strip() and not text.startswith('Traceback'):
            message = text.strip()
    if message == 'SyntaxError: invalid arch':
        message = _no_machine_code(sdk)
    return BuildError(f'{module.file}{line}: {message}')


def _text(module):
    """What mpy-cross is given: it takes any bytes for text and would pass them on, and a mark at the
    beginning for part of a name."""
    try:
        module.data.decode()
    except UnicodeDecodeError as error:
        line = module.data.count(b'\n', 0, error.start) + 1
        raise BuildError(f'{module.file}:{line}: is not UTF-8') from None
    return module.data.removeprefix(codecs.BOM_UTF8)


def compile_modules(sdk, modules, work, asserts=True):
    """Compiles MODULES into files below WORK, without assert statements unless ASSERTS. Returns
    the files, in the same order."""
    options = [] if asserts else ['-O1']

    def compile_one(numbered):
        number, module = numbered
        text, output = Path(work, f'{number}.text'), Path(work, f'{number}.mpy')
        text.write_bytes(_text(module))
        try:
            run.run([*sdk.mpy_cross, *options, '-s', module.path, '-o', output, text], work)
        except run.ToolError as error:
            raise _explain(sdk, module, error.output) from None
        return output

    return run.in_parallel(compile_one, enumerate(modules))
