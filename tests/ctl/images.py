# SPDX-License-Identifier: MIT
"""Apps that are frozen for several tests: path and text of each file."""

WARE = {
    "mpyd.toml": """\
name = "ware"
version = "1.2.3"
entry = "main"
modules = ["main.py", "store.py", "wire/__init__.py"]
resources = "res"
arguments = ["-v", "2"]

[memory]
heap = "128K"
stack = "32K"
arena = "64K"

[grants]
listen = ["tcp:127.0.0.1:8080", "udp:*:5353"]
connect = ["udp:192.0.2.1:53"]
storage = "2M"

[limits]
handles = 7
log_rate = 9
""",
    "main.py": "import store\nprint(store.NAME)\n",
    "store.py": "NAME = 'ware'\n",
    "wire/__init__.py": "",
    "res/page.html": "<p>\n",
}

SMALL = {
    "mpyd.toml": 'name = "small"\nversion = "1"\nentry = "main"\n',
    "main.py": "print(1)\n",
}

# Raises through functions that share a name, a generator, a comprehension, a finally and asyncio.
CRASHING = {
    "mpyd.toml": 'name = "{name}"\nversion = "1"\nentry = "main"\n',
    "main.py": """\
import asyncio

from parts.first import First


class Second:
    def walk(self, n):
        # a comment
        return [
            First().walk(i)
            for i in range(n)
        ]


def steps():
    try:
        yield Second().walk(2)
    finally:
        pass


async def main():
    await asyncio.sleep(0)
    for step in steps():
        print(step)


try:
    (lambda: 1 //
     0)()
except ZeroDivisionError as error:
    import sys
    sys.print_exception(error)

asyncio.run(main())
""",
    "parts/__init__.py": "",
    "parts/first.py": """\


class First:
    def walk(self, n):
        if n:
            {}["no such key"]
        return n
""",
}


def crashing(name):
    return {path: text.replace("{name}", name) for path, text in CRASHING.items()}
