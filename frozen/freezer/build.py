# SPDX-License-Identifier: MIT
"""From an app's directory to its image, step by step."""

import contextlib
import dataclasses
import os
import tempfile
from pathlib import Path

from . import (bytecode, elf, files, freeze, imports, keylike, link, manifest, memory, notes,
               reach, report, romfs, sbom, sdk, sources, symbols, watch)
from .errors import BuildError
from .messages import say, warn
from .output import check, place, write


def _read_resources(resources):
    contents, left = [], link.IMAGE_MAX
    for path, file in resources:
        contents.append((path, files.read(file, link.IMAGE_MAX)))
        left -= len(contents[-1][1])
        if left < 0:
            raise BuildError(f'{file}: with it the resources are larger than '
                             f'{link.IMAGE_MAX >> 20} MiB; make them smaller')
    return contents


def _describe(kit, app, modules, contents):
    """The manifest's text."""
    sizes = [(module.name, len(module.data)) for module in modules]
    text = notes.manifest_json(app, sizes, [(path, len(data)) for path, data in contents],
                               kit.micropython)
    if len(text) > notes.MANIFEST_MAX:
        raise BuildError(f'the names of {len(modules)} modules and {len(contents)} resources take '
                         f'{len(text)} bytes, more than {notes.MANIFEST_MAX}; have fewer')
    return text


# Suffixes of what is made of an app beside its image; only the image is for who runs it.
BESIDE = ('.mpysym', '.map', '.spdx.json')


@dataclasses.dataclass
class App:
    """What becomes an image."""
    manifest: manifest.Manifest
    modules: list    # sources.Module, the app's
    contents: list   # path and bytes of each resource
    builtin: list    # sources.Module, the SDK's


def read_app(kit, directory):
    """The app in DIRECTORY, as its manifest describes it."""
    if not Path(directory).is_dir():
        raise BuildError(f'{directory}: there is no such directory')
    described = manifest.read(directory)
    builtin = sources.find_builtin(kit.frozen)
    modules = sources.find_modules(directory, described, builtin, kit.first_modules)
    contents = _read_resources(sources.find_resources(directory, described))
    return App(described, modules, contents, sources.without_replaced(builtin, modules))


def make(kit, app, work, progress=lambda text: None, strip=()):
    """The bytes of the image of APP, made in the directory WORK, where its symbols and link
    map stay. STRIP: what to leave out, of freeze.STRIPPABLE."""
    modules = app.modules + app.builtin
    progress(f'compiling {len(app.modules)} modules of {app.manifest.name} and '
             f'{len(app.builtin)} of the SDK')
    compiled = bytecode.compile_modules(kit, modules, work, 'asserts' not in strip)
    progress('freezing')
    frozen = freeze.freeze(kit, modules, compiled, strip)
    Path(work, 'frozen.c').write_text(frozen.text)
    described = dataclasses.replace(app.manifest, memory=memory.complete(
        app.manifest, frozen.functions[:len(app.modules)]))
    progress(memory.describe(app.manifest, described.memory))
    calls = reach.find_calls(kit, modules, frozen.strings, len(app.modules))
    reaching = dataclasses.replace(kit, calls=calls)  # only what the app can make
    text = _describe(reaching, described, app.modules, app.contents)
    resources = romfs.pack(app.contents) if app.manifest.resources else b''
    link.write_sources(work, described, resources,
                       notes.pack(reaching, described, text, link.n_regions(resources)),
                       'lines' in strip)
    objects = link.compile_sources(kit, work)
    progress('linking')
    link.link(kit, objects, work)
    image = link.strip(reaching, described, work)
    Path(work, 'app.mpysym').write_text(symbols.describe(
        modules, frozen.functions, elf.symbols(Path(work, 'app.elf').read_bytes()), image))
    return image


def warn_of_imports(kit, app):
    for warning in imports.find_warnings(app.modules, app.builtin, kit.modules):
        warn(warning)


@contextlib.contextmanager
def _work(keep):
    """A directory for what is made on the way: KEEP, or if it is None one that goes again."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix='mpyfreeze-') as name:
            yield Path(name)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BuildError(f'{keep}: cannot be made: {error.strerror}') from None
    yield keep.absolute()


def beside(image, suffix):
    """What stands beside IMAGE: of meter.mpyimg, meter.mpysym."""
    stem = image.name.removesuffix('.mpyimg')
    return image.with_name(stem + suffix)


def written(image):
    """All the files that a build of IMAGE writes."""
    return [image, *(beside(image, suffix) for suffix in BESIDE)]


def _check_outputs(directory, app, outputs, keep):
    """What is written must not take the place of the app's own files, nor be its next resource."""
    own = [Path(directory, manifest.FILE), *(module.file for module in app.modules),
           *(module.file for module in sources.find_tests(directory, app.manifest))]
    for output in outputs:
        check(output, own)
    resources = app.manifest.resources
    for output in [*outputs, *([keep] if keep else [])]:
        if resources and Path(place(output)).is_relative_to(os.path.realpath(
                Path(directory, resources))):
            raise BuildError(f'{output}: is below "{resources}" and would be a resource of the next '
                             'image; name another place')


def build(kit, directory, output, version, keep=None, progress=lambda text: None, strip=()):
    """Builds the app in DIRECTORY into the image OUTPUT, with BESIDE. VERSION: of mpyfreeze.
    PROGRESS takes a line about what is being done. KEEP: a directory for what is made on the way,
    app.elf with all symbols among it. STRIP: what to leave out. Returns the app and the
    bytes of its image."""
    app = read_app(kit, directory)
    _check_outputs(directory, app, written(output), keep)
    with _work(keep) as work:
        data = make(kit, app, work, progress, strip)
        warn_of_imports(kit, app)
        for warning in keylike.find_warnings(app.modules, app.contents):
            warn(warning)
        Path(work, 'app.spdx.json').write_text(sbom.describe(kit, app, data, output, version))
        for suffix in BESIDE:
            write(beside(output, suffix), Path(work, f'app{suffix}').read_bytes())
    write(output, data)
    return app, data


def arguments(parser):
    parser.add_argument('directory', metavar='DIR', type=Path, help='the app: where mpyd.toml is')
    parser.add_argument('-o', '--output', metavar='IMAGE', type=Path, required=True,
                        help='the image to write')
    sdk.argument(parser)
    parser.add_argument('--keep', metavar='DIR', type=Path,
                        help='keep what is made on the way here: frozen.c, app.elf with its '
                        'symbols ...')
    parser.add_argument('--strip', metavar='WHAT', action='append', default=[],
                        choices=freeze.STRIPPABLE, help='leave out ' + '; '.join(
                            f'{name} ({what})' for name, what in freeze.STRIPPABLE.items()) +
                        '; can be given several times')
    parser.add_argument('--report', action='store_true',
                        help='also print how much smaller leaving something out makes the image')
    parser.add_argument('--watch', action='store_true',
                        help='build again whenever a file in DIR changes, until interrupted')
    parser.add_argument('-v', '--verbose', action='store_true', help='say what is being done')


def run(given):
    progress = say if given.verbose else lambda text: None
    kit = sdk.load(given.sdk)

    def once():
        app, data = build(kit, given.directory, given.output, given.version, given.keep, progress,
                          given.strip)
        if given.report:
            print('\n'.join(report.describe(make, kit, app, given.strip, data)), flush=True)
        return f'{given.output}: {app.manifest.name} {app.manifest.version}, {len(data)} bytes in the file'

    if given.watch:
        watch.watch(given.directory, written(given.output) + [given.keep] * bool(given.keep), once)
    else:
        progress(once())
