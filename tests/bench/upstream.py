# SPDX-License-Identifier: MIT
"""Upstream's standard unix build of MicroPython, made of the very source that mpyd's VM is made of,
unmodified, in a copy."""

import os
import shutil

# What the source package has not: mbedtls and berkeley-db (ssl and btree), and micropython-lib,
# from which the standard build freezes ssl.py and mip. asyncio is frozen as it is there.
WITHOUT = ("MICROPY_PY_SSL=0", "MICROPY_SSL_MBEDTLS=0", "MICROPY_PY_BTREE=0")
PARTS = ("py", "extmod", "lib", "shared", "mpy-cross", "tools", "ports/unix", "drivers")


def _make(env, folder, *settings):
    path = {"PATH": os.environ["PATH"]}  # and none of the settings that make is run with itself
    env.output(["make", "-C", folder, f"-j{len(env.cpus)}", *settings], env=path)


def build(env):
    """The program; built once and kept in the build folder."""
    source = env.micropython()
    copy = env.cache / source.name
    program = copy / "ports" / "unix" / "build-standard" / "micropython"
    if program.exists():
        return program
    env.say(f"building upstream's unix port in {copy}")
    shutil.rmtree(copy, ignore_errors=True)
    for part in PARTS:
        shutil.copytree(source / part, copy / part, symlinks=True)
    shutil.copy(source / "README.md", copy)
    manifest = copy / "extmod" / "asyncio" / "manifest.py"
    _make(env, copy / "mpy-cross")
    _make(env, copy / "ports" / "unix", *WITHOUT, f"FROZEN_MANIFEST={manifest}",
          "MPY_LIB_SUBMODULE=", f"MPY_LIB_DIR={copy}")
    return program
