# SPDX-License-Identifier: MIT
# manifest: [grants]
# manifest: listen = ["tcp:127.0.0.1:8000"]
# A denial is a PermissionError, which is an OSError, and names the call and the rule.
import errno
import socket
import sys

s = socket.socket()
try:
    s.bind(("127.0.0.1", 8001))
    print("bound")
except PermissionError as e:
    print(issubclass(PermissionError, OSError), isinstance(e, OSError))
    print(e.errno == errno.EACCES, len(e.args), e.args[0])
    print(e.args[1])
    print(e)
    print(repr(e))
    sys.print_exception(e)
try:
    s.bind(("127.0.0.1", 8001))
except OSError as e:
    print("as OSError", e.errno)
try:
    raise PermissionError(1, "ours")
except PermissionError as e:
    print(e)
try:
    raise PermissionError
except PermissionError as e:
    print(e, e.args)


class Own(PermissionError):
    pass


try:
    raise Own(13, "text")
except OSError as e:
    print(repr(e), e)
s.close()
try:
    s.listen(1)
except OSError as e:
    print(e)
