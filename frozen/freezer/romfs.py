# SPDX-License-Identifier: MIT
"""Writes resources as a ROMFS, which MicroPython's VfsRom (extmod/vfs_rom.c) reads in place.

A record is its kind, the size of its payload, and the payload; numbers are base 128, most significant
first. A directory's payload is its name and its records; a file's is its name and a data record.
"""

HEADER = b'\xd2\xcd\x31'
DATA, DIRECTORY, FILE = 2, 4, 5


def _number(value):
    encoded = [value & 0x7f]
    while value := value >> 7:
        encoded.insert(0, 0x80 | (value & 0x7f))
    return bytes(encoded)


def _record(kind, payload):
    return _number(kind) + _number(len(payload)) + payload


def _name(name):
    return _number(len(name)) + name.encode('ascii')


def _directory(entries):
    """Records of a directory. ENTRIES: path as a tuple, and content; sorted."""
    records = b''
    below = {}
    for path, content in entries:
        if len(path) > 1:
            below.setdefault(path[0], []).append((path[1:], content))
        else:
            below[path[0]] = content
    for name, content in below.items():
        if isinstance(content, bytes):
            records += _record(FILE, _name(name) + _record(DATA, content))
        else:
            records += _record(DIRECTORY, _name(name) + _directory(content))
    return records


def pack(resources):
    """The bytes of a ROMFS. RESOURCES: path and content of each file, sorted."""
    records = _directory([(tuple(path.split('/')), content) for path, content in resources])
    size = _number(len(records))
    if (len(HEADER) + len(size) + len(records)) % 2:
        size = b'\x80' + size  # the whole has an even size
    return HEADER + size + records
