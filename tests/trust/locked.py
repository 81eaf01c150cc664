# SPDX-License-Identifier: MIT
"""Encryption at rest: without the key an app is locked, and nothing of it shows."""

import base64
import collections
import math
import os
import shutil

import apps
import service
import tap
from vendor import LOCKED, UNTRUSTED, WAIT

SODIUM = "mpyfreeze: this needs libsodium for Python; install python3-nacl"


def key(shop):
    path = os.path.join(shop.place(), "image-key")
    said = shop.freeze("keygen", path)
    tap.equal(os.stat(path).st_mode & 0o777, 0o600, "mode of a key")
    with open(path, "rb") as file:
        before = file.read()
    tap.true("not overwritten" in shop.freeze("keygen", path, status=1), "a second keygen")
    with open(path, "rb") as file:
        tap.equal(file.read(), before, "the key")
    if not shop.is_root and os.getuid() == 0:
        os.chown(path, int(apps.USER), int(apps.USER))
    return path, said.split()[-1]


def encrypted(shop, path, image=None):
    plain = image or shop.image()
    sealed = os.path.join(shop.place(), "gauge.mpyimg")
    shop.freeze("encrypt", plain, "-k", path, "-o", sealed)
    return plain, sealed


def with_the_key_it_runs(shop):
    path, _ = key(shop)
    _, image = encrypted(shop, path)
    shop.runs(image, "--unsigned", "--key-file", path)
    shop.runs(image, "--unsigned", env={"CREDENTIALS_DIRECTORY": os.path.dirname(path)})


def a_key_that_everybody_reads_is_told_of(shop):
    path, _ = key(shop)
    plain, image = encrypted(shop, path)
    words = f"{path}: a secret key that everybody can read (mode 0644)"
    for mode, count in ((0o600, 0), (0o440, 0), (0o644, 1)):
        os.chmod(path, mode)
        lines = shop.runs(image, "--unsigned", "--key-file", path)
        tap.equal(sum(words in line for line in lines), count, f"mode {mode:o}: {lines}")
    tap.true(words in shop.freeze("encrypt", plain, "-k", path, "-o", image), "encrypt")
    secret = os.path.join(shop.place(), "copy.sec")
    shutil.copyfile(shop.ours.secret, secret)
    for mode, count in ((0o600, 0), (0o644, 1)):
        os.chmod(secret, mode)
        said = shop.freeze("sign", plain, "-k", secret)
        tap.equal(said.count("that everybody can read"), count, said)


def signed_or_not_is_another_switch(shop):
    path, _ = key(shop)
    plain, image = encrypted(shop, path)
    keys = ["--keys", shop.keys((shop.ours, "gauge"))]
    shop.refuses(UNTRUSTED, ["not signed"], image, *keys, "--key-file", path)
    shop.ours.sign(plain)
    shutil.copy(plain + ".minisig", image + ".minisig")  # of what is inside: not what was shipped
    shop.refuses(UNTRUSTED, ["changed"], image, *keys, "--key-file", path)
    shop.freeze("sign", image, "-k", shop.ours.secret)
    shop.runs(image, *keys, "--key-file", path)
    shop.runs(plain, *keys, "--key-file", path)
    shop.refuses(LOCKED, ["locked"], image, *keys)


def without_the_key_it_is_locked(shop):
    path, number = key(shop)
    _, image = encrypted(shop, path)
    other, other_number = key(shop)
    folder = shop.place()
    no_key = os.path.join(folder, "none")
    with open(no_key, "w", encoding="ascii") as file:
        file.write("mpyd-image-key:AAAA\n")
    with open(image, "rb") as file:
        before = file.read()
    head = f"{image}: locked: encrypted with key {number}"
    for options, words in (
        ([], "--key-file"),
        (["--key-file", "/nonexistent/key"], "/nonexistent/key: no such file"),
        (["--key-file", folder], "not a regular file"),
        (["--key-file", no_key], "not a key"),
        (["--key-file", other], f"the key that is there is {other_number}"),
    ):
        shop.refuses(LOCKED, [head, words], image, "--unsigned", *options)
    env = {"CREDENTIALS_DIRECTORY": folder}
    shop.refuses(LOCKED, [head, "it belongs in /etc/credstore/mpyd.gauge.image-key"], image, "--unsigned", env=env)
    with open(os.path.join(folder, "image-key"), "w", encoding="ascii") as file:
        file.write("none")  # SetCredential= of our units
    shop.refuses(LOCKED, [head, "no key is there"], image, "--unsigned", env=env)
    os.unlink(file.name)
    with open(image, "rb") as file:
        tap.equal(file.read(), before, "nothing is lost")
    shop.runs(image, "--unsigned", "--key-file", path)


def why_it_is_locked_is_one_sentence(shop):
    path, number = key(shop)
    _, image = encrypted(shop, path)
    other, other_number = key(shop)
    head = f": {image}: locked: encrypted with key {number}, and "
    for options, end in (
        (["--key-file", other], f"the key that is there is {other_number}"),
        (["--key-file", "/nonexistent/key"], "/nonexistent/key: no such file"),
        ([], "no key is there; name one by --key-file or as the credential image-key"),
    ):
        _, lines = shop.run(image, "--unsigned", *options)
        tap.equal(lines, ["mpyd" + head + end], f"{options}")
        shop.ours.sign(image)
        keys = ["--keys", shop.keys((shop.ours, "gauge"))]
        verified = shop.verify(image, *keys, *options)
        tap.true(verified in (None, (LOCKED, ["mpyctl" + head + end])), f"{verified}")


def damaged_is_refused(shop):
    path, _ = key(shop)
    _, image = encrypted(shop, path)
    with open(image, "rb") as file:
        good = file.read()
    chunk = (64 << 10) + 17
    swapped = good[:48] + good[48 + chunk : 48 + 2 * chunk] + good[48 : 48 + chunk]
    for content, words in (
        (good[:20], "truncated"),
        (good[:47], "truncated"),
        (good[:48], "truncated"),
        (good[: 48 + chunk], "the last chunk of its encryption is missing"),
        (good[:-1], "damaged"),
        (good + b"\0", "damaged"),
        (swapped + good[48 + 2 * chunk :], "chunk 0"),
        (good[:8] + b"\2" + good[9:], "format 2"),
        (good[:30] + bytes([good[30] ^ 1]) + good[31:], "chunk 0"),
        (good[:200000] + bytes([good[200000] ^ 1]) + good[200001:], "chunk 3"),
    ):
        with open(image, "wb") as file:
            file.write(content)
        shop.refuses(3, [words], image, "--unsigned", "--key-file", path)


def bits(data):
    """The entropy of a byte of DATA."""
    counts = collections.Counter(data).values()
    return -sum(n / len(data) * math.log2(n / len(data)) for n in counts)


def nothing_of_it_shows(shop):
    mark = "a text that only this app has"
    path, _ = key(shop)
    plain, image = encrypted(shop, path, shop.image("gauge", "counter = 1\n", f'print("{mark}")\n'))
    with open(plain, "rb") as file:
        read = file.read()
    tap.true(mark.encode() in read, "the mark is in the image")
    with open(image, "rb") as file:
        content = file.read()
    for word in (mark, "gauge", "main", "micropython"):
        tap.true(word.encode() not in content, f"{word!r} in the encrypted image")
    tap.true(bits(read) < 7, f"{bits(read)} bits in a byte of the image")
    tap.true(bits(content) > 7.99, f"{bits(content)} bits in a byte of the encrypted image")


def memory(pid):
    """What the process PID can read, as far as it is its own."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as file:
        for line in maps:
            start, end = (int(word, 16) for word in line.split()[0].split("-"))
            if "r" not in line.split()[1] or "[v" in line:  # [vvar], [vsyscall]: the kernel's
                continue
            try:
                file.seek(start)
                found.append(file.read(end - start))
            except OSError:
                continue  # beyond the end of the file that is mapped
    return b"".join(found)


def no_process_keeps_the_key(shop):
    """Neither who decrypted nor who was forked before it: its bytes, each half, and as in its file."""
    if os.getuid() != 0:
        raise tap.Skip("not root: cannot read their memory")
    path, _ = key(shop)
    with open(path, encoding="ascii") as file:
        text = file.read().strip().partition(":")[2]
    secret = base64.b64decode(text)
    parts = [secret[:16], secret[16:], text[:20].encode(), text[20:40].encode()]
    tap.true(all(part in memory(os.getpid()) for part in parts), "what is there is found")
    mark = "a text that only this app has"
    _, image = encrypted(shop, path, shop.image("gauge", "", f'MARK = "{mark}"\n{WAIT}'))
    running = service.Service(shop.command(image, "--unsigned", "--key-file", path))
    try:
        running.wait_line("gauge: ready")
        found = {pid: memory(pid) for pid in [running.pid, *service.descendants(running.pid)]}
    finally:
        running.stop()
    tap.true(len(found) == 3, f"supervisor, spawner, worker: {list(found)}")
    tap.true(mark.encode() in found[max(found)], "the worker's memory was read")
    for pid, content in found.items():
        tap.true(len(content) > 1 << 18, f"memory of {pid}: {len(content)} bytes")
        tap.equal([i for i, part in enumerate(parts) if part in content], [], f"parts in {pid}")


def what_cannot_be_encrypted(shop):
    path, _ = key(shop)
    plain, image = encrypted(shop, path)
    output = os.path.join(shop.place(), "gauge.mpyimg")
    for arguments, words in (
        (("encrypt", image, "-k", path, "-o", output), "encrypted already"),
        (("encrypt", path, "-k", path, "-o", output), "is no image"),
        (("encrypt", plain, "-k", plain, "-o", output), "is larger than 256 bytes"),
        (("encrypt", "/nonexistent", "-k", path, "-o", output), "cannot be read"),
        (("sign", path, "-k", shop.ours.secret), "is no image"),
        (("sign", plain, "-k", path), "is no secret key"),
        (("sign", plain, "-k", shop.ours.secret, "-c", "a\nb"), "one line"),
    ):
        tap.true(words in shop.freeze(*arguments, status=1), words)
    tap.true(not os.path.exists(output), "nothing was written")


def without_libsodium_for_python(shop):
    path, _ = key(shop)
    plain, image = encrypted(shop, path)
    broken = shop.place()
    with open(os.path.join(broken, "nacl.py"), "w", encoding="ascii") as file:
        file.write('raise ImportError("not installed")\n')
    env = {**os.environ, "PYTHONPATH": broken}
    sign = ("sign", plain, "-k", shop.ours.secret)
    for arguments in (sign, ("encrypt", plain, "-k", path, "-o", image)):
        said = shop.freeze(*arguments, status=1, env=env)
        tap.equal(said.splitlines(), [SODIUM], f"mpyfreeze {arguments[0]}")
    os.unlink(path)
    shop.freeze("keygen", path, env=env)


TESTS = [
    with_the_key_it_runs,
    a_key_that_everybody_reads_is_told_of,
    signed_or_not_is_another_switch,
    without_the_key_it_is_locked,
    why_it_is_locked_is_one_sentence,
    damaged_is_refused,
    nothing_of_it_shows,
    no_process_keeps_the_key,
    what_cannot_be_encrypted,
    without_libsodium_for_python,
]
