# SPDX-License-Identifier: MIT
"""What leaving something out of an image saves: the app is built with all, without each, and as asked
for. An image is padded to pages; so what is told is the bytes in it that are loaded."""

import tempfile
from pathlib import Path

from . import elf, freeze


def describe(make, kit, app, strip, image):
    """Lines of text about IMAGE, the bytes of that of APP, built without STRIP. MAKE: build.make."""
    sizes = {frozenset(strip): elf.loaded_size(image)}

    def size(*left_out):
        if frozenset(left_out) not in sizes:
            with tempfile.TemporaryDirectory(prefix='mpyfreeze-') as work:
                data = make(kit, app, Path(work), strip=left_out)
            sizes[frozenset(left_out)] = elf.loaded_size(data)
        return sizes[frozenset(left_out)]

    lines = [f'{size():8} bytes loaded with nothing left out']
    for name in freeze.STRIPPABLE:
        lines.append(f'{size(name) - size():8} bytes without {name}' + ', as here' * (name in strip))
    lines.append(f'{size(*strip):8} bytes loaded as here')
    return lines
