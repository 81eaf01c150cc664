# SPDX-License-Identifier: MIT
"""The calls that an image's note names: those its app can make, no others, whatever it makes."""

import json
import re
import struct
import subprocess
from pathlib import Path

import tap
from builds import MANIFEST, ROOT, on_bench

NOTE = struct.Struct('<III')
CALLS = 3  # enum note_type
# What every worker does: start, wait, print, tell the time, end and send what is not sent yet, say
# how it is doing and answer messages, if only that nobody is there for them. And open() is there for
# every app, the files of its storage with it, whether it has some or not.
ALWAYS = {'channel.start', 'channel.wait', 'channel.cancel', 'channel.exit', 'log.write',
          'clock.read', 'socket.close', 'socket.shutdown', 'app.enter', 'app.usage', 'app.take',
          'app.reply', 'channel.explain',
          *(f'file.{name}' for name in (
              'open', 'close', 'read', 'write', 'size', 'resize', 'sync', 'stat', 'list', 'next', 'end',
              'mkdir', 'rmdir', 'remove', 'rename', 'space'))}
CODE = {
    'nothing': 'print(1)\n',
    'random': 'import random\nprint(random.getrandbits(4) < 16)\n',
    'old name': 'import urandom\nprint(urandom.getrandbits(4) < 16)\n',
    'one call': 'import calls\nprint(calls.random_bytes(4))\n',
    'a call by any name': 'import calls\nprint(getattr(calls, "channel_" + "nop")())\n',
    'a module by any name': 'print(__import__("so" + "cket").socket())\n',
    'asyncio': 'import asyncio\nasync def main():\n    await asyncio.sleep(0.01)\n'
               'asyncio.run(main())\n',
    'sockets': '''\
import random, socket
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", 0))
listener.listen(1)
address = listener.getsockname()
client = socket.socket()
client.connect(address)
server = listener.accept()[0]
client.send(b"x")
print(server.recv(9))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    datagrams.sendto(b"x", ("127.0.0.2", 9))
except PermissionError as error:
    print(error)
print(socket.getaddrinfo("127.0.0.1", 80)[0][-1][1])
client.close()
''',
}


def named(bench):
    """Names of the calls in the image's note; the numbers are of the table."""
    rows = json.loads(Path(bench.options.sdk, 'include/call/calls.json').read_text())
    names = {row['number']: (row['name'], row['signature']) for row in rows}
    data = bench.image.read_bytes()
    place = data.index(NOTE.pack(5, 104, 1) + b'mpyd\0')
    while True:
        owner, size, kind = NOTE.unpack_from(data, place)
        start = place + NOTE.size + (owner + 3 & ~3)
        if kind == CALLS:
            break
        place = start + (size + 3 & ~3)
    found = set()
    for number, signature in struct.iter_unpack('<II', data[start:start + size]):
        tap.equal(signature, names[number][1], f'signature of {names[number][0]}')
        found.add(names[number][0])
    return found


def made(bench):
    """Names of the calls that the app makes, as the supervisor sees them."""
    done = subprocess.run([bench.options.mpyd, '--debug', 'run', '--unsigned', '--control=none', bench.image,
                           '--name', 'under-test'], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30,
                          check=False)
    tap.equal(done.returncode, 0, done.stdout)
    return set(re.findall(r'^mpyd: (\w+\.\w+)\(.*\) = ', done.stdout, re.MULTILINE))


def built(bench, name):
    grants = '[grants]\nlisten = ["tcp:127.0.0.1:0"]\nconnect = ["tcp:127.0.0.1:*"]\n'
    bench.built(bench.app({'main.py': CODE[name]}, MANIFEST + grants, name.replace(' ', '-')))
    return named(bench)


def test_no_more_than_the_app_can_make(bench):
    tap.equal(built(bench, 'nothing'), ALWAYS)
    for name in ('random', 'old name', 'one call'):
        tap.equal(built(bench, name) - ALWAYS, {'random.bytes'}, name)
    tap.true({'socket.open', 'channel.nop', 'random.bytes'} <= built(bench, 'a call by any name'),
             'any call')
    tap.true('name.resolve' not in named(bench), 'but none of another module')


def test_no_fewer_than_the_app_makes(bench):
    for name in CODE:
        allowed = built(bench, name)
        tap.equal(made(bench) - allowed, set(), f'{name}: made and not named')
    tap.true(len(made(bench)) > 15, 'the last of them makes most calls')


def test_calls_that_have_no_proxy_in_them(_):
    """Those that vm/reach.py has to be told of."""
    found = {(file.name, argument) for folder in ('vm', 'call')
             for file in sorted((ROOT / folder).glob('*.c'))
             for argument in re.findall(r'(?<!uint32_t )caller_submit\(([^,]*),', file.read_text())}
    tap.equal(found, {
        ('socket-ahead.c', 'is_readable ? CALL_SOCKET_RECV : CALL_SOCKET_RECEIVE'),
        ('socket-later.c', 'CALL_SOCKET_SEND'),
        ('caller.c', 'CALL_CHANNEL_CANCEL'),
        ('caller.c', 'call')}, 'POSTED of vm/reach.py')


def tests(options):
    return on_bench(options, globals())
