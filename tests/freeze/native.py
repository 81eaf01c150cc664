# SPDX-License-Identifier: MIT
"""Machine code of an app: where the image has it, and what is said where there can be none."""

import argparse
import json
import re
from pathlib import Path

import tap
from builds import on_bench

NATIVE = '''\
@micropython.native
def native_{name}(n):
    return n + 1


@micropython.viper
def viper_{name}(n: int) -> int:
    return n + 2


print(native_{name}(1), viper_{name}(1))
'''
ASSEMBLY = '@micropython.asm_thumb\ndef f(r0):\n    mov(r0, 1)\n'


def without_emitter(sdk, root):
    """The description of an SDK for a machine that mpy-cross has no emitter for."""
    for part in Path(sdk).iterdir():
        if part.name != 'sdk.json':
            (root / part.name).symlink_to(part)
    settings = json.loads(Path(sdk, 'sdk.json').read_text())
    settings['arch'], settings['native'] = 'aarch64', None
    settings['mpy_cross_flags'] = [flag for flag in settings['mpy_cross_flags']
                                   if not flag.startswith('-march')]
    (root / 'sdk.json').write_text(json.dumps(settings))


def test_machine_code_is_text(bench):
    bench.built(bench.app({'main.py': NATIVE.format(name='a'), 'lib.py': NATIVE.format(name='b')}),
                '--keep', bench.root / 'keep')
    elf = bench.root / 'keep/app.elf'
    sections = dict(re.findall(r'^ +\[ *(\d+)\] (\S+)', bench.readelf('-S', elf), re.M))
    rows = [line.split() for line in bench.readelf('-s', elf).splitlines()]
    places = {row[7]: sections.get(row[6]) for row in rows if len(row) == 8}
    # The names of viper functions are not among what mpy-cross hands on.
    code = [name for name, place in places.items()
            if re.match('fun_data_', name) and place == '.text']
    tap.equal(len(code), 4, f'functions of machine code in .text: {sorted(code)}')
    tap.equal(re.findall(r'^ +LOAD .* RWE ', bench.readelf('-l', bench.image), re.M), [],
              'writable and executable')
    tap.equal(re.findall('TEXTREL', bench.readelf('-d', bench.image)), [], 'relocations in code')


def test_assembly_of_another_machine(bench):
    bench.failed(bench.app({'main.py': ASSEMBLY}),
                 'app/main.py:1: assembly of another architecture; on x86_64 there are')


def test_no_emitter(bench):
    sdk = bench.root / 'sdk'
    sdk.mkdir()
    without_emitter(bench.options.sdk, sdk)
    bench.options = argparse.Namespace(**{**vars(bench.options), 'sdk': sdk})
    bench.failed(bench.app({'main.py': 'x = 1\n' + NATIVE.format(name='a')}),
                 'app/main.py:2: no machine code can be made for aarch64; leave the decorator out')


def tests(options):
    return on_bench(options, globals())
