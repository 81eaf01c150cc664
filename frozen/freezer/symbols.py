# SPDX-License-Identifier: MIT
"""The file of symbols: which file and line each address of an image's code is of. The vendor keeps
it; "mpyctl symbolize" reads it.

    {"format": 1, "image_blake2b": HEX, "modules": [{"name": "main", "file": "main.py", "functions":
        [{"name": "f", "offset": ADDRESS, "size": BYTES, "lines": [[OFFSET, LINE], ...]}]}]}

HEX is what b2sum(1) says of the image; mpyd logs how it begins where it starts an app. ADDRESS is that of the function's bytes in the ELF file's own terms. From OFFSET in those on, up to the
next, is LINE; native code has none.
"""

import hashlib
import json

FORMAT = 1


def describe(modules, functions, addresses, image):
    """The text of the file. FUNCTIONS: those of each module, functions.Function; ADDRESSES: what
    elf.symbols() says of the linked file; IMAGE: the bytes of the image."""
    document = {
        'format': FORMAT,
        'image_blake2b': hashlib.blake2b(image).hexdigest(),
        'modules': [{
            'name': module.name,
            'file': module.path,
            'functions': [{'name': function.name, 'offset': addresses[function.symbol],
                           'size': function.size, 'lines': function.lines}
                          for function in found],
        } for module, found in zip(modules, functions)],
    }
    return json.dumps(document, separators=(',', ':')) + '\n'
