# SPDX-License-Identifier: MIT
"""What leaving something out of an image saves: the app is built with all, without each, and as asked
for. An image is padded to pages; so what is told is the bytes in it that are loaded."""

import tempfile
from pathlib import Path

from . import elf, freeze


def _size(make, kit, app, strip):
    with tempfile.TemporaryDirectory(prefix='mpyfreeze-') as work:
        return elf.loaded_size(make(kit, app, Path(work), strip=strip))


def describe(make, kit, app, strip):
    """Lines of text about the image of APP, to be built without STRIP. MAKE: build.make."""
    whole = _size(make, kit, app, ())
    lines = [f'{whole:8} bytes with all that can be left out']
    for name in freeze.STRIPPABLE:
        saved = whole - _size(make, kit, app, (name,))
        lines.append(f'{-saved:8} bytes without {name}' + ', as here' * (name in strip))
    lines.append(f'{_size(make, kit, app, strip):8} bytes as here')
    return lines
