# SPDX-License-Identifier: MIT
"""What the linker made of an image: where its text, its data and its notes are."""

import struct
from dataclasses import dataclass

from .errors import BuildError

HEADER = struct.Struct('<16sHHIQQQIHHHHHH')
SEGMENT = struct.Struct('<IIQQQQQQ')
SECTION = struct.Struct('<IIQQQQIIQQ')
SYMBOL = struct.Struct('<IBBHQQ')
MAGIC = b'\x7fELF'
SYMBOLS, NO_BITS = 2, 8  # sh_type
LOADED = 2               # sh_flags
LOAD, INTERP, NOTE = 1, 3, 4
EXECUTABLE, WRITABLE = 1, 2


@dataclass
class Elf:
    machine: int
    entry: int
    text: tuple  # start and end address of the one executable segment
    data: tuple  # of the one writable segment
    notes: int   # offset in the file of the one PT_NOTE
    notes_size: int


def read(data):
    """The Elf in the bytes DATA, or BuildError if the link did not make what images are made of."""
    fields = HEADER.unpack_from(data)
    machine, entry, offset, size, count = fields[2], fields[4], fields[5], fields[9], fields[10]
    text, writable, notes = [], [], []
    for index in range(count):
        kind, flags, start, address, _, in_file, memory, _ = SEGMENT.unpack_from(
            data, offset + index * size)
        if kind == LOAD and flags & EXECUTABLE and flags & WRITABLE:
            raise BuildError('the linker made a segment that is writable and executable')
        if kind == LOAD and flags & EXECUTABLE:
            text.append((address, address + memory))
        if kind == LOAD and flags & WRITABLE:
            writable.append((address, address + memory))
        if kind == NOTE:
            notes.append((start, in_file))
        if kind == INTERP:
            raise BuildError('the linker made a dynamic program: is musl\'s rcrt1.o there?')
    for found, what in ((text, 'executable'), (writable, 'writable'), (notes, 'note')):
        if len(found) != 1:
            raise BuildError(f'the linker made {len(found)} {what} segments, not one')
    return Elf(machine, entry, text[0], writable[0], *notes[0])


def note_segments(data):
    """(offset, size) of each segment of notes in the bytes DATA, of any file; [] where it is no ELF
    file."""
    if not data.startswith(MAGIC) or len(data) < HEADER.size:
        return []
    fields = HEADER.unpack_from(data)
    offset, size, count = fields[5], fields[9], fields[10]
    starts = [offset + index * size for index in range(count)]
    segments = [SEGMENT.unpack_from(data, start) for start in starts
                if start + SEGMENT.size <= len(data)]
    return [(segment[2], segment[5]) for segment in segments if segment[0] == NOTE]


def _sections(data):
    fields = HEADER.unpack_from(data)
    offset, size, count = fields[6], fields[11], fields[12]
    return [SECTION.unpack_from(data, offset + index * size) for index in range(count)]


def loaded_size(data):
    """Bytes of the ELF file in DATA that are content in memory: no padding, no zeros, no tables of
    the file's own."""
    return sum(section[5] for section in _sections(data)
               if section[2] & LOADED and section[1] != NO_BITS)


def symbols(data):
    """Name and address of each symbol of the ELF file in the bytes DATA; {} of one without."""
    sections = _sections(data)
    found = {}
    for section in sections:
        if section[1] != SYMBOLS:
            continue
        names = sections[section[6]][4]
        for symbol in SYMBOL.iter_unpack(data[section[4]:section[4] + section[5]]):
            start = names + symbol[0]
            found[data[start:data.index(b'\0', start)].decode()] = symbol[4]
    return found
