# SPDX-License-Identifier: MIT
"""On which line of a TOML text each key and each element of an array stands.

tomllib gives values without their places. This walks over a text that tomllib has accepted already,
so it only has to find keys and skip values, and need not notice mistakes.
"""

import re
import tomllib

BLANK = re.compile(r'(?:[ \t\r\n,]|#[^\n]*)*')
INDENT = re.compile(r'[ \t]*')
BARE_KEY = re.compile(r'[A-Za-z0-9_-]+')
SCALAR = re.compile(r'[^,\]}#\n]+')


class _Walker:
    def __init__(self, text):
        self.text = text
        self.position = 0
        self.lines = {}

    def line(self):
        return self.text.count('\n', 0, self.position) + 1

    def skip(self, pattern):
        self.position = pattern.match(self.text, self.position).end()

    def at(self, text):
        return self.text.startswith(text, self.position)

    def note(self, path):
        self.lines.setdefault(path, self.line())

    def string(self):
        """Skips one of the four kinds of string; returns it as it is written, with its quotes."""
        quote = self.text[self.position]
        mark = quote * 3 if self.at(quote * 3) else quote
        start = self.position
        end = start + len(mark)
        while not self.text.startswith(mark, end):
            end += 2 if quote == '"' and self.text[end] == '\\' else 1
        self.position = end + len(mark)
        while len(mark) == 3 and self.at(quote):  # up to two quotes may stand before the end
            self.position += 1
        return self.text[start:self.position]

    def key(self):
        """Reads a key, dotted or not, as a tuple."""
        parts = []
        while True:
            self.skip(INDENT)
            if self.text[self.position] in '"\'':
                parts.append(tomllib.loads('key = ' + self.string())['key'])
            else:
                match = BARE_KEY.match(self.text, self.position)
                parts.append(match.group())
                self.position = match.end()
            self.skip(INDENT)
            if not self.at('.'):
                return tuple(parts)
            self.position += 1

    def pair(self, table):
        self.skip(INDENT)
        line = self.line()
        path = table + self.key()
        for length in range(len(table) + 1, len(path) + 1):
            self.lines.setdefault(path[:length], line)
        self.position += 1  # =
        self.skip(INDENT)
        self.value(path)

    def value(self, path):
        if self.at('['):
            self.items(path, ']', lambda index: self.element(path + (index,)))
        elif self.at('{'):
            self.items(path, '}', lambda index: self.pair(path))
        elif self.text[self.position] in '"\'':
            self.string()
        else:
            self.skip(SCALAR)

    def element(self, path):
        self.note(path)
        self.value(path)

    def items(self, path, end, read):
        self.position += 1
        self.skip(BLANK)
        index = 0
        while not self.at(end):
            read(index)
            self.skip(BLANK)
            index += 1
        self.position += 1

    def document(self):
        table = ()
        self.skip(BLANK)
        while self.position < len(self.text):
            if self.at('['):
                brackets = 2 if self.at('[[') else 1
                line = self.line()
                self.position += brackets
                table = self.key()
                self.position += brackets
                self.lines.setdefault(table, line)
            else:
                self.pair(table)
            self.skip(BLANK)


def find_lines(text):
    """Maps the path of each key, ('grants', 'listen'), and element, ('grants', 'listen', 2), to its
    line."""
    walker = _Walker(text)
    walker.document()
    return walker.lines
