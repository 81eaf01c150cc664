# SPDX-License-Identifier: MIT
# What an image must not have: ways to run new code, to read input, or to write files.
import builtins
import errno
import io
import os
import sys
import vfs

for name in ("eval", "exec", "compile", "execfile", "help"):
    print(name, hasattr(builtins, name))


def f():
    pass


# What is frozen runs with other globals, but nothing makes code of data.
code = f.__code__
print("code", type(f)(code, {})())
for value in (b"code", [code]):
    try:
        type(f)(value, {})
    except TypeError as e:
        print("function", e)
try:
    type(code)(b"code")
except TypeError as e:
    print("code", e)
for name in ("_thread", "machine", "network", "marshal", "ssl", "tls", "pyb", "webrepl"):
    try:
        __import__(name)
        print(name, "imported")
    except ImportError as e:
        print(e)

for path in ("/etc/passwd", "passwd", "/proc/self/maps", "/dev/null", "/res/none", "../x", ""):
    try:
        open(path)
        print(path, "opened")
    except OSError as e:
        print(repr(path), errno.errorcode[e.errno])

for mode in ("w", "a", "wb", "r+"):
    try:
        open("/new", mode)
        print(mode, "opened")
    except OSError as e:
        print(mode, errno.errorcode[e.errno])

for name in ("remove", "unlink", "mkdir", "rmdir", "rename"):
    try:
        getattr(os, name)("/new", *(["/newer"] if name == "rename" else []))
    except OSError as e:
        print(name, errno.errorcode[e.errno])

for name in ("system", "getenv", "dupterm"):
    print(name, hasattr(os, name))

print("path", sys.path)
sys.path.append("/")
sys.path.append("/res")
sys.path.append("")
try:
    import passwd
except ImportError as e:
    print(e)


class Files:
    """A file system of the app's own making: for open(), never for import."""

    def mount(self, readonly, mkfs):
        pass

    def stat(self, path):
        print("stat", path)
        return (0x8000,) + (0,) * 9

    def open(self, path, mode):
        return io.StringIO("print('imported')")


vfs.mount(Files(), "/mine")
sys.path.append("/mine")
try:
    import passwd
except ImportError as e:
    print(e)
print("open", open("/mine/passwd.py").read())
print("stdin", repr(sys.stdin.read(10)))
try:
    input("nobody there> ")
except EOFError as e:
    print(repr(e))
print("listdir", os.listdir("/"))
