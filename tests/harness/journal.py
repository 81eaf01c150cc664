# SPDX-License-Identifier: MIT
"""A socket that plays the journal, for a program that finds it where the journal would be."""

import os
import socket
import struct
import tempfile
import threading
import time

SOCKET = "/run/systemd/journal/socket"

# In a mount namespace of the program's own, DIR stands where the journal's directory does.
MOUNT = (
    'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && '
    'mount --bind "$1" /run/systemd/journal && shift && exec "$@"'
)


def parse(datagram):
    """The fields of an entry, as systemd's native protocol has them: a list of (name, value)."""
    fields = []
    while datagram:
        head, _, rest = datagram.partition(b"\n")
        name, equals, value = head.partition(b"=")
        if not equals:
            (size,) = struct.unpack_from("<Q", rest)
            value = rest[8 : 8 + size]
            if rest[8 + size : 9 + size] != b"\n":
                raise AssertionError(f"no end of {name}: {rest[:100]}")
            rest = rest[9 + size :]
        fields.append((name.decode("ascii"), value.decode("utf-8")))
        datagram = rest
    return fields


class Journal:
    """Takes entries and, as standard error of who logs, lines."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="mpyd-journal-")
        os.chmod(self._folder.name, 0o755)
        self.entries = []
        self._reading = threading.Event()
        self._reading.set()
        self._news = threading.Condition()
        self.socket = None
        self.start()
        self._stream, self.stderr = socket.socketpair()
        status = os.fstat(self.stderr.fileno())
        self.stream_name = f"{status.st_dev}:{status.st_ino}"
        self.lines = b""
        self._reader(self._read_stream)

    def start(self):
        """Makes the socket and reads from it."""
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = os.path.join(self._folder.name, "socket")
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self._reader(self._read_entries, self.socket)

    def stop(self):
        """The journal's socket goes away."""
        os.unlink(os.path.join(self._folder.name, "socket"))
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def pause(self):
        """From now on nobody takes entries or lines."""
        self._reading.clear()

    def close(self):
        self._reading.set()
        self.stop()
        self._stream.shutdown(socket.SHUT_RDWR)
        self._stream.close()
        self.stderr.close()
        self._folder.cleanup()

    def command(self, command):
        """COMMAND, where this is its journal."""
        mount = ["sh", "-c", MOUNT, "sh", self._folder.name]
        environment = ["env", f"JOURNAL_STREAM={self.stream_name}"]
        if os.getuid() == 0:
            return ["unshare", "--mount", *mount, *environment, *command]
        drop = ["setpriv", "--ambient-caps=-all", "--inh-caps=-all"]
        unshare = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount"]
        return [*unshare, *mount, *drop, *environment, *command]

    def _reader(self, function, *arguments):
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def _read_entries(self, opened):
        while self._reading.wait():
            try:
                datagram = opened.recv(1 << 20)
            except OSError:
                return
            if not datagram:
                return
            with self._news:
                self.entries.append(parse(datagram))
                self._news.notify_all()

    def _read_stream(self):
        while self._reading.wait():
            try:
                piece = self._stream.recv(65536)
            except OSError:
                return
            if not piece:
                return
            with self._news:
                self.lines += piece
                self._news.notify_all()

    def wait(self, found, timeout=20):
        """What FOUND() returns once it is true, asked after all news."""
        end = time.monotonic() + timeout
        with self._news:
            while not (result := found()):
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"not in {self.entries}, {self.lines}")
                self._news.wait(left)
            return result

    def wait_entry(self, words, timeout=20):
        """The first entry with WORDS in its message, as a dictionary."""
        return self.wait(
            lambda: next((dict(entry) for entry in self.entries if words in entry[0][1]), None),
            timeout,
        )
