# SPDX-License-Identifier: MIT
"""calls.json and note-calls.inc: numbers and signatures, for images."""

import json

from . import text


def json_list(rows):
    """For mpyfreeze."""
    calls = [{'number': row.number, 'name': row.title, 'signature': row.signature} for row in rows]
    return '[\n' + ',\n'.join('  ' + json.dumps(call) for call in calls) + '\n]\n'


def note_calls(rows):
    """The elements of an array of struct note_call, ascending."""
    lines = [f'{{{row.number}u, 0x{row.signature:08x}u}}, // {row.title}' for row in rows]
    return '\n'.join([text.LICENCE, text.ORIGIN] + lines) + '\n'
