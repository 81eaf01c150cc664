# SPDX-License-Identifier: MIT
"""mpyfreeze test: what is a test, what it may, and what is said about it."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import builds
import service
import tap

MANIFEST = ('name = "under-test"\nversion = "1"\nentry = "main"\n'
            '[grants]\nlisten = ["tcp:127.0.0.1:8095"]\n')
MAIN = 'def add(a, b):\n    return a + b\n'
FAILED = 3  # exit status
BOTH = Path(__file__).with_name('both.py').read_text()
BOTH_VERDICTS = '''\
tests.test_both.Asserts.test_that_do_not ... ok
tests.test_both.Asserts.test_that_hold ... ok
torn down
left behind, and ended
tests.test_both.Async.test_wait ... ok
tests.test_both.Marks.test_expected ... failed as expected
tests.test_both.Marks.test_skip ... skipped (by hand)
tests.test_both.Marks.test_skip_if ... skipped (is one)
tests.test_both.Marks.test_skip_unless ... ok
tests.test_both.Order.test_1 ... ok
tests.test_both.Order.test_2 ... skipped (not here)
order ['class', 'up', 1, 'down', 'cleanup', 'up', 'down', 'first', 'cleanup']
tests.test_both.Skipped.test ... skipped (the whole class)'''.splitlines()


class Bench(builds.Bench):
    def test(self, directory, *more, status=0):
        """Lines that mpyfreeze test says of DIRECTORY, without what differs each time."""
        done = self.freeze('test', directory, '--sdk', self.options.sdk, '--mpyd',
                           os.path.abspath(self.options.mpyd), *more)
        tap.equal(done.returncode, status, f'exit status; it said:\n{done.stdout}{done.stderr}')
        self.errors = done.stderr.splitlines()
        return re.sub(r' in [0-9.]+ s: |( \([0-9.]+ ms\))$', lambda match: '' if match[1] else ': ',
                      done.stdout, flags=re.MULTILINE).splitlines()


def test_same_tests_as_under_cpython(bench):
    app = bench.app({'main.py': MAIN, 'tests/test_both.py': BOTH, 'tests/helper.py': 'ONE = 1\n'},
                    MANIFEST)
    done = subprocess.run([sys.executable, '-B', 'test_both.py', '-v'], cwd=app / 'tests',
                          capture_output=True, text=True, check=False)
    tap.equal(done.returncode, 0, done.stderr)
    tap.true('OK (skipped=4, expected failures=1)' in done.stderr, done.stderr)
    lines = bench.test(app, '-v')
    tap.equal(sorted(lines[:-2]), sorted(BOTH_VERDICTS))
    tap.equal(lines[-1], '10 tests: 5 ok, 4 skipped, 1 failed as expected')
    tap.equal(done.stdout.splitlines(), [line for line in lines[:-2] if ' ... ' not in line])


FAILURES = '''import sys
import unittest
import main


def test_plain():
    assert main.add(1, 2) == 3


async def test_wrong():
    assert main.add(1, 2) == 4, "not four"


def test_exit():
    sys.exit(0)


class Case(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(main.add([1], [2]), [1, 3], "sums")

    def test_sub(self):
        for i in range(3):
            with self.subTest(i=i):
                self.assertEqual(i, 1)

    @unittest.expectedFailure
    def test_works(self):
        pass


class Unready(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise ValueError("no")

    def test(self):
        pass
'''
FAILURES_SAID = '''\
test_it: 1 ok, 3 failed, 2 in error, 1 ok unexpectedly

ERROR: test_it.test_exit
Traceback (most recent call last):
  File "{app}/test_it.py", line 15, in test_exit
SystemExit: 0

FAIL: test_it.test_wrong
Traceback (most recent call last):
  File "{app}/test_it.py", line 11, in test_wrong
AssertionError: not four

FAIL: test_it.Case.test_equal
Traceback (most recent call last):
  File "{app}/test_it.py", line 20, in test_equal
AssertionError: [1, 2] != [1, 3]
different from 1 on; 2 and 2 long : sums

FAIL: test_it.Case.test_sub (i=0)
Traceback (most recent call last):
  File "{app}/test_it.py", line 25, in test_sub
AssertionError: 0 != 1

FAIL: test_it.Case.test_sub (i=2)
Traceback (most recent call last):
  File "{app}/test_it.py", line 25, in test_sub
AssertionError: 2 != 1

OK UNEXPECTEDLY: test_it.Case.test_works
it is marked with expectedFailure

ERROR: test_it.Unready.setUpClass
Traceback (most recent call last):
  File "{app}/test_it.py", line 35, in setUpClass
ValueError: no

7 tests: 1 ok, 3 failed, 2 in error, 1 ok unexpectedly'''


def test_failures_are_told_with_their_places(bench):
    app = bench.app({'main.py': MAIN, 'test_it.py': FAILURES}, MANIFEST)
    tap.equal('\n'.join(bench.test(app, status=FAILED)), FAILURES_SAID.replace('{app}', str(app)))
    lines = bench.test(app, '-v', '-k', 'plain', '-k', 'test_it.*.test_*rk*', status=FAILED)
    tap.equal([line for line in lines if ' ... ' in line],
              ['test_it.test_plain ... ok', 'test_it.Case.test_works ... OK UNEXPECTEDLY'])


BROKEN = '''import calls
import time
import uctypes


def test_a_crash():
    uctypes.bytearray_at(16, 8)[0] = 1


def test_b_good():
    pass


def test_c_hang():
    time.sleep(1000)


def test_d_flood():
    for _ in range(40):
        calls.log_write(6, "water\\n" * 680)  # of many lines in one call, to be fast anywhere


def test_e_recursion():
    test_e_recursion()


def test_f_memory():
    hoard = []
    while True:
        hoard.append(bytes(1000))


def test_g_good():
    print("half a line", end="")
'''
BROKEN_SAID = '''\
test_broken.test_a_crash ... ERROR (crashed: SIGSEGV)
test_broken.test_b_good ... ok
test_broken.test_c_hang ... ERROR (still running after 5 seconds)
test_broken.test_d_flood ... ok
test_broken.test_e_recursion ... ERROR
test_broken.test_f_memory ... ERROR
test_broken.test_g_good ... ok
test_other.test ... ok'''.splitlines()


def test_one_test_does_not_take_others_along(bench):
    app = bench.app({'main.py': MAIN, 'test_broken.py': BROKEN, 'test_other.py': 'def test(): pass',
                     'test_another.py': 'import nosuch\ndef test(): pass\n'}, MANIFEST)
    lines = bench.test(app, '-v', '--timeout', '5', status=FAILED)
    tap.equal([line for line in lines if line.startswith(('test_broken', 'test_other'))
               and ' ... ' in line], BROKEN_SAID)
    tap.true('test_another ... ERROR' in lines, 'a module that cannot be imported')
    tap.true(any('log messages dropped' in line for line in lines), 'the flood is told')
    tap.true('half a line' in lines, 'what the app prints is shown')
    tap.true(any(line.startswith('  and the same') for line in lines), 'the recursion is not')
    tap.equal(lines[-1], '9 tests: 4 ok, 5 in error')
    tap.equal([line.partition('test_another.py')[2] for line in bench.errors],
              [':1: there is no module "nosuch" in the image: to import it fails'])


GRANTED = '''import gc
import socket
import unittest


class Granted(unittest.TestCase):
    def bind(self, port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.close()

    def test_only_what_is_granted(self):
        self.bind(8095)
        with self.assertRaises(PermissionError):
            self.bind(8096)

    def test_memory(self):
        heap = gc.mem_alloc() + gc.mem_free()
        self.assertTrue(76 << 10 < heap <= 80 << 10, "16K and those of the tests: %d" % heap)

    def test_resources(self):
        with open("/res/text") as file:
            self.assertEqual(file.read(), "a resource")
'''


def test_sandbox_is_the_apps(bench):
    manifest = MANIFEST.replace('[grants]', 'resources = "www"\n[memory]\nheap = "16K"\n[grants]')
    files = {'main.py': MAIN, 'tests/deep/test_granted.py': GRANTED, 'www/text': 'a resource',
             'www/test_no.py': '('}
    tap.equal(bench.test(bench.app(files, manifest))[0], 'tests.deep.test_granted: 3 ok')
    named = manifest.replace('[memory]', 'modules = ["main.py"]\n[memory]')
    tap.equal(bench.test(bench.app(files, named))[0], 'tests.deep.test_granted: 3 ok')


def test_images_have_no_tests(bench):
    files = {'main.py': MAIN, 'test_x.py': '(', 'tests/y.py': '(', 'p/tests/z.py': '(',
             'p/contest.py': '', 'p/test_w.py': ''}
    bench.built(bench.app(files, MANIFEST))
    tap.equal([line for line in bench.facts() if line.startswith('module')],
              [f'module main {len(MAIN)}', 'module p.contest 0'])
    bench.built(bench.app(files, 'modules = ["main.py", "p/test_w.py"]\n' + MANIFEST))
    tap.equal([line for line in bench.facts() if line.startswith('module')],
              [f'module main {len(MAIN)}', 'module p.test_w 0'])


def test_what_cannot_be_run(bench):
    app = bench.app({'main.py': MAIN}, MANIFEST)
    for files, more, expected in (
            ({}, [], f'mpyfreeze: {app}: there are no tests; write some into files test_*.py, '
             'there or in a directory tests'),
            ({'test_a.py': 'def test_it(): pass'}, ['-k', 'nothing'],
             'mpyfreeze: no test was found to run; is -k what you mean?'),
            ({}, ['--mpyd', '/no/mpyd'], 'mpyfreeze: --mpyd /no/mpyd: is no program'),
            ({}, ['--mpyd', '/bin/false'],
             'mpyfreeze: the tests cannot be run: mpyd said nothing'),
            ({'unittest.py': ''}, [], f'mpyfreeze: {app}/unittest.py: tests bring a module '
             '"unittest" of their own; rename this one'),
            ({'test_a.py': 'def test_it(:'}, [], f'mpyfreeze: {app}/test_a.py:1: SyntaxError: '
             'invalid syntax')):
        bench.app(files, MANIFEST)
        bench.test(app, *more, status=1)
        tap.equal(bench.errors, [expected])
        (app / 'unittest.py').unlink(missing_ok=True)
    for timeout in ('0', 'x', 'nan'):
        bench.test(app, '--timeout', timeout, status=2)
        tap.equal(bench.errors[-1], 'mpyfreeze test: error: argument --timeout: '
                  f'{timeout!r} is no number of seconds above 0')


def test_interrupt_leaves_nothing(bench):
    app = bench.app({'main.py': MAIN, 'test_slow.py': 'import time\n\n\ndef test_slow():\n'
                     '    print("begun")\n    time.sleep(1000)\n'}, MANIFEST)
    running = service.Service([bench.options.mpyfreeze, 'test', str(app), '--sdk', bench.options.sdk,
                               '--mpyd', os.path.abspath(bench.options.mpyd)])
    try:
        running.wait_line('^begun$')
        below = service.descendants(running.pid)
        tap.true(len(below) >= 3, f'mpyd, its spawner and its worker: {below}')
    finally:
        status = running.stop(signal.SIGINT)
    tap.equal(status, 130, running.output())
    end = time.monotonic() + 10
    while any(os.path.exists(f'/proc/{pid}') for pid in below):
        tap.true(time.monotonic() < end, f'still there: {below}')
        time.sleep(0.02)


def test_watch_builds_again_after_changes(bench):
    app = bench.app({'main.py': 'x = 1\n'})

    def change(text):
        (app / '.new').write_text(text)
        (app / '.new').rename(app / 'main.py')

    image = app / 'app.mpyimg'  # what is written is no change, and nor is what is kept
    watching = service.Service([bench.options.mpyfreeze, 'build', str(app), '-o', str(image), '--sdk',
                                bench.options.sdk, '--watch', '--keep', str(app / 'kept')])
    try:
        built = f'^mpyfreeze: {image}: under-test 1, [0-9]+ bytes in the file, in [0-9.]+ s; waiting for a change'
        watching.wait_line(built)
        first = image.read_bytes()
        change('x = (\n')
        watching.wait_line('^mpyfreeze: not built; waiting for a change')
        tap.true('main.py:2: SyntaxError' in watching.output(), watching.output())
        tap.true(image.read_bytes() == first, 'the image stays where a build fails')
        change('x = "another"\n')
        end = time.monotonic() + 20
        while len(re.findall(built, watching.output(), re.MULTILINE)) < 2:
            tap.true(time.monotonic() < end, watching.output())
            time.sleep(0.05)
        tap.true(image.read_bytes() != first, 'the image is another')
        time.sleep(1)  # in which nothing more is built
    finally:
        status = watching.stop(signal.SIGINT)
    tap.equal(status, 130, 'interrupted')
    tap.equal(len(watching.lines), 4, watching.output())


def tests(options):
    def on_bench(function):
        def run():
            with tempfile.TemporaryDirectory(prefix='mpyd-freeze-') as root:
                os.chmod(root, 0o755)
                function(Bench(options, root))
        return run

    return [(name.removeprefix('test_').replace('_', ' '), on_bench(function))
            for name, function in globals().items() if name.startswith('test_')]
