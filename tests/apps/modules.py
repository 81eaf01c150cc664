# SPDX-License-Identifier: MIT
# Every module that an image has, each doing something.
import array
import binascii
import cmath
import collections
import deflate
import errno
import gc
import hashlib
import heapq
import io
import json
import math
import micropython
import os
import platform
import random
import re
import select
import struct
import sys
import time
import uctypes
import calls
import asyncio
import socket


async def answer():
    await asyncio.sleep(0)
    return 42


print("array", array.array("h", [1, -2, 3]))
print("binascii", binascii.hexlify(b"\x01\xab"), binascii.crc32(b"mpyd"), binascii.b2a_base64(b"hi"))
print("cmath", cmath.phase(-1))
Point = collections.namedtuple("Point", "x y")
queue = collections.deque((), 3)
queue.append(1)
queue.append(2)
print("collections", Point(1, 2), queue.popleft(), list(collections.OrderedDict([("b", 1), ("a", 2)])))

packed = io.BytesIO()
with deflate.DeflateIO(packed, deflate.ZLIB) as stream:
    stream.write(b"mpyd " * 100)
size = len(packed.getvalue())
packed.seek(0)
print("deflate", size < 50, deflate.DeflateIO(packed).read() == b"mpyd " * 100)

print("errno", errno.ENOENT, errno.errorcode[errno.EACCES])
gc.collect()
print("gc", gc.mem_alloc() > 0, gc.mem_free() > 0, gc.isenabled())
print("hashlib", binascii.hexlify(hashlib.sha256(b"abc").digest()).decode())
heap = [5, 1, 4]
heapq.heapify(heap)
heapq.heappush(heap, 0)
print("heapq", [heapq.heappop(heap) for _ in range(4)])
print("io", io.StringIO("line\nnext").readline().strip(), io.BytesIO(b"abc").read(2))
print("json", json.dumps({"a": [1, 2.5, None, True]}), json.loads('{"x": {"y": [1, "é"]}}'))
print("math", math.sqrt(2), math.floor(-1.5), math.isclose(0.1 + 0.2, 0.3), math.factorial(20))
print("micropython", micropython.const(3), micropython.stack_use() > 0)
print("os", len(os.urandom(5000)), os.urandom(8) != os.urandom(8), os.uname().sysname, os.sep)
print("platform", platform.platform().startswith("Linux-1."), platform.libc_ver() is not None)
random.seed(1)
first = [random.randint(1, 6) for _ in range(5)]
random.seed(1)
print("random", first == [random.randint(1, 6) for _ in range(5)], 0 <= random.random() < 1)
print("re", re.match(r"(\w+)@(\w+)", "me@host").groups(), re.sub("[0-9]+", "#", "a1b22"))
print("struct", struct.pack("<HhI", 1, -1, 7), struct.unpack(">d", struct.pack(">d", 0.1)))
print("sys", sys.platform, sys.implementation.name, sys.version_info[0], sys.byteorder, sys.maxsize)
print("time", time.gmtime(0), time.mktime((2000, 1, 1, 0, 0, 0, 0, 0)), time.time() > 1.7e9)
layout = {"low": uctypes.UINT8 | 0, "high": uctypes.UINT8 | 1}
memory = bytearray(b"\x34\x12")
print("uctypes", hex(uctypes.struct(uctypes.addressof(memory), layout, uctypes.LITTLE_ENDIAN).high))
print("select", select.POLLIN, select.POLLOUT, select.poll().poll(0))
print("calls", calls.channel_nop(), calls.clock_read(1) > 0, len(calls.random_bytes(16)))
print("asyncio", asyncio.run(asyncio.wait_for(answer(), 1)))
print("socket", socket.AF_INET, socket.SOCK_STREAM)
