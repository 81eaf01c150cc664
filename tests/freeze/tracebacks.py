# SPDX-License-Identifier: MIT
"""Tracebacks of images with line numbers and without: the same lines, once looked up."""

import json
import re
import subprocess

import tap
from builds import MANIFEST, on_bench

FILES = {
    'main.py': '''\
import parts.deep


class First:
    def run(self, value):
        return parts.deep.divide(value, 0)


class Second:
    def run(self, value):
        # A name that another function of this file has, too.
        return [First().run(item)
                for item in
                (value,)]


def generate():
    yield Second().run(1)


(lambda: list(generate()))()
''',
    'parts/deep.py': '''\


def divide(a, b):
    return (a
            // b)
''',
}


def traceback(bench, *options):
    """The places of the traceback that the image of FILES ends with, outermost first."""
    bench.built(bench.app(FILES, MANIFEST), *options)
    config = bench.root / 'once.conf'
    config.write_text('[restart]\nrestart = no\n')
    done = subprocess.run([bench.options.mpyd, 'run', '--unsigned', '--control=none', '--config', config,
                           '--name', 'under-test', bench.image],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    said = [line for line in done.stdout.splitlines() if '  File "' in line]
    tap.true(said, f'no traceback: {done.stdout}')
    return [re.search(r'File "(.*)", (line (\d+)|offset (0x[0-9a-f]+)), in (\S+)$', line)
            for line in said]


def look_up(symbols, address):
    """(file, line, function) at ADDRESS, of a file of symbols."""
    for module in symbols['modules']:
        for function in module['functions']:
            offset = address - function['offset']
            if 0 <= offset < function['size']:
                line = [line for start, line in function['lines'] if start <= offset][-1]
                return module['file'], line, function['name']
    raise AssertionError(f'{address:#x} is in no function')


def test_offsets_are_where_the_lines_are(bench):
    plain = traceback(bench)
    tap.equal(len(plain), 7, f'{plain}')
    tap.true(all(place[3] for place in plain), f'lines: {plain}')
    stripped = traceback(bench, '--strip', 'lines')
    tap.true(all(place[4] for place in stripped), f'offsets: {stripped}')
    tap.equal([place.group(1, 5) for place in stripped], [place.group(1, 5) for place in plain],
              'files and functions')
    symbols = json.loads(bench.image.with_suffix('.mpysym').read_text())
    found = [look_up(symbols, int(place[4], 16)) for place in stripped]
    tap.equal(found, [(place[1], int(place[3]), place[5]) for place in plain], 'lines')


def tests(options):
    return on_bench(options, globals())
