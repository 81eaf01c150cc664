# SPDX-License-Identifier: MIT
"""A small file system that forgets: what was done to it by name and byte, and what of that may be on
the disk if the power fails right then.

Pessimistic as POSIX is: a file's bytes are there once the file was synced, a name once its directory
was. Until then each change of names may have happened or not, alone, and each file's bytes may be
there, half there, or zero.
"""

import itertools
import os
import re

CALLS = "openat,close,write,pwrite64,fsync,fdatasync,renameat,renameat2,unlinkat,mkdirat,mkdir"
CALLS += ",symlinkat,ftruncate,dup,dup2,dup3,fcntl,fchmod,rename,unlink,rmdir,symlink,creat,open"
LINE = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+)")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


class File:
    def __init__(self, data=b""):
        self.data = self.synced = data


class Folder:
    def __init__(self):
        self.names = {}  # as on the disk


class Disk:
    """What is below ROOT, all of it on the disk; play() changes it, here alone."""

    def __init__(self, root):
        self.root = root
        self.top = self._load(root)
        self.pending = []  # changes of names: (folders, function(view)), not on the disk yet
        self._opened = {}  # descriptor: [node, offset]
        self._seen = set()  # trees that cuts() has given

    def _load(self, path):
        if os.path.islink(path):
            return os.readlink(path)
        if not os.path.isdir(path):
            with open(path, "rb") as file:
                return File(file.read())
        folder = Folder()
        for name in os.listdir(path):
            folder.names[name] = self._load(os.path.join(path, name))
        return folder

    # -- what is there now, and what may be -------------------------------------------------------

    def _view(self, changes):
        """Names of all folders with CHANGES made to what is on the disk, by folder."""
        view = {}
        for change in changes:
            change[1](lambda folder: view.setdefault(folder, dict(folder.names)))
        return lambda folder: view.get(folder, folder.names)

    def _now(self):
        return self._view(self.pending)

    def _find(self, path, view):
        node = self.top
        if not path.startswith(self.root):
            return None
        for part in filter(None, path[len(self.root) :].split("/")):
            node = view(node).get(part) if isinstance(node, Folder) else None
        return node

    def cuts(self, without):
        """Every tree, {path: bytes, link or None for a folder}, that may be there now and was not
        given yet. WITHOUT: a folder that is in none of them."""
        pending = self.pending
        choices = [pending, []]
        choices += [[change] for change in pending]
        choices += [[c for c in pending if c is not change] for change in pending]
        for changes, torn in itertools.product(choices, ("whole", "synced", "half", "zero")):
            tree = {}
            self._write_tree(self.top, "", self._view(changes), torn, tree)
            tree = {p: c for p, c in tree.items() if p.split("/")[1:2] != [without]}
            key = tuple(sorted((path, hash(content)) for path, content in tree.items()))
            if key not in self._seen:
                self._seen.add(key)
                yield tree

    def forget_cuts(self):
        """Has cuts() give all of them again."""
        self._seen = set()

    def _write_tree(self, node, path, view, torn, tree):
        if isinstance(node, Folder):
            tree[path] = None
            for name, child in view(node).items():
                self._write_tree(child, f"{path}/{name}", view, torn, tree)
        elif isinstance(node, str):
            tree[path] = node
        elif node.synced == node.data or torn == "whole":
            tree[path] = node.data
        else:
            half = node.data[: len(node.data) // 2]
            tree[path] = {"synced": node.synced, "half": half, "zero": bytes(len(node.data))}[torn]

    # -- what is done to it ------------------------------------------------------------------------

    def play(self, line):
        """Does what LINE of strace -xx says. Returns whether anything changed."""
        found = LINE.match(line)
        if not found or found[3].startswith("-"):
            return False
        name, arguments, result = found[1], found[2], int(found[3])
        strings = [bytes.fromhex(s[0].replace("\\x", "")) for s in STRING.findall(arguments)]
        plain = [a.strip() for a in STRING.sub('""', arguments).split(",")]
        handler = getattr(self, "_do_" + name, None)
        if handler is None:
            raise AssertionError(f"the model knows no {name}: {line[:200]}")
        return bool(handler(plain, strings, result))

    def _path(self, folder, name):
        """What NAME is in the folder that the descriptor FOLDER is open on: its folder, its name."""
        name = os.fsdecode(name)
        if name.startswith("/"):
            return self._find(os.path.dirname(name), self._now()), os.path.basename(name)
        return self._node(folder), name

    def _node(self, descriptor):
        opened = self._opened.get(int(descriptor)) if descriptor.isdigit() else None
        return opened[0] if opened else None  # of what is elsewhere

    def _change(self, folders, function):
        if any(folder is None for folder in folders):
            return False  # elsewhere
        self.pending.append((folders, function))
        return True

    def _do_openat(self, plain, strings, result):
        path = os.fsdecode(strings[0])
        if path.startswith("/proc/self/fd/"):
            self._opened[result] = [self._node(os.path.basename(path)), 0]
            return False
        folder, name = self._path(plain[0], strings[0])
        node = self._now()(folder).get(name) if isinstance(folder, Folder) else None
        if path == self.root:
            node = self.top
        if "O_TRUNC" in plain[2] and folder is not None:
            raise AssertionError(f"written over in place: {path}")
        changed = False
        if folder is not None and node is None and "O_CREAT" in plain[2]:
            new = node = File()
            changed = self._change([folder], lambda names: names(folder).update({name: new}))
        self._opened[result] = [node, 0]
        return changed

    def _do_close(self, plain, _strings, _result):
        self._opened.pop(int(plain[0]), None)

    def _do_fcntl(self, plain, _strings, result):
        if plain[1].startswith("F_DUPFD"):
            self._opened[result] = self._opened.get(int(plain[0]))

    def _do_write(self, plain, strings, result):
        opened = self._opened.get(int(plain[0]))
        if not opened or not isinstance(opened[0], File):
            return False  # a message, a pipe
        node, offset = opened
        node.data = node.data[:offset].ljust(offset, b"\0") + strings[0][:result]
        opened[1] += result
        return True

    def _do_fsync(self, plain, _strings, _result):
        node = self._node(plain[0])
        if node is None:
            return False
        if isinstance(node, File):
            node.synced = node.data
        else:
            mine = [change for change in self.pending if node in change[0]]
            for change in mine:
                change[1](lambda folder: folder.names)
                self.pending.remove(change)
        return True

    def _do_ftruncate(self, plain, _strings, _result):
        if self._node(plain[0]):
            raise AssertionError("truncated in place")  # what is elsewhere is in memory

    def _do_fchmod(self, _plain, _strings, _result):
        return False  # modes are not of interest here

    def _do_mkdirat(self, plain, strings, _result):
        folder, name = self._path(plain[0], strings[0])
        new = Folder()
        return self._change([folder], lambda names: names(folder).update({name: new}))

    def _do_symlinkat(self, plain, strings, _result):
        folder, name = self._path(plain[1], strings[1])
        target = os.fsdecode(strings[0])
        return self._change([folder], lambda names: names(folder).update({name: target}))

    def _do_unlinkat(self, plain, strings, _result):
        folder, name = self._path(plain[0], strings[0])
        return self._change([folder], lambda names: names(folder).pop(name, None))

    def _do_renameat(self, plain, strings, _result):
        from_, old = self._path(plain[0], strings[0])
        to, new = self._path(plain[2], strings[1])
        node = self._now()(from_).get(old) if from_ else None

        def rename(names):
            names(from_).pop(old, None)
            names(to)[new] = node

        return self._change([from_, to], rename)


def write_tree(tree, root):
    """Makes the folder ROOT of TREE, as cuts() has them."""
    for path in sorted(tree):
        content, place = tree[path], root + path
        if content is None:
            os.makedirs(place, exist_ok=True)
        elif isinstance(content, str):
            os.symlink(content, place)
        else:
            with open(place, "wb") as file:
                file.write(content)
