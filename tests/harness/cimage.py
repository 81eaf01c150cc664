# SPDX-License-Identifier: MIT
"""Images made of C, with the notes that mpyfreeze would write: they have no MicroPython and no
manners. WORK is a folder to work in, KIT the SDK as freezer.sdk.load() gives it."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

DATA_S = """\
    .section .note.mpyd, "a", @note
    .balign 4
    .incbin "notes.bin"
    .section .note.GNU-stack, "", @progbits
"""


def link(kit, objects, output, work):
    """Links OBJECTS as images are linked, but for the VM. Returns the bytes of OUTPUT."""
    libraries = [item for item in kit.libraries if not item.endswith("mpyvm.o")]
    command = [*kit.linker, "-Wl,-z,max-page-size=4096", *kit.start_files, *objects, *libraries]
    subprocess.run([*command, "-o", output], cwd=work, check=True)
    return Path(work, output).read_bytes()


def make(kit, name, objects, memory, grants, work, counter=0):
    """The bytes of the image of the app NAME, which may listen and connect to GRANTS."""
    import freezer.elf
    import freezer.notes

    app = SimpleNamespace(
        name=name,
        version="1",
        entry="main",
        boot="",
        memory=memory,
        grants={"listen": grants, "connect": grants},
        limits={},
        health={},
        arguments=[],
        description="",
        counter=counter,
    )
    manifest = freezer.notes.manifest_json(app, [("main", 1)], [], kit.micropython)
    Path(work, "data.s").write_text(DATA_S)
    Path(work, "notes.bin").write_bytes(freezer.notes.pack(kit, app, manifest))
    subprocess.run([*kit.compiler, "-c", "data.s"], cwd=work, check=True)
    data = bytearray(link(kit, [*objects, "data.o"], "image", work))
    found = freezer.elf.read(data)
    start = found.notes + freezer.notes.OBJECT_OFFSET
    data[start : start + freezer.notes.OBJECT.size] = freezer.notes.user_object(kit, app, found)
    return bytes(data)
