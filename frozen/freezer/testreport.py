# SPDX-License-Identifier: MIT
"""Reads what an image of tests says (testlib/unittest/report.py) and reports it to people."""

import itertools
import re
import secrets
import time
from collections import Counter
from pathlib import Path

from .errors import BuildError

VERDICTS = {'ok': 'ok', 'fail': 'FAIL', 'error': 'ERROR', 'skip': 'skipped',
            'xfail': 'failed as expected', 'xpass': 'OK UNEXPECTEDLY', 'lost': 'LOST'}
SUMMARY = (('ok', 'ok'), ('fail', 'failed'), ('error', 'in error'), ('lost', 'lost'),
           ('xpass', 'ok unexpectedly'), ('skip', 'skipped'), ('xfail', 'failed as expected'))
GOOD = ('ok', 'skip', 'xfail')
NAMELESS = 'a test whose name was dropped from the log'
LOST = ('too much was printed, and what the test came to was dropped from the log with it',)
REPEATS_MAX = 3
FRAME = re.compile(r'  File "([^"]+)"')


def new_mark():
    """What lines of the runner begin with: nothing that an app prints by chance."""
    return f'@{secrets.token_hex(4)}'


class Results:
    """NAME: of the app; MODULES: names of those with tests, as their indices count them."""

    def __init__(self, name, mark, modules, directory, verbose):
        self.heard = 0.0        # when the last line of the runner came, of time.monotonic()
        self.place = (0, 0)     # module and test to go on from
        self.has_begun = False  # has this image said anything of tests
        self.is_done = False
        self.last_word = ''     # of mpyd
        self._prefix, self._mark = f'{name}: ', f'{mark} '
        self._modules, self._directory, self._verbose = modules, Path(directory), verbose
        self._counts, self._in_module, self._module = Counter(), Counter(), 0
        self._serial = 0        # of the runner's last line
        self._current = None    # name of what runs
        self._is_test = False
        self._problems = []     # of what runs: (fail or error, label, lines)
        self._kept = []         # of all: (verdict, name, lines)
        self._started = time.monotonic()

    def begin(self):
        self.heard = time.monotonic()
        self.has_begun = self.is_done = False
        self._serial = 0

    def take(self, line):
        """Takes one line that mpyd printed."""
        if not line.startswith(self._prefix):
            self._take_word(line)
            return
        text = line.removeprefix(self._prefix)
        said, mark, event = text.partition(self._mark)
        if said:
            print(said, flush=True)  # the app's own
        if mark:
            serial, kind, *rest = event.split(' ', 2)
            self.heard = time.monotonic()
            if int(serial) != self._serial + 1:
                self._settle_lost()
            self._serial = int(serial)
            self.EVENTS[kind](self, *rest)
            self.has_begun = True

    def _take_word(self, line):
        word = line.removeprefix('mpyd: ')
        if word.startswith(self._prefix):
            word = word.removeprefix(self._prefix)
            if 'dropped' in word:
                print(f'{line}', flush=True)
        self.last_word = word

    # -- what the runner says: one method for each kind ---------------------------------------------

    def _start(self, rest, is_test):
        self._settle_lost()
        index, following, name = rest.split(' ', 2)
        index, following = int(index), int(following)
        if index != self._module:
            self._end_module(index)
        self.place = (index + 1, 0) if following < 0 else (index, following)
        self._current, self._is_test, self._problems = name, is_test, []

    def _take_at(self, rest):
        self._start(rest, False)

    def _take_test(self, rest):
        self._start(rest, True)

    def _take_problem(self, rest):
        kind, _, label = rest.partition(' ')
        self._problems.append((kind, label, []))

    def _take_line(self, text=''):
        if self._problems:
            self._problems[-1][2].append(FRAME.sub(self._locate, text))

    def _take_end(self, rest):
        verdict, usec, *why = rest.split(' ', 2)
        self._current = self._current or NAMELESS
        if verdict == 'bad':
            verdict = 'fail' if all(kind == 'fail' for kind, _, _ in self._problems) else 'error'
            for kind, label, lines in self._problems:
                self._kept.append((kind, f'{self._current} {label}'.rstrip(), lines))
        elif verdict == 'xpass':
            self._kept.append((verdict, self._current, ['it is marked with expectedFailure']))
        self._settle(verdict, f' ({why[0]})' if why else f' ({int(usec) / 1000:.1f} ms)')

    def _take_done(self):
        self._settle_lost()
        self._end_module(len(self._modules))
        self.is_done = True

    def _locate(self, match):
        """The path of a file of the app as it is from here."""
        file = self._directory / match[1]
        return f'  File "{file}"' if file.is_file() else match[0]

    EVENTS = {'at': _take_at, 'test': _take_test, 'problem': _take_problem, '|': _take_line,
              'end': _take_end, 'done': _take_done}

    # -- what becomes of it --------------------------------------------------------------------------

    def _settle(self, verdict, remark=''):
        self._counts[verdict] += 1
        self._in_module[verdict] += 1
        if self._verbose:
            print(f'{self._current} ... {VERDICTS[verdict]}{remark}', flush=True)
        self._current = None

    def _settle_lost(self):
        if self._current and self._is_test:
            self._kept.append(('lost', self._current, LOST))
            self._settle('lost')
        self._current = None

    def _end_module(self, following):
        if self._in_module and not self._verbose:
            print(f'{self._modules[self._module]}: {_listed(self._in_module)}', flush=True)
        self._in_module = Counter()
        self._module = following

    def broke_off(self, why):
        """The image ended, or was ended, before all tests were through."""
        name = self._current or 'after the last test'
        lines = [line for _, _, found in self._problems for line in found]
        self._current, self._problems = name, []
        self._kept.append(('error', name, [*lines, why]))
        self._settle('error', f' ({why})')

    def finish(self):
        """Prints failures and the summary. Returns whether all went well."""
        self._end_module(len(self._modules))
        number = sum(self._counts.values())
        if number == 0:
            raise BuildError('no test was found to run; is -k what you mean?')
        for verdict, name, lines in self._kept:
            print(f'\n{VERDICTS[verdict]}: {name}', *_without_repeats(lines), sep='\n')
        seconds = time.monotonic() - self._started
        print(f'\n{number} test{"s" * (number != 1)} in {seconds:.2f} s: {_listed(self._counts)}',
              flush=True)
        return all(verdict in GOOD for verdict in self._counts)


def _without_repeats(lines):
    """LINES, but of equal ones that follow each other, as of a recursion, only the first few."""
    for line, equal in itertools.groupby(lines):
        number = len(list(equal))
        yield from itertools.repeat(line, min(number, REPEATS_MAX))
        if number > REPEATS_MAX:
            yield f'  and the same {number - REPEATS_MAX} times more'


def _listed(counts):
    return ', '.join(f'{counts[verdict]} {word}' for verdict, word in SUMMARY if counts[verdict])
