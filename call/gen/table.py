# SPDX-License-Identifier: MIT
"""Reads call/calls.csv into rows, believing nothing: whatever is wrong is said with file and line."""

import csv
import errno
import re
from dataclasses import dataclass, field

from . import arguments

COLUMNS = ['number', 'group', 'name', 'since', 'args', 'result', 'errors', 'grant', 'flags',
           'summary']
FLAGS = {
    'python': 'apps may call it, as a function of the module "calls"',
    'start': 'the first call of a worker, and only that',
    'later': 'the handler may complete it after it has returned',
    'names': 'its text is names, not what the app transfers: whoever may trace it sees them',
    'secret': 'what it sends is shown to nobody',
}
RESULTS = ('none', 'u32', 'i64', 'bool', 'length')
MAX_NUMBER = 4095  # bounds the table that is indexed by number
MAX_ARGS = 6       # WIRE_ARGS


class TableError(Exception):
    """All that is wrong with a table, one line each, 'FILE:LINE: message'."""


@dataclass
class Row:
    number: int
    group: str
    name: str
    since: int
    args: list
    result: str            # as written
    errors: list
    grant: str
    flags: list
    summary: str
    line: int
    args_text: str = field(default='')

    @property
    def title(self):
        return f'{self.group}.{self.name}'

    @property
    def stem(self):
        return f'{self.group}_{self.name}'

    @property
    def constant(self):
        return f'CALL_{self.stem.upper()}'

    @property
    def result_kind(self):
        """The kind of handle that the call makes, or None."""
        return arguments.handle_kind(self.result)

    @property
    def signature_text(self):
        return f'{self.title}({self.args_text})->{self.result}'

    @property
    def signature(self):
        """32-bit FNV-1a of what both sides must agree on."""
        value = 0x811c9dc5
        for byte in self.signature_text.encode():
            value = ((value ^ byte) * 0x01000193) & 0xffffffff
        return value

    @property
    def all_errors(self):
        """The handler's errors and those its stub and its policy add."""
        added = set()
        if any(arg.can_be_wrong for arg in self.args):
            added.add('EINVAL')
        if any(arg.kind == 'handle' for arg in self.args):
            added.add('EBADF')
        if self.grant:
            added.add('EACCES')
        return self.errors + sorted(added - set(self.errors))


class Reader:
    """One pass over the table; collects complaints rather than stopping at the first."""

    def __init__(self, path):
        self.path = path
        self.complaints = []
        self.rows = []
        self.titles = {}

    def complain(self, line, message):
        # It quotes the table, where a field may hold anything, line breaks too.
        shown = ''.join(c if c.isprintable() else ascii(c)[1:-1] for c in message)
        self.complaints.append((line, shown))

    def finish(self):
        if self.complaints:
            self.complaints.sort(key=lambda complaint: complaint[0])
            raise TableError('\n'.join(f'{self.path}:{line}: {message}'
                                       for line, message in self.complaints))
        return self.rows

    def read(self):
        try:
            with open(self.path, newline='', encoding='utf-8') as file:
                lines = csv.reader(file, strict=True)
                self.read_lines(lines)
        except OSError as error:
            raise TableError(f'{self.path}: {error.strerror}') from None
        except UnicodeDecodeError:
            raise TableError(f'{self.path}: not UTF-8') from None
        self.check_table()
        return self.finish()

    def read_lines(self, lines):
        try:
            if not self.check_header(next(lines, [])):
                return
            for fields in lines:
                self.read_row(lines.line_num, fields)
        except csv.Error as error:
            self.complain(lines.line_num, f'not CSV: {error}')

    def check_header(self, header):
        for column in COLUMNS:
            if column not in header:
                self.complain(1, f'missing column "{column}"')
        for column in header:
            if column not in COLUMNS:
                self.complain(1, f'unknown column "{column}"')
        if not self.complaints and header != COLUMNS:
            self.complain(1, 'columns are not in the order ' + ','.join(COLUMNS))
        return not self.complaints

    def read_row(self, line, fields):
        if len(fields) != len(COLUMNS):
            self.complain(line, f'{len(fields)} fields where there are {len(COLUMNS)} columns')
            return
        cells = dict(zip(COLUMNS, fields))
        row = Row(number=self.integer(line, 'number', cells['number'], 0, MAX_NUMBER),
                  group=cells['group'], name=cells['name'],
                  since=self.integer(line, 'since', cells['since'], 1, 65535),
                  args=self.arguments(line, cells['args']), result=cells['result'],
                  errors=self.words(line, 'errors', cells['errors']), grant=cells['grant'],
                  flags=self.words(line, 'flags', cells['flags']), summary=cells['summary'],
                  line=line, args_text=cells['args'])
        self.check_number(row)
        self.check_names(row)
        self.check_result(row)
        self.check_errors(row)
        self.check_flags(row)
        self.check_summary(row)
        self.rows.append(row)

    def integer(self, line, column, text, minimum, maximum):
        if not re.fullmatch(r'0|[1-9][0-9]*', text):
            self.complain(line, f'{column} "{text}" is not a decimal number')
            return None
        if not minimum <= int(text) <= maximum:
            self.complain(line, f'{column} {text} is not in {minimum}..{maximum}')
            return None
        return int(text)

    def words(self, line, column, text):
        words = text.split(' ') if text else []
        if '' in words:
            self.complain(line, f'{column} are not separated by one space')
        for word in sorted({word for word in words if word and words.count(word) > 1}):
            self.complain(line, f'{column}: "{word}" is there twice')
        return [word for word in words if word]

    def arguments(self, line, text):
        args = []
        for word in self.words(line, 'args', text):
            try:
                arg = arguments.parse(word, len(args))
            except ValueError as error:
                self.complain(line, str(error))
                continue
            if arg.name in [other.name for other in args]:
                self.complain(line, f'argument "{arg.name}" is there twice')
            args.append(arg)
        if len(args) > MAX_ARGS:
            self.complain(line, f'{len(args)} arguments; a call has at most {MAX_ARGS}')
        return args

    def check_number(self, row):
        numbers = [other.number for other in self.rows if other.number is not None]
        if row.number is None or not numbers:
            return
        if row.number in numbers:
            self.complain(row.line, f'number {row.number} is there twice')
        elif row.number < max(numbers):
            self.complain(row.line, f'number {row.number} is out of order')

    def check_names(self, row):
        # No underscore in a group: group_name would be ambiguous.
        if not re.fullmatch(r'[a-z][a-z0-9]*', row.group):
            self.complain(row.line, f'group "{row.group}" is not of the form [a-z][a-z0-9]*')
        if not re.fullmatch(r'[a-z][a-z0-9_]*', row.name):
            self.complain(row.line, f'name "{row.name}" is not of the form [a-z][a-z0-9_]*')
        if row.title in self.titles:
            self.complain(row.line, f'{row.title} is already in line {self.titles[row.title]}')
        self.titles.setdefault(row.title, row.line)
        if row.grant and not re.fullmatch(r'[a-z][a-z0-9]*', row.grant):
            self.complain(row.line, f'grant "{row.grant}" is not of the form [a-z][a-z0-9]*')

    def check_result(self, row):
        if row.result not in RESULTS and not row.result_kind:
            self.complain(row.line, f'unknown result "{row.result}"')
        if row.result == 'length' and not any(arg.is_buffer for arg in row.args):
            self.complain(row.line, 'result "length" of a call without str, bytes or out')

    def check_errors(self, row):
        for name in row.errors:
            if not re.fullmatch(r'E[A-Z0-9]+', name) or not hasattr(errno, name):
                self.complain(row.line, f'unknown error "{name}"')

    def check_flags(self, row):
        for flag in row.flags:
            if flag not in FLAGS:
                self.complain(row.line, f'unknown flag "{flag}"')
        if 'start' in row.flags and 'later' in row.flags:
            self.complain(row.line, 'a call cannot be both "start" and "later"')
        if 'names' in row.flags and 'secret' in row.flags:
            self.complain(row.line, 'a call cannot be both "names" and "secret"')
        if 'python' in row.flags:
            self.check_python(row)

    def check_python(self, row):
        outs = [arg for arg in row.args if arg.kind == 'out']
        if any(arg.kind == 'address' for arg in row.args):
            self.complain(row.line, 'a "python" call cannot take an address')
        if len(outs) > 1:
            self.complain(row.line, 'a "python" call can have only one out argument')
        if outs and row.result not in ('none', 'length'):
            self.complain(row.line, 'a "python" call with an out argument results in none or length')

    def check_summary(self, row):
        if not row.summary.endswith('.') or '\n' in row.summary:
            self.complain(row.line, 'summary is not a sentence that ends with a full stop')

    def check_table(self):
        if not self.rows and not self.complaints:
            self.complain(1, 'no calls')
        starts = [row for row in self.rows if 'start' in row.flags]
        for row in starts[1:]:
            self.complain(row.line, f'flag "start" is already in line {starts[0].line}')
        made = {row.result_kind for row in self.rows}
        for row in self.rows:
            for arg in row.args:
                if arg.kind == 'handle' and arg.handle_kind not in made:
                    self.complain(row.line, f'argument "{arg.name}": no call makes a handle of '
                                            f'kind "{arg.handle_kind}"')


def read(path):
    """The rows of the table at PATH, ascending by number. Raises TableError."""
    return Reader(path).read()


def handle_kinds(rows):
    """All kinds of handles, in the order in which the table first makes one."""
    return list(dict.fromkeys(row.result_kind for row in rows if row.result_kind))


def grants(rows):
    """All grants that calls need, in order of appearance."""
    return list(dict.fromkeys(row.grant for row in rows if row.grant))
