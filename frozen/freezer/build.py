# SPDX-License-Identifier: MIT
"""From an app's directory to its image, step by step."""

import contextlib
import os
import tempfile
from pathlib import Path

from . import bytecode, freeze, imports, link, manifest, notes, romfs, sources
from .errors import BuildError


def _read_resources(resources):
    contents = []
    for path, file in resources:
        try:
            contents.append((path, file.read_bytes()))
        except OSError as error:
            raise BuildError(f'{file}: cannot be read: {error.strerror}') from None
    return contents


def _describe(sdk, app, modules, contents):
    """The manifest's text."""
    sizes = [(module.name, module.file.stat().st_size) for module in modules]
    text = notes.manifest_json(app, sizes, [(path, len(data)) for path, data in contents],
                               sdk.micropython)
    if len(text) > notes.MANIFEST_MAX:
        raise BuildError(f'the names of {len(modules)} modules and {len(contents)} resources take '
                         f'{len(text)} bytes, more than {notes.MANIFEST_MAX}; have fewer')
    return text


def _make(sdk, directory, work, progress, warn):
    app = manifest.read(directory)
    builtin = sources.find_builtin(sdk.frozen)
    modules = sources.find_modules(directory, app, builtin)
    contents = _read_resources(sources.find_resources(directory, app))
    progress(f'compiling {len(modules)} modules of {app.name} and {len(builtin)} of the SDK')
    compiled = bytecode.compile_modules(sdk, modules + builtin, work)
    for warning in imports.find_warnings(modules, builtin, sdk.modules):
        warn(warning)
    progress('freezing')
    Path(work, 'frozen.c').write_text(freeze.freeze(sdk, modules + builtin, compiled))
    text = _describe(sdk, app, modules, contents)
    link.write_sources(work, app, romfs.pack(contents), notes.pack(sdk, app, text))
    objects = link.compile_sources(sdk, work)
    progress('linking')
    link.link(sdk, objects, work)
    return app, link.strip(sdk, app, work)


def _write(output, data):
    """All or nothing: a running supervisor never sees half an image."""
    directory = output.parent
    try:
        descriptor, name = tempfile.mkstemp(prefix=f'.{output.name}.', dir=directory)
    except OSError as error:
        raise BuildError(f'{directory}: cannot be written to: {error.strerror}') from None
    try:
        with os.fdopen(descriptor, 'wb') as file:
            file.write(data)
            umask = os.umask(0)
            os.umask(umask)
            os.fchmod(file.fileno(), 0o644 & ~umask)
        os.rename(name, output)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise BuildError(f'{output}: cannot be written: {error.strerror}') from None


def build(sdk, directory, output, warn, keep=None, progress=lambda text: None):
    """Builds the app in DIRECTORY into the image OUTPUT. WARN takes a line about what is probably a
    mistake, PROGRESS one about what is being done. KEEP: a directory for what is made on the way,
    app.elf with all symbols among it. Returns the manifest and the image's size."""
    if not Path(directory).is_dir():
        raise BuildError(f'{directory}: there is no such directory')
    if output.is_dir():
        raise BuildError(f'{output}: is a directory; name a file')
    with contextlib.ExitStack() as stack:
        if keep is None:
            work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='mpyfreeze-')))
        else:
            work = Path(keep).absolute()
            try:
                work.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise BuildError(f'{keep}: cannot be made: {error.strerror}') from None
        app, data = _make(sdk, Path(directory), work, progress, warn)
    _write(output, data)
    return app, len(data)
