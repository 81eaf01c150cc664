# SPDX-License-Identifier: MIT
"""Images of an app to install: versions with their counters, signed."""

import os
import tempfile

import place
import vendor


class Stock:
    def __init__(self, mpyd, mpyctl, mpyfreeze, update):
        self.shop = vendor.Shop(mpyd, mpyctl, mpyfreeze, False)
        self.program, self.mpyctl = os.path.abspath(update), os.path.abspath(mpyctl)
        self.trusted = self.shop.keys((self.shop.ours, "gauge"))
        self._images, self._folders = {}, []

    def quick_folder(self):
        """A new folder, in memory if there is room: what syncs there does not wait for a disk."""
        memory = "/dev/shm"
        try:
            room = os.statvfs(memory)
            is_there = room.f_bavail * room.f_frsize > 64 << 20
        except OSError:
            is_there = False
        folder = tempfile.TemporaryDirectory(dir=memory if is_there else None)
        self._folders.append(folder)  # removed with it
        return folder.name

    def place(self):
        """A machine with nothing on it."""
        return place.Place(self.program, self.shop.place(), self.trusted)

    def image(self, version, counter=0, source=vendor.APP):
        """The path of the signed image of VERSION."""
        key = (version, counter, source)
        if key not in self._images:
            folder = self.shop.place()
            manifest = f'name = "gauge"\nversion = "{version}"\nentry = "main"\n'
            for file, text in (
                ("main.py", source),
                ("mpyd.toml", manifest + (f"counter = {counter}\n" if counter else "")),
            ):
                with open(os.path.join(folder, file), "w", encoding="utf-8") as opened:
                    opened.write(text)
            path = os.path.join(self.shop.place(), "gauge.mpyimg")
            self.shop.freeze("build", folder, "-o", path)
            self.shop.ours.sign(path)
            self._images[key] = path
        return self._images[key]

    def encrypted(self, version, counter=0):
        """The same in an envelope, and the file of its key."""
        folder = self.shop.place()
        key, path = os.path.join(folder, "fleet.key"), os.path.join(folder, "gauge.mpyimg")
        self.shop.freeze("keygen", key)
        self.shop.freeze("encrypt", self.image(version, counter), "--key", key, "-o", path)
        self.shop.ours.sign(path)
        return path, key


def read(path):
    with open(path, "rb") as file:
        return file.read()


def same(path, image):
    """Whether PATH and its signature are those of IMAGE, byte for byte."""
    return read(path) == read(image) and read(path + ".minisig") == read(image + ".minisig")
