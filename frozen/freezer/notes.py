# SPDX-License-Identifier: MIT
"""The notes of an image: call/note.h, written down."""

import json
import struct

from . import elf, manifest

OWNER = b'mpyd\0'
USER_OBJECT, MANIFEST, CALLS, LAYOUT, TOOLS = 1, 2, 3, 4, 5
MAGIC = b'MPYDUSR\0'
FORMAT = 1
OBJECT = struct.Struct('<8sIIII8Q16s')  # struct note_user_object
CALL = struct.Struct('<II')             # struct note_call
REGION = struct.Struct('<16sQQ')         # struct note_region
HEADER = struct.Struct('<III')
TOOLS_MAX = 255                         # less than IMAGE_TOOLS_SIZE of image/image.h
MANIFEST_MAX = 256 << 10                # MANIFEST_SIZE_MAX of image/manifest.h


def manifest_json(app, modules, resources, micropython):
    """The manifest as the supervisor reads it. MODULES and RESOURCES: (name, size)."""
    document = {
        'format': manifest.FORMAT,
        'name': app.name,
        'version': app.version,
        'entry': app.entry,
        **({'boot': app.boot} if app.boot else {}),
        **({'arguments': app.arguments} if app.arguments else {}),
        'memory': app.memory,
        'grants': app.grants,
        'limits': app.limits,
        **({'health': app.health} if app.health else {}),
        'modules': [{'name': name, 'size': size} for name, size in modules],
        'resources': [{'path': path, 'size': size} for path, size in resources],
        'micropython': micropython,
    }
    if app.description:
        document['description'] = app.description
    if app.counter:
        document['counter'] = app.counter  # older supervisors do not know it
    return json.dumps(document, separators=(',', ':')).encode('ascii')


def user_object(sdk, app, linked=None):
    """struct note_user_object; LINKED: the Elf, or None for as many zeros."""
    if linked is None:
        return bytes(OBJECT.size)
    return OBJECT.pack(MAGIC, FORMAT, sdk.abi, linked.machine, len(sdk.calls), linked.entry,
                       *linked.text, *linked.data, app.memory['heap'], app.memory['stack'],
                       app.memory['arena'], sdk.micropython.encode('ascii'))


def _padded(data):
    return data + bytes(-len(data) % 4)


def _note(kind, content):
    return HEADER.pack(len(OWNER), len(content), kind) + _padded(OWNER) + _padded(content)


# Where the user object's content stands in the notes.
OBJECT_OFFSET = HEADER.size + len(_padded(OWNER))


def is_image(data):
    """Whether the file with the bytes DATA begins its notes as an image does."""
    start = _note(USER_OBJECT, bytes(OBJECT.size))[:OBJECT_OFFSET] + MAGIC
    return any(data.startswith(start, offset) for offset, _ in elf.note_segments(data))


def contents(data):
    """{kind: bytes} of the notes of the image in the bytes DATA, as far as they are of the form."""
    found = {}
    for offset, size in elf.note_segments(data):
        end = min(offset + size, len(data))
        while offset + OBJECT_OFFSET <= end:
            owner_size, length, kind = HEADER.unpack_from(data, offset)
            start = offset + OBJECT_OFFSET
            if owner_size != len(OWNER) or start + length > end:
                break
            found.setdefault(kind, data[start:start + length])
            offset = start + len(_padded(bytes(length)))
    return found


def target(data):
    """(ABI, machine of the ELF header) that the image in the bytes DATA was built for."""
    fields = OBJECT.unpack_from(contents(data)[USER_OBJECT])
    return fields[2], fields[3]


def layout(regions):
    """The regions worth a name. REGIONS: (name, address, size)."""
    return b''.join(REGION.pack(name.encode('ascii'), start, size)
                    for name, start, size in regions)


def pack(sdk, app, manifest_text, n_regions=0):
    """The content of the section .note.mpyd. Still empty, to be filled in once the image is linked:
    the user object, and at the end the layout of N_REGIONS regions, if any."""
    calls = b''.join(CALL.pack(*call) for call in sdk.calls)
    regions = _note(LAYOUT, bytes(n_regions * REGION.size)) if n_regions else b''
    return (_note(USER_OBJECT, user_object(sdk, app)) + _note(MANIFEST, manifest_text) +
            _note(CALLS, calls) + _note(TOOLS, ', '.join(sdk.tools).encode()[:TOOLS_MAX]) + regions)
