# SPDX-License-Identifier: MIT
"""From an author's build to a customer's machine: signed or not, encrypted or not."""

import collections
import math
import os
import shutil
import subprocess

import tap

WORD = b"a sentence that only the author should read"
MAIN = f'print("runs", {WORD.decode()!r})\n'
OK, REFUSED, UNTRUSTED, LOCKED = 0, 3, 7, 8  # exit statuses


class Vendor:
    """A directory with keys, and the app "shipped" in all forms there are."""

    def __init__(self, tools):
        self.tools = tools
        self.directory = os.path.dirname(tools.apps.file("")) + "/vendor"
        os.makedirs(self.path("keys.d"), exist_ok=True)
        if not os.path.exists(self.path("secret")):
            self.make()

    def path(self, name):
        return os.path.join(self.directory, name)

    def make(self):
        subprocess.run(["minisign", "-G", "-W", "-f", "-p", self.path("public"), "-s",
                        self.path("secret")], check=True, capture_output=True)
        with open(self.path("public"), encoding="ascii") as file:
            public = file.read().splitlines()[1]
        with open(self.path("keys.d/vendor.key"), "w", encoding="ascii") as file:
            file.write(f"[key]\npublic = {public}\napps = shipped\n")
        self.freeze("keygen", self.path("image.key"))
        os.chmod(self.path("image.key"), 0o644)  # for mpyd as an ordinary user
        plain = self.tools.apps.image("shipped", MAIN)
        for form in ("plain", "encrypted"):
            for signed in ("", "-signed"):
                os.makedirs(self.path(form + signed))
                image = self.image(form + signed)
                shutil.copy(plain, image)
                if form == "encrypted":
                    self.freeze("encrypt", plain, "-k", self.path("image.key"), "-o", image)
                if signed:
                    self.sign(image)

    def image(self, form):
        return os.path.join(self.path(form), "shipped.mpyimg")

    def freeze(self, *arguments):
        subprocess.run([*self.tools.mpyfreeze, *arguments], check=True, capture_output=True)

    def sign(self, image):
        self.freeze("sign", image, "-k", self.path("secret"))

    def run(self, image, *options):
        """Status and lines of mpyd run where the vendor's key is trusted."""
        done = subprocess.run([*self.tools.apps.mpyd, "run", image, "--keys", self.path("keys.d"),
                               "--floors", self.path("keys.d"), *options],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
        return done.returncode, done.stdout.splitlines()

    def key_option(self):
        return ("--key-file", self.path("image.key"))


RUNS = f"shipped: runs {WORD.decode()}"


def signature_and_encryption_are_independent(tools):
    """What it takes to run each of the four forms, and what misses if it is refused."""
    vendor = Vendor(tools)
    unsigned, key = ("--unsigned",), vendor.key_option()
    for form, options, status in (
        ("plain", (), UNTRUSTED),
        ("plain", key, UNTRUSTED),
        ("plain", unsigned, OK),
        ("plain-signed", (), OK),
        ("plain-signed", key, OK),
        ("encrypted", key, UNTRUSTED),
        ("encrypted", unsigned, LOCKED),
        ("encrypted", unsigned + key, OK),
        ("encrypted-signed", (), LOCKED),
        ("encrypted-signed", key, OK),
    ):
        with open(vendor.image(form), "rb") as file:
            before = file.read()
        got, lines = vendor.run(vendor.image(form), *options)
        tap.equal(got, status, f"status of {form} {options}: {lines}")
        tap.equal(RUNS in lines, status == OK, f"{form} {options}: {lines}")
        if status != OK:
            tap.equal(len(lines), 1, f"lines of {form} {options}: {lines}")
        with open(vendor.image(form), "rb") as file:
            tap.true(file.read() == before, "nothing is lost")


def entropy(data):
    """Bits in a byte of DATA."""
    counts = collections.Counter(data)
    return -sum(n / len(data) * math.log2(n / len(data)) for n in counts.values())


def encrypted_image_tells_nothing(tools):
    vendor = Vendor(tools)
    with open(vendor.image("plain"), "rb") as plain, open(vendor.image("encrypted"), "rb") as file:
        read, hidden = plain.read(), file.read()
    tap.true(WORD in read and b"main.py" in read, "what there is to be read")
    for word in (WORD, b"main.py", b"shipped", b"micropython", b"\x7fELF"):
        tap.true(word not in hidden, f"{word} can be read")
    tap.true(entropy(read) < 7 and entropy(hidden) > 7.99, "bits in a byte: "
             f"{entropy(read):.2f} plain, {entropy(hidden):.4f} encrypted")


def parts_of_two_images_are_no_image(tools):
    """Each half is signed by the same author, and the whole is not."""
    vendor = Vendor(tools)
    with open(vendor.image("plain-signed"), "rb") as file:
        one = file.read()
    with open(tools.apps.image("other", MAIN + "print(2)\n"), "rb") as file:
        other = file.read()
    os.makedirs(vendor.path("spliced"), exist_ok=True)
    image = vendor.image("spliced")
    shutil.copy(vendor.image("plain-signed") + ".minisig", image + ".minisig")
    half = len(one) // 2
    for data in (one[:half] + other[half:], other[:half] + one[half:], one + b"\0", one[:-1]):
        with open(image, "wb") as file:
            file.write(data)
        status, lines = vendor.run(image)
        tap.equal((status, len(lines)), (UNTRUSTED, 1), str(lines))
    with open(image, "wb") as file:
        file.write(one)
    tap.equal(vendor.run(image)[0], OK, "the whole of one")


TESTS = [
    signature_and_encryption_are_independent,
    encrypted_image_tells_nothing,
    parts_of_two_images_are_no_image,
]
