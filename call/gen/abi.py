# SPDX-License-Identifier: MIT
"""call/calls.abi: every call that was ever released, as reviewed. Rows are only ever added."""

import re

from .table import TableError


def line(row):
    return f'{row.number} {row.signature:08x} {row.signature_text}'


def reviewed(path):
    """The reviewed lines by call number, each with its line in PATH."""
    lines = {}
    try:
        with open(path, encoding='utf-8') as file:
            for index, entry in enumerate(file.read().splitlines(), 1):
                if entry.startswith('#') or not entry:
                    continue
                if not re.fullmatch(r'[0-9]+ [0-9a-f]{8} \S.*', entry):
                    raise TableError(f'{path}:{index}: not of the form NUMBER SIGNATURE CALL')
                lines[int(entry.split(' ')[0])] = (index, entry)
    except OSError as error:
        raise TableError(f'{path}: {error.strerror}') from None
    return lines


def compare(rows, table_path, abi_path):
    """Raises TableError unless the table is what was reviewed."""
    known = reviewed(abi_path)
    present = {row.number: row for row in rows}
    complaints = []
    for number, (index, entry) in known.items():
        if number not in present:
            complaints.append(f'{abi_path}:{index}: call {number} is gone; numbers are for ever')
        elif entry != line(present[number]):
            complaints.append(f'{table_path}:{present[number].line}: call {number} has changed: '
                              f'images that use it no longer run\n'
                              f'    was {entry}\n    is  {line(present[number])}')
    for row in rows:
        if row.number not in known:
            complaints.append(f'{table_path}:{row.line}: new call; once it is reviewed, add to '
                              f'{abi_path}:\n    {line(row)}')
    if complaints:
        raise TableError('\n'.join(complaints))
