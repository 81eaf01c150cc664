# SPDX-License-Identifier: MIT
"""Finds imports of modules that the image will not have: it cannot get them from anywhere else.

The app's text is read as CPython reads it; what that does not take is left to mpy-cross. An import
whose failure the app handles is no mistake, and neither is one for a type checker's eyes only.
"""

import ast
import warnings

CATCHING = ('ImportError', 'Exception', 'BaseException')


def _prefixes(name):
    """'a.b.c': what its import imports, in order."""
    parts = name.split('.')
    return ['.'.join(parts[:length]) for length in range(1, len(parts) + 1)]


def _is_caught(handler):
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or isinstance(kind, ast.Name) and kind.id in CATCHING for kind in kinds)


def _is_for_checkers(test):
    return 'TYPE_CHECKING' in (getattr(test, 'id', ''), getattr(test, 'attr', ''))


class _Finder(ast.NodeVisitor):
    def __init__(self, known):
        self.known = known
        self.missing = []  # (line, name)

    def look_for(self, name, line):
        for prefix in _prefixes(name):
            if prefix not in self.known:
                self.missing.append((line, prefix))
                return

    def visit_Import(self, node):
        for alias in node.names:
            self.look_for(alias.name, alias.lineno)

    def visit_ImportFrom(self, node):
        if node.level == 0:
            self.look_for(node.module, node.lineno)

    def visit_all(self, nodes):
        for node in nodes:
            self.visit(node)

    def visit_Try(self, node):
        before = len(self.missing)
        self.visit_all(node.body)
        caught = any(map(_is_caught, node.handlers))
        fails = len(self.missing) > before
        if caught:
            del self.missing[before:]
        if fails or not caught:  # else the fallback is for where there is no such module
            self.visit_all(node.handlers)
        self.visit_all(node.orelse + node.finalbody)

    def visit_If(self, node):
        if not _is_for_checkers(node.test):
            self.visit_all(node.body)
        self.visit_all(node.orelse)


def find_missing(text, known):
    """Line and name of each module that TEXT, of a module, imports and that is not in KNOWN."""
    finder = _Finder(known)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            finder.visit(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return finder.missing


def find_warnings(modules, builtin, names):
    """One line for each import in MODULES, the app's, of a module that is neither theirs nor in
    BUILTIN, the SDK's, nor one of NAMES, the virtual machine's."""
    known = set(names)
    for module in (*modules, *builtin):
        known.update(_prefixes(module.name))
    return [f'{module.file}:{line}: there is no module "{name}" in the image: to import it fails'
            for module in modules
            for line, name in find_missing(module.data, known)]
