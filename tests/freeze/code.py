# SPDX-License-Identifier: MIT
"""What of an app's code is in its image, and what is beside it: symbols, maps, what was left out."""

import hashlib
import json
import re
import subprocess

import tap
from builds import on_bench

# A comment, a docstring and names that an image must not have, or can do without.
APP = {
    'main.py': '''\
# the innermost secret of the vendor
import lib
def greet(first_argument, second_argument="x", *, third_argument=None):
    """Documentation that stays at home."""
    local_variable = 5
    return first_argument, second_argument, third_argument, local_variable
print(greet(1, second_argument=2, **{"third_argument": 3}))
print(lib.Maker().make(7), __debug__)
try:
    assert local_check(0), "asserted"
    print("no assert")
except NameError:
    print("an assert")
''',
    'lib.py': '''\
class Maker:
    def make(self, never_by_name):
        return (lambda also_never: also_never + 1)(never_by_name)

    def fail(self):
        value = {}

        return value["nothing"]
''',
}


def symbols(bench):
    return json.loads(bench.image.with_suffix('.mpysym').read_text())


def functions(document, module):
    return next(found['functions'] for found in document['modules'] if found['name'] == module)


def test_symbols_name_every_function(bench):
    bench.built(bench.app(APP), '--keep', bench.root / 'kept')
    document = symbols(bench)
    tap.equal((document['format'], document['image_blake2b']),
              (1, hashlib.blake2b(bench.image.read_bytes()).hexdigest()))
    tap.equal([(module['name'], module['file']) for module in document['modules'][:3]],
              [('lib', 'lib.py'), ('main', 'main.py'), ('asyncio', 'asyncio/__init__.py')])
    tap.equal([found['name'] for found in functions(document, 'lib')],
              ['<module>', 'Maker', 'make', '<lambda>', 'fail'])
    tap.equal([line for _, line in functions(document, 'lib')[-1]['lines']], [6, 8])
    table = bench.readelf('-s', bench.root / 'kept/app.elf')
    expected = {(int(address, 16), int(size)) for address, size in re.findall(
        r'([0-9a-f]{16}) +(\d+) OBJECT +LOCAL +\w+ +\w+ fun_data_', table)}
    tap.true(len(expected) > 50, 'functions of the SDK too')
    tap.equal({(found['offset'], found['size']) for module in document['modules']
               for found in module['functions']}, expected, 'places as readelf has them')


def test_native_code_has_a_place_and_no_lines(bench):
    bench.built(bench.app({'main.py': 'import micropython\n@micropython.native\ndef quick(x): return x\n'
                           '@micropython.viper\ndef quicker(x: int) -> int: return x\n'}))
    tap.equal([(found['lines'] == [], found['size'] > 20)
               for found in functions(symbols(bench), 'main')[1:]], [(True, True)] * 2)


def test_link_map(bench):
    bench.built(bench.app(APP))
    text = bench.image.with_suffix('.map').read_text()
    tap.true('fun_data' in text and 'mpyvm.o' in text and 'libc.a' in text, 'parts of the image')
    tap.true(bench.options.sdk not in text, 'no path of this machine')


def test_no_source_is_in_the_image(bench):
    bench.built(bench.app(APP))
    done = subprocess.run(['strings', '-n', '5', bench.image], stdout=subprocess.PIPE, text=True,
                          check=True)
    found = set(done.stdout.splitlines())
    tap.true('first_argument' in found, 'strings finds what is there')
    lines = {line.strip() for text in APP.values() for line in text.splitlines()}
    tap.equal({line for line in lines if len(line) > 8 and line in done.stdout}, set(),
              'no line of the source')
    for text in ('innermost secret', 'stays at home', 'local_variable'):
        tap.true(text not in done.stdout, text)


def test_left_out_lines(bench):
    bench.built(bench.app(APP))
    before, lines = symbols(bench), bench.said()
    bench.built(bench.app(APP), '--strip', 'lines')
    after = symbols(bench)
    tap.equal(bench.said(), lines, 'what the app says')
    tap.equal(lines, ['(1, 2, 3, 5)', '8 True', 'an assert'], 'with asserts')
    for old, new in zip(functions(before, 'main'), functions(after, 'main')):
        saved = old['size'] - new['size']
        tap.true(saved > 0, f'{new["name"]} is smaller')
        tap.equal(new['lines'], [[offset - saved, line] for offset, line in old['lines']],
                  'the lines stay known beside the image')


def test_left_out_asserts(bench):
    bench.built(bench.app(APP), '--strip', 'asserts')
    tap.equal(bench.said(), ['(1, 2, 3, 5)', '8 False', 'no assert'])
    tap.true(b'local_check' not in bench.image.read_bytes(), 'what was asserted')


def test_left_out_names(bench):
    for name in (b'never_by_name', b'also_never'):
        bench.built(bench.app(APP))
        tap.true(name in bench.image.read_bytes(), f'{name} with names')
    bench.built(bench.app(APP), '--strip', 'names', '--strip', 'lines')
    tap.equal(bench.said(), ['(1, 2, 3, 5)', '8 True', 'an assert'], 'what the app says')
    data = bench.image.read_bytes()
    for name in (b'never_by_name', b'also_never', b'first_argument'):
        tap.true(name not in data, f'{name}')
    for name in (b'second_argument', b'third_argument'):
        tap.true(name in data, f'{name} is passed by name')
    bench.built(bench.app({'main.py': 'import micropython\n@micropython.native\ndef f(kept_here): '
                           'return kept_here\n'}), '--strip', 'names')
    tap.true(b'kept_here' in bench.image.read_bytes(), 'names of modules with native code')


def test_report(bench):
    app = bench.app(APP)
    done = bench.build(app, '--strip', 'names', '--strip', 'lines', '--report')
    tap.equal((done.returncode, done.stderr), (0, ''))
    found = re.findall(r'^ *(-?\d+) bytes (.*)$', done.stdout, re.MULTILINE)
    sizes = [int(size) for size, _ in found]
    tap.equal([what for _, what in found],
              ['loaded with nothing left out', 'without lines, as here', 'without asserts',
               'without names, as here', 'loaded as here'])
    whole, lines, asserts, names, here = sizes
    tap.true(whole > 100000 and lines < 0 and asserts < 0 and names < 0, done.stdout)
    tap.true(abs(whole + lines + names - here) <= 64, f'{done.stdout}: the two together')
    tap.true(here <= bench.image.stat().st_size < here + 8 * 4096, 'the image is padded to pages')


def test_what_cannot_be_left_out(bench):
    done = bench.build(bench.app(APP), '--strip', 'bugs')
    tap.equal(done.returncode, 2)
    tap.true("invalid choice: 'bugs'" in done.stderr, done.stderr)


def tests(options):
    return on_bench(options, globals())
