# SPDX-License-Identifier: MIT
"""mpyfreeze test: freezes an app with its tests and runs them in the sandbox, on this machine.

The image is the app's, with its memory and grants, and its entry is a module that runs the tests. A
worker that dies or hangs takes only the test along that it was at: another goes on behind that one.
"""

import argparse
import dataclasses
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path, PurePosixPath

from . import build, judge, sdk, sources, testreport
from .errors import BuildError
from .manifest import LIMITS, MEMORY, parse_size

FAILED = 3  # exit status: the tests could be run, and not all is well
LIBRARY = Path(__file__).resolve().parent / 'testlib'
ENTRY = 'mpyd_tests'
RUNNER_HEAP = 64 << 10  # bytes, of which the runner takes a quarter; the rest is for the tests
ENTRY_PY = '''\
import sys
from unittest import runner

sys.path += {folders!r}
runner.run({mark!r}, {modules!r}, {patterns!r}, {index}, {first})
'''
CONFIG = '[restart]\nrestart = no\n'


def _find_mpyd(given, kit):
    """The program: as named, beside this one, where the SDK was built, or on PATH."""
    if given:
        if not shutil.which(given):
            raise BuildError(f'--mpyd {given}: is no program')
        return str(given)
    program = judge.find(kit.root)
    if not program:
        raise BuildError('there is no mpyd here or on PATH to run the tests; name it with --mpyd')
    return program


def _is_run(module):
    return PurePosixPath(module.path).name.startswith('test_')


def _folders(tests):
    """Of sys.path, so that a file of a directory of tests imports another by its name alone."""
    folders = set()
    for module in tests:
        parts = PurePosixPath(module.path).parts[:-1]
        if 'tests' in parts:
            folders.add('/'.join(parts[:parts.index('tests') + 1]))
    return sorted(folders)


def _local_names(tests, folders):
    """What imports find by way of FOLDERS."""
    return [dataclasses.replace(module, path=module.path.removeprefix(f'{folder}/')).name
            for folder in folders for module in tests if module.path.startswith(f'{folder}/')]


def _add_tests(app, directory, tests):
    """Adds TESTS, and what they need to run, to the modules of APP."""
    for module in app.modules:
        if module.package in ('unittest', ENTRY):
            raise BuildError(f'{module.file}: tests bring a module "{module.name}" of their own; '
                             'rename this one')
    named = {module.path for module in app.modules}
    app.modules += [module for module in tests if module.path not in named]
    sources.check_directories(directory, app.modules)
    app.builtin += sources.find_builtin(LIBRARY)


def _make_room(manifest):
    """Has the app begin with its tests, and gives it what these take beside it."""
    manifest.entry = ENTRY
    manifest.boot = ''  # of the app; a test that needs it imports it
    manifest.limits['log_rate'] = LIMITS['log_rate']
    if 'heap' in manifest.memory:
        most = parse_size(MEMORY['heap'][-1])
        manifest.memory['heap'] = min(manifest.memory['heap'] + RUNNER_HEAP, most)


class _Tests:
    """An app with its tests, and the directory WORK in which both become images."""

    def __init__(self, kit, directory, patterns, work):
        app = build.read_app(kit, directory)
        tests = sources.find_tests(directory, app.manifest)
        self.modules = [module.name for module in tests if _is_run(module)]
        if not self.modules:
            raise BuildError(f'{directory}: there are no tests; write some into files test_*.py, '
                             'there or in a directory tests')
        _add_tests(app, directory, tests)
        _make_room(app.manifest)
        folders = _folders(tests)
        self.kit = dataclasses.replace(kit, modules=kit.modules + _local_names(tests, folders))
        self.folders = [f'.frozen/{folder}' for folder in folders]
        self.name = app.manifest.name
        self.mark = testreport.new_mark()
        self.app, self.patterns, self.work = app, patterns, Path(work)

    def build(self, index, first, progress):
        """The image that runs the tests from number FIRST of module INDEX on."""
        text = ENTRY_PY.format(folders=self.folders, mark=self.mark, modules=tuple(self.modules),
                               patterns=tuple(self.patterns), index=index, first=first)
        entry = sources.Module(f'{ENTRY}.py', self.work / f'{ENTRY}.py', text.encode())
        app = dataclasses.replace(self.app, modules=[*self.app.modules, entry])
        image = self.work / f'{self.name}.mpyimg'
        image.write_bytes(build.make(self.kit, app, self.work, progress))
        return image


def _lines(process, until):
    """Lines of what PROCESS says, as they come; ends with it, or once the time is UNTIL()."""
    unfinished = b''
    while True:
        left = until() - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            return
        data = os.read(process.stdout.fileno(), 1 << 16)
        *lines, unfinished = (unfinished + data).split(b'\n')
        if not data and unfinished:
            lines = [unfinished]
        for line in lines:
            yield line.decode(errors='replace')
        if not data:
            return


def _run_once(command, results, timeout):
    """Runs the image of the tests once. Returns whether they came to their end."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        for line in _lines(process, lambda: results.heard + timeout):
            results.take(line)
        if results.is_done:
            return True
        is_late = time.monotonic() >= results.heard + timeout
        if not results.has_begun:
            raise BuildError(f'the tests cannot be run: {results.last_word or "mpyd said nothing"}')
        results.broke_off(f'still running after {timeout:g} seconds' if is_late else
                          results.last_word or 'mpyd ended')
        return False
    finally:
        if process.poll() is None:
            process.kill()  # all below it ends with it
        process.wait()
        process.stdout.close()


def test(kit, mpyd, directory, patterns, verbose, timeout, progress):
    """Runs the tests of the app in DIRECTORY. Returns whether all went well."""
    with tempfile.TemporaryDirectory(prefix='mpyfreeze-') as work:
        os.chmod(work, 0o755)  # mpyd reads the image without privileges
        tests = _Tests(kit, directory, patterns, work)
        config = Path(work, 'test.conf')
        config.write_text(CONFIG)
        state = ['--state', str(Path(work, 'state'))] if 'storage' in tests.app.manifest.grants else []
        results = testreport.Results(tests.name, tests.mark, tests.modules, directory, verbose)
        index, first = 0, 0
        while index < len(tests.modules):
            image = tests.build(index, first, progress)
            if not results.has_begun:
                build.warn_of_imports(tests.kit, tests.app)
            results.begin()
            if _run_once([mpyd, 'run', str(image), '--unsigned', '--config', str(config), *state],
                         results, timeout):
                break
            index, first = results.place
    return results.finish()


def _seconds(text):
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f'{text!r} is no number of seconds above 0')
    return value


def arguments(parser):
    parser.add_argument('directory', metavar='DIR', type=Path, help='the app: where mpyd.toml is')
    parser.add_argument('-k', dest='patterns', metavar='PATTERN', action='append', default=[],
                        help='only tests with PATTERN in their names, as in '
                        '"tests.test_store.StoreTest.test_add"; one with * matches the whole name')
    parser.add_argument('-v', '--verbose', action='store_true', help='a line for each test')
    parser.add_argument('--timeout', metavar='SECONDS', type=_seconds, default=60,
                        help='for each test (default: 60)')
    parser.add_argument('--mpyd', metavar='FILE', help='the mpyd that runs them')
    sdk.argument(parser)


def run(given):
    kit = sdk.load(given.sdk)
    is_well = test(kit, _find_mpyd(given.mpyd, kit), given.directory, given.patterns, given.verbose,
                   given.timeout, lambda text: None)
    return 0 if is_well else FAILED
