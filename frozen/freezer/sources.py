# SPDX-License-Identifier: MIT
"""Which files of the app's directory become modules, and which become resources."""

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from . import files
from .errors import BuildError
from .manifest import FILE

PART = re.compile(r'[A-Za-z0-9_-]+', re.ASCII)
# Limits of image/manifest.c and image/fields.c, in elements and characters.
PARTS_MAX = 4096
MODULE_NAME_MAX = 200
RESOURCE_PATH_MAX = 320
MODULE_MAX = 16 << 20  # bytes
REPLACEABLE = {'logging'}  # packages of the SDK that give way to an app's of that name


@dataclass(frozen=True)
class Module:
    path: str  # what it is frozen as: "meter/store.py"
    file: Path
    data: bytes = field(default=b'', repr=False, compare=False)  # the file's, read once

    @property
    def name(self):
        """What is imported: "meter.store"; of a package, its directory."""
        parts = PurePosixPath(self.path).with_suffix('').parts
        return '.'.join(parts[:-1] if len(parts) > 1 and parts[-1] == '__init__' else parts)

    @property
    def package(self):
        """The first part of the name, or all of it."""
        return self.name.partition('.')[0]


def _listed(directory, what):
    """Every file below DIRECTORY that is not hidden, as sorted relative paths."""
    def fail(error):
        raise BuildError(f'{error.filename}: cannot be read: {error.strerror}')

    for parent, directories, files in os.walk(directory, onerror=fail):
        directories[:] = sorted(name for name in directories
                                if not name.startswith('.') and name != '__pycache__')
        for name in directories:
            if os.path.islink(os.path.join(parent, name)):
                raise BuildError(f'{os.path.join(parent, name)}: is a link to a directory; '
                                 f'{what} are looked for in plain directories')
        for name in files:
            if not name.startswith('.'):
                yield Path(parent, name).relative_to(directory).as_posix()


def _check_inside(directory, file):
    """A link must not bring a file of the machine that builds into the image."""
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(directory)):
        raise BuildError(f'{file}: leads to {os.path.realpath(file)}, which is outside the app\'s '
                         'directory; copy it there')


def _module(directory, path, where):
    for part in PurePosixPath(path).with_suffix('').parts:
        if not PART.fullmatch(part):
            raise BuildError(f'{where}: module {path!a}: a name is made of letters, digits, '
                             '_ and -; rename the file')
    module = Module(path, Path(directory, path))
    _check_inside(directory, module.file)
    if len(module.name) > MODULE_NAME_MAX:
        raise BuildError(f'{where}: module "{module.name}": the name has {len(module.name)} '
                         f'characters, more than {MODULE_NAME_MAX}')
    return module


def _with_data(modules):
    return [replace(module, data=files.read(module.file, MODULE_MAX)) for module in modules]


def is_test(path):
    """Whether the file PATH is for an app's tests, and not part of the app unless named."""
    return path.name.startswith('test_') or 'tests' in path.parts[:-1]


def _modules_below(directory, below, where, skip=None, tests=False):
    """The modules of the app or, with TESTS, those of its tests."""
    for path in _listed(Path(directory, below), 'modules'):
        path = PurePosixPath(below, path)
        if (path.suffix == '.py' and is_test(path) == tests
                and not (skip and path.is_relative_to(skip))):
            yield _module(directory, str(path), where)


def _named(directory, manifest):
    for index, path in enumerate(manifest.modules):
        where = manifest.where['modules', index]
        if not path.endswith('.py'):
            raise BuildError(f'{where}: modules: "{path}" does not end in .py')
        if not Path(directory, path).is_file():
            raise BuildError(f'{where}: modules: there is no file "{path}"')
        yield _module(directory, path, where)
    for index, path in enumerate(manifest.packages):
        where = manifest.where['packages', index]
        if not Path(directory, path).is_dir():
            raise BuildError(f'{where}: packages: there is no directory "{path}"')
        found = list(_modules_below(directory, path, where))
        if not found:
            raise BuildError(f'{where}: packages: there is no .py file in "{path}"')
        yield from found


def check_directories(directory, modules):
    """Of a.py and a/b.py MicroPython imports the directory, and "a" would be an empty package."""
    directories = {str(parent) for module in modules
                   for parent in PurePosixPath(module.path).parents}
    for module in modules:
        if module.path.removesuffix('.py') in directories:
            raise BuildError(f'{Path(directory, module.path)}: could never be imported: the directory '
                             f'"{module.path.removesuffix(".py")}" comes first; rename one')


def _check_names(directory, modules, builtin, first, where):
    """No two modules, and no module of the SDK, may answer to one name; and none to one of FIRST,
    by which the virtual machine's own is imported."""
    builtin = [module for module in builtin if module.package not in REPLACEABLE]
    seen = {module.name: module for module in builtin}
    packages = {module.package for module in builtin}
    first = set(first)
    for module in modules:
        other = seen.setdefault(module.name, module)
        if {module.name, module.package} & first:
            raise BuildError(f'{module.file}: "{module.package}" is a module of '
                             'MicroPython, which comes first: this one would never be imported; '
                             'rename it')
        if other in builtin or module.package in packages:
            raise BuildError(f'{module.file}: every image has a module "{module.name}" of its own '
                             'already; rename this one')
        if other is not module:
            raise BuildError(f'{where}: "{other.path}" and "{module.path}" are both the module '
                             f'"{module.name}"; rename one')
    check_directories(directory, modules)


def _check_run(directory, manifest, modules, key):
    """That the module which the manifest names by KEY, to be run, is one of MODULES."""
    paths = {module.path for module in modules}
    name = getattr(manifest, key)
    path = name.replace('.', '/') + '.py'
    where = f'{manifest.where[key]}: {key}:'
    if path in paths:
        return
    if f'{name.replace(".", "/")}/__init__.py' in paths:
        raise BuildError(f'{where} "{name}" is a package; name one of its modules, as in '
                         f'"{name}.main"')
    if (manifest.resources and not (manifest.modules or manifest.packages)
            and PurePosixPath(path).is_relative_to(manifest.resources)
            and Path(directory, path).is_file()):
        raise BuildError(f'{manifest.where["resources"]}: resources: "{manifest.resources}" has the '
                         f'{key}, "{path}", in it, and what is a resource is no module; keep them '
                         'in different directories')
    raise BuildError(f'{where} there is no "{path}" among the {len(modules)} modules of the app')


def find_modules(directory, manifest, builtin=(), first=()):
    """The modules of the app in DIRECTORY, sorted by path. BUILTIN: those of the SDK; FIRST: names
    that modules of the virtual machine have, whatever is frozen."""
    where = f'{Path(directory, FILE)}'
    if manifest.modules or manifest.packages:
        found = _named(directory, manifest)
    else:
        found = _modules_below(directory, '.', where, manifest.resources)
    modules = sorted({module.path: module for module in found}.values(),
                     key=lambda module: module.path)
    _check_names(directory, modules, set(builtin), first, where)
    if len(modules) > PARTS_MAX:
        raise BuildError(f'{where}: {len(modules)} modules, more than {PARTS_MAX}')
    _check_run(directory, manifest, modules, 'entry')
    if manifest.boot:
        _check_run(directory, manifest, modules, 'boot')
    return _with_data(modules)


def find_tests(directory, manifest):
    """The modules of the tests of the app in DIRECTORY, sorted by path."""
    found = _modules_below(directory, '.', Path(directory, FILE), manifest.resources, tests=True)
    return _with_data(sorted(found, key=lambda module: module.path))


def find_builtin(directory):
    """The modules that the SDK puts into every image, unless replaced."""
    return _with_data(Module(path, Path(directory, path))
                      for path in sorted(_listed(directory, 'modules')) if path.endswith('.py'))


def without_replaced(builtin, modules):
    """The modules of BUILTIN that none of the app's MODULES stands in for."""
    packages = {module.package for module in modules}
    return [module for module in builtin if module.package not in packages]


def find_resources(directory, manifest):
    """Path and file of each resource, sorted."""
    if not manifest.resources:
        return []
    where = manifest.where['resources']
    root = Path(directory, manifest.resources)
    if not root.is_dir():
        raise BuildError(f'{where}: resources: there is no directory "{manifest.resources}"')
    _check_inside(directory, root)
    resources = [(path, root / path) for path in sorted(_listed(root, 'resources'))]
    for path, file in resources:
        if not path.isascii() or not path.isprintable():
            raise BuildError(f'{where}: resources: {path!a}: a name is made of printable ASCII '
                             'characters; rename the file')
        if len(path) > RESOURCE_PATH_MAX:
            raise BuildError(f'{where}: resources: "{path}": the name has {len(path)} characters, '
                             f'more than {RESOURCE_PATH_MAX}')
        _check_inside(directory, file)
        if not file.is_file():
            raise BuildError(f'{where}: resources: "{path}" is not a regular file')
    if len(resources) > PARTS_MAX:
        raise BuildError(f'{where}: resources: {len(resources)} files, more than {PARTS_MAX}')
    return resources
