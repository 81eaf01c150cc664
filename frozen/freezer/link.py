# SPDX-License-Identifier: MIT
"""Makes the image: compiles what is the app's own and links it with the SDK's object.

How is the SDK's to say: flags, start files and libraries, for a static position-independent program
of musl. Relative relocations stay unpacked: musl reads packed ones from 1.2.4 on, and an image linked
with 1.2.3 (Debian 12) would not reach main().
"""

from pathlib import Path

from . import elf, notes, run
from .errors import BuildError

IMAGE_MAX = 64 << 20  # IMAGE_SIZE_MAX of image/image.h
LINK = ['-fno-lto', '-Wl,-z,max-page-size=4096', '-Wl,--fatal-warnings']

APP_C = '''\
#include "vm/app.h"

static char app_heap[{heap}] __attribute__((aligned(4096)));
{declaration}
const struct app_image app_image = {{
    .name = "{name}",
    .version = "{version}",
    .entry = "{entry}",
    .boot = {boot},
    .heap = app_heap,
    .heap_size = sizeof(app_heap),
    .stack_size = {stack},
    .arena_size = {arena},
    .resources = {resources},
    .resources_size = {resources_size},
    .lines_stripped = {lines_stripped},
    .arguments = (const char *const[]){{{arguments}}},
}};
'''

DATA_S = '''\
    .section .note.mpyd, "a", @note
    .balign 4
    .incbin "notes.bin"

    .section .rodata.resources, "a", @progbits
    .balign 16
    .globl app_resources
    .hidden app_resources
app_resources:
    .incbin "resources.bin"

    .section .note.GNU-stack, "", @progbits
'''


def _c_string(text):
    """TEXT, printable ASCII, in C."""
    return '"' + ''.join(f'\\{ord(c):03o}' if c in '"\\?' else c for c in text) + '"'


def write_sources(work, app, romfs, note_bytes, lines_stripped):
    """Writes what describes the app: app.c, data.s and what that includes."""
    Path(work, 'app.c').write_text(APP_C.format(
        name=app.name, version=app.version, entry=app.entry,
        boot=_c_string(app.boot) if app.boot else 'NULL',
        heap=app.memory['heap'], stack=app.memory['stack'], arena=app.memory['arena'],
        resources_size=len(romfs),
        arguments=', '.join([*map(_c_string, app.arguments), 'NULL']),
        lines_stripped='true' if lines_stripped else 'false',
        declaration='extern const uint8_t app_resources[];' if romfs else '',
        resources='app_resources' if romfs else 'NULL'))
    Path(work, 'data.s').write_text(DATA_S)
    Path(work, 'notes.bin').write_bytes(note_bytes)
    Path(work, 'resources.bin').write_bytes(romfs)


def compile_sources(sdk, work):
    """Compiles frozen.c, app.c and data.s, in names that hold no path of this machine."""
    def compile_one(name):
        run.run([*sdk.compiler, '-g0', f'-ffile-prefix-map={sdk.root}=sdk', '-c', name, '-o',
                 Path(name).with_suffix('.o')], work)
        return Path(name).with_suffix('.o')

    return run.in_parallel(compile_one, ['frozen.c', 'app.c', 'data.s'])


def link(sdk, objects, work):
    """Links OBJECTS into WORK/app.elf, unstripped, with the linker's map in WORK/app.map."""
    run.run([*sdk.linker, *LINK, '-Wl,-Map=app.map', *sdk.start_files, *objects, *sdk.libraries,
             '-o', 'app.elf'], work)
    place = Path(work, 'app.map')
    place.write_text(place.read_text(errors='replace').replace(str(sdk.root), '@SDK@'))


def n_regions(romfs):
    """How many regions an image names: its heap, and its resources, if any."""
    return 2 if romfs else 1


def _regions(app, work):
    addresses = elf.symbols(Path(work, 'app.elf').read_bytes())
    regions = [('heap', addresses['app_heap'], app.memory['heap'])]
    if size := Path(work, 'resources.bin').stat().st_size:
        regions.append(('resources', addresses['app_resources'], size))
    return notes.layout(regions)


def strip(sdk, app, work):
    """The finished image: WORK/app.elf without its symbols, its notes complete, in both."""
    run.run([sdk.strip, '--strip-all', '--remove-section=.comment', '-o', 'app.stripped', 'app.elf'],
            work)
    regions = _regions(app, work)
    for name in ('app.elf', 'app.stripped'):
        data = bytearray(Path(work, name).read_bytes())
        found = elf.read(data)
        start = found.notes + notes.OBJECT_OFFSET
        data[start:start + notes.OBJECT.size] = notes.user_object(sdk, app, found)
        end = found.notes + found.notes_size
        data[end - len(regions):end] = regions
        Path(work, name).write_bytes(data)
    if len(data) > IMAGE_MAX:
        raise BuildError(f'the image has {len(data)} bytes, more than {IMAGE_MAX >> 20} MiB; '
                         'make its resources smaller')
    return bytes(data)
