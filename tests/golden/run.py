#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of call/gencalls.

    run.py good [--update]      a small table: outputs are compared whole with good/
    run.py bad                  bad.txt: tables that fail at the right line with the right message
    run.py abi                  what a reviewed call table refuses
    run.py compile              the real table plus a row: outputs compile, a missing handler does not
                                link, a present one does
    run.py module --sdk DIR     the Python module of the small table compiles
"""

import argparse
import csv
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GENCALLS = ROOT / 'call' / 'gencalls'
TABLE = ROOT / 'call' / 'calls.csv'
ABI = ROOT / 'call' / 'calls.abi'
HEADER = 'number,group,name,since,args,result,errors,grant,flags,summary'
NEW_ROW = ('4000,fresh,probe,9,"on:bool gain:f64 text:str(10) data:bytes(20) back:out(30) '
           'where:address",length,EIO,,later,"A call that was just added."')
WARNINGS = ['-std=gnu17', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Wshadow',
            '-Wmissing-prototypes', '-Wstrict-prototypes', '-Wvla', '-Wformat=2', '-Werror']


class Failure(Exception):
    """What is not as it must be."""


def expect(condition, message):
    if not condition:
        raise Failure(message)


def gencalls(*arguments):
    return subprocess.run([GENCALLS, *arguments], capture_output=True, text=True, check=False)


def generate(table, directory):
    done = gencalls(table, '--output-dir', directory)
    expect(done.returncode == 0 and done.stderr == '', f'{table}: {done.stderr}')


def files(directory):
    return {path.name: path.read_text() for path in pathlib.Path(directory).iterdir()}


def test_good(temporary, options):
    golden = HERE / 'good'
    generate(HERE / 'good.csv', golden if options.update else temporary)
    if options.update:
        return
    expected, made = files(golden), files(temporary)
    expect(expected.keys() == made.keys(),
           f'outputs differ: {sorted(expected.keys() ^ made.keys())}')
    for name in expected:
        difference = list(difflib.unified_diff(expected[name].splitlines(), made[name].splitlines(),
                                               f'good/{name}', f'made/{name}', lineterm=''))
        expect(not difference, '\n'.join(difference))


def bad_cases():
    """(title, table, complaints) of each section of bad.txt."""
    for section in re.split(r'^== ', (HERE / 'bad.txt').read_text(), flags=re.MULTILINE)[1:]:
        title, *lines = section.rstrip('\n').split('\n')
        rows = [line for line in lines if line and not line.startswith('-- ')]
        if 'group' not in rows[0]:
            rows.insert(0, HEADER)
        yield title, '\n'.join(rows) + '\n', [line[3:] for line in lines if line.startswith('-- ')]


def test_bad(temporary, _options):
    table = temporary / 'calls.csv'
    count = 0
    for title, text, complaints in bad_cases():
        table.write_text(text)
        done = gencalls(table, '--output-dir', temporary / 'out')
        expect(done.returncode == 1, f'{title}: exit status {done.returncode}')
        expected = [f'{table}:{complaint}' for complaint in complaints]
        expect(expected and done.stderr.splitlines() == expected,
               f'{title}: expected\n' + '\n'.join(expected) + f'\ngot\n{done.stderr}')
        expect(not (temporary / 'out').exists(), f'{title}: outputs of a bad table')
        count += 1
    expect(count >= 35, f'only {count} bad tables found')
    done = gencalls(temporary / 'absent.csv', '--output-dir', temporary / 'out')
    expect(done.returncode == 1 and 'No such file' in done.stderr, done.stderr)


def changed_table(temporary, change):
    """A copy of the real table whose rows CHANGE has been at; none is quoted the way it was."""
    with TABLE.open(newline='') as file:
        rows = list(csv.reader(file))
    change(rows)
    path = temporary / 'calls.csv'
    with path.open('w', newline='') as file:
        csv.writer(file, lineterminator='\n').writerows(rows)
    return path


def test_abi(temporary, _options):
    def abi(change):
        return gencalls(changed_table(temporary, change), '--abi', ABI)

    def replace_argument(rows):
        rows[3][4] = rows[3][4].replace('i64(-1..)', 'i64')

    done = abi(lambda rows: None)
    expect(done.returncode == 0, f'the table as it is: {done.stderr}')
    done = abi(lambda rows: rows[1].__setitem__(9, 'Another summary.'))
    expect(done.returncode == 0, f'a summary is no ABI: {done.stderr}')
    for message, change in {
            ':4: call 2 has changed': replace_argument,
            ':2: call 0 has changed': lambda rows: rows[1].__setitem__(2, 'noop'),
            'call 3 is gone': lambda rows: rows.pop(4),
            f':{len(TABLE.read_text().splitlines()) + 1}: new call':
                lambda rows: rows.append(next(csv.reader([NEW_ROW])))}.items():
        done = abi(change)
        expect(done.returncode == 1 and message in done.stderr, f'no "{message}" in: {done.stderr}')


def compile_c(compiler, source, includes, target, more=()):
    command = [compiler, *WARNINGS, *(f'-I{include}' for include in includes), *more, '-c', source,
               '-o', target]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    expect(done.returncode == 0 and done.stderr == '', f'{" ".join(map(str, command))}\n{done.stderr}')


def kernel_headers(directory):
    """A folder with nothing but the kernel's headers, which musl does not bring."""
    directory.mkdir()
    done = subprocess.run(['gcc', '-print-multiarch'], capture_output=True, text=True, check=True)
    for name, path in {'linux': 'linux', 'asm-generic': 'asm-generic',
                       'asm': f'{done.stdout.strip()}/asm'}.items():
        (directory / name).symlink_to(pathlib.Path('/usr/include') / path)
    return directory


def missing_functions(temporary, objects, fakes):
    """Which handlers and permissions OBJECTS lack when linked with those that FAKES define."""
    source = temporary / 'fakes.c'
    source.write_text('#include "call/stubs.h"\n'
                      '#pragma GCC diagnostic ignored "-Wunused-parameter"\n'
                      '#define FAKE(name, ...) int name(__VA_ARGS__) { return 0; }\n' + fakes)
    compile_c('gcc', source, [temporary, ROOT], temporary / 'fakes.o')
    done = subprocess.run(['gcc', '-shared', '-Wl,-z,defs', '-o', temporary / 'out.so',
                           temporary / 'fakes.o', *objects],
                          capture_output=True, text=True, check=False)
    undefined = set(re.findall(r"undefined reference to `(\w+)'", done.stderr))
    expect('stub_unused' in undefined, f'the linker says nothing: {done.stderr}')
    return {name for name in undefined if re.match(r'handle_|permit_|serve_', name)}


def test_compile(temporary, _options):
    table = changed_table(temporary, lambda rows: rows.append(next(csv.reader([NEW_ROW]))))
    generated = temporary / 'call'
    generate(table, generated)
    includes = [temporary, ROOT]
    objects = []
    for name in ('calls', 'proxies', 'stubs', 'rows', 'trace-table'):
        objects.append(temporary / f'{name}.o')
        compile_c('gcc', generated / f'{name}.c', includes, objects[-1])
    kernel = kernel_headers(temporary / 'kernel')
    for name in ('calls', 'proxies'):
        compile_c('musl-gcc', generated / f'{name}.c', includes + [kernel],
                  temporary / f'{name}-musl.o')
    for name in ('calls', 'proxies', 'stubs', 'policy-keys'):
        source = temporary / 'alone.c'
        source.write_text(f'#include "call/{name}.h"\n')
        compile_c('gcc', source, includes, temporary / 'alone.o')

    fakes = (generated / 'stub-fakes.inc').read_text()
    missing = missing_functions(temporary, objects, fakes)
    expect(not missing, f'with all handlers, the linker still wants {missing}')
    without = re.sub(r'^FAKE\(handle_fresh_probe,(.|\n)*?\)$', '', fakes, flags=re.MULTILINE)
    missing = missing_functions(temporary, objects, without)
    expect(missing == {'handle_fresh_probe'}, f'a handler is missing, the linker wants {missing}')


def test_module(temporary, options):
    expect(options.sdk, 'module needs --sdk')
    generated = temporary / 'call'
    generate(HERE / 'good.csv', generated)
    # The build collects a module's names and numbers them; here any number does.
    names = set(re.findall(r'MP_QSTR_\w+', (generated / 'module.c').read_text()))
    source = temporary / 'named.c'
    source.write_text('#include "py/qstr.h"\n' +
                      ''.join(f'#define {name} MP_QSTRnull\n' for name in sorted(names)) +
                      '#include "call/module.c"\n')
    compile_c('musl-gcc', source, [temporary, ROOT], temporary / 'module.o',
              ['-isystem', options.sdk / 'include', '-idirafter', options.sdk / 'include/kernel',
               '-Wno-unused-parameter'])


def main():
    tests = {'good': test_good, 'bad': test_bad, 'abi': test_abi, 'compile': test_compile,
             'module': test_module}
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('test', choices=tests)
    parser.add_argument('--update', action='store_true')
    parser.add_argument('--sdk', type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        try:
            tests[options.test](pathlib.Path(temporary), options)
        except Failure as failure:
            print(failure, file=sys.stderr)
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
