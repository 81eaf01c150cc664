# SPDX-License-Identifier: MIT
"""Signatures: who may sign what, by stock minisign and by mpyfreeze."""

import base64
import hashlib
import os
import subprocess

import service
import tap
from vendor import UNTRUSTED, WAIT


def changed(path, place, bit=1):
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ bit]))


def signed(shop, **more):
    image = shop.image(**more)
    shop.ours.sign(image, "-t", "release 1, for a test")
    return image


def signed_by_minisign_runs(shop):
    image = shop.image()
    keys = shop.keys((shop.ours, "gauge"))
    for hashed in ([], ["-l"]):
        shop.ours.sign(image, "-t", "release 1, for a test", *hashed)
        lines = shop.runs(image, "--keys", keys)
        said = f"mpyd: gauge: signed with key {shop.ours.id} (vendor0.key): release 1, for a test"
        tap.true(said in lines, f"{lines}")
        tap.true(not any("unsigned" in line for line in lines), f"{lines}")


def signed_by_mpyfreeze_runs_and_satisfies_minisign(shop):
    image = shop.image()
    said = shop.freeze("sign", image, "--key", shop.ours.secret, "--comment", "ours, 2 words")
    tap.true(f"signed with key {shop.ours.id}" in said, said)
    command = ["minisign", "-V", "-H", "-m", image, "-p", shop.ours.public_file]
    done = subprocess.run(command, capture_output=True, text=True)
    tap.equal(done.returncode, 0, done.stderr)
    tap.true("Trusted comment: ours, 2 words" in done.stdout, done.stdout)
    shop.runs(image, "--keys", shop.keys((shop.ours, "gauge")))
    changed(image, 5000)
    tap.equal(subprocess.run(command, capture_output=True).returncode, 1, "a changed image")


def with_password(secret, password):
    """The secret key in the file SECRET as minisign encrypts it, at a price that tests can pay."""
    import nacl.bindings as sodium

    with open(secret, "rb") as file:
        packed = base64.b64decode(file.read().splitlines()[1])
    salt, operations, memory = bytes(range(32)), 1 << 15, 16 << 20
    inner = packed[54:126]
    inner += hashlib.blake2b(b"Ed" + inner, digest_size=32).digest()
    log_n, r, p = sodium.nacl_bindings_pick_scrypt_params(operations, memory)
    stream = sodium.crypto_pwhash_scryptsalsa208sha256_ll(
        password, salt, 1 << log_n, r, p, dklen=len(inner), maxmem=64 << 20
    )
    sealed = b"EdScB2" + salt + operations.to_bytes(8, "little") + memory.to_bytes(8, "little")
    sealed += bytes(a ^ b for a, b in zip(inner, stream))
    return b"untrusted comment: minisign encrypted secret key\n" + base64.b64encode(sealed) + b"\n"


def keys_with_passwords(shop):
    image = shop.image()
    folder = shop.place()
    secret, right, wrong = (os.path.join(folder, name) for name in ("secret", "right", "wrong"))
    for path, content in (
        (secret, with_password(shop.ours.secret, b"pass word")),
        (right, b"pass word\n"),
        (wrong, b"password\n"),
    ):
        with open(path, "wb") as file:
            file.write(content)
    verify = ["minisign", "-V", "-m", image, "-p", shop.ours.public_file]
    stock = ["minisign", "-S", "-s", secret, "-m", image]
    subprocess.run(stock, input=b"pass word\n", check=True, capture_output=True)
    tap.equal(subprocess.run(verify, capture_output=True).returncode, 0, "minisign's, by such a key")
    os.unlink(image + ".minisig")
    said = shop.freeze("sign", image, "-k", secret, "-p", wrong, status=1)
    tap.true("the password is wrong" in said and not os.path.exists(image + ".minisig"), said)
    shop.freeze("sign", image, "-k", secret, "-p", right)
    tap.equal(subprocess.run(verify, capture_output=True).returncode, 0, "ours, by such a key")


def no_signature_is_refused(shop):
    image = shop.image()
    shop.refuses(UNTRUSTED, [image + ": not signed", "--unsigned"], image)
    shop.refuses(UNTRUSTED, ["not signed"], image, "--keys", shop.keys((shop.ours, "*")))


def another_key_is_refused(shop):
    image = signed(shop)
    words = [f"signed with key {shop.ours.id}", "not among"]
    shop.refuses(UNTRUSTED, words, image, "--keys", shop.keys((shop.theirs, "gauge")))
    nowhere = ["/nonexistent/keys: there is no such directory"]
    shop.refuses(UNTRUSTED, nowhere, image, "--keys", "/nonexistent/keys")
    shop.refuses(UNTRUSTED, [*words, "the 0 in"], image, "--keys", shop.keys())
    usual = ["/etc/mpyd/keys.d", "/usr/lib/mpyd/keys.d"]
    missing = "" if any(map(os.path.exists, usual)) else " do not exist"
    shop.refuses(UNTRUSTED, [*words, " and ".join(usual) + missing], image)


def a_key_is_good_for_its_apps_only(shop):
    image = signed(shop)
    for names in ("other", "gaug", "gauge2 gauges-*", "gauge-*"):
        words = [f"key {shop.ours.id}", "vendor0.key", "good for", names, "not for gauge"]
        shop.refuses(UNTRUSTED, words, image, "--keys", shop.keys((shop.ours, names)))
    for names in ("gauge", "*", "ga*", "other gauge", "other\napps = gauge"):
        shop.runs(image, "--keys", shop.keys((shop.ours, names)))
    shop.runs(image, "--keys", shop.keys((shop.ours, "other"), (shop.ours, "gauge")))


def manifest_instance_and_key_must_agree(shop):
    """An image of one app under the name of another: what the key is good for is no way around."""
    image = signed(shop)
    keys = shop.keys((shop.ours, "gauge other"))
    shop.refuses(3, ["of the app gauge, not other"], image, "--keys", keys, "--name", "other")
    elsewhere = os.path.join(os.path.dirname(image), "other.mpyimg")
    for suffix in ("", ".minisig"):
        os.link(image + suffix, elsewhere + suffix)
    shop.refuses(3, ["of the app gauge, not other"], elsewhere, "--keys", keys)
    shop.runs(elsewhere, "--keys", keys, "--name", "gauge")
    keys = shop.keys((shop.ours, "other"))
    shop.refuses(UNTRUSTED, ["not for gauge"], elsewhere, "--keys", keys, "--name", "gauge")


def a_file_that_is_not_called_after_its_app_needs_a_name(shop):
    image = signed(shop)
    keys = shop.keys((shop.ours, "gauge"))
    elsewhere = os.path.join(os.path.dirname(image), "Release-1.mpyimg")
    for suffix in ("", ".minisig"):
        os.link(image + suffix, elsewhere + suffix)
    shop.refuses(2, ["not called after an app", "--name"], elsewhere, "--keys", keys)
    shop.refuses(2, ["not a name for an app: Bad_Name"], image, "--keys", keys, "--name", "Bad_Name")
    shop.runs(elsewhere, "--keys", keys, "--name", "gauge")


def one_vendors_key_cannot_sign_anothers_app(shop):
    keys = shop.keys((shop.ours, "gauge"), (shop.theirs, "other"))
    image = shop.image()
    shop.theirs.sign(image)
    words = [f"key {shop.theirs.id}", "(vendor1.key)", "not for gauge"]
    shop.refuses(UNTRUSTED, words, image, "--keys", keys)


def a_changed_image_is_refused(shop):
    image = signed(shop)
    keys = shop.keys((shop.ours, "*"))
    for place in (0, 4000, 100000, os.path.getsize(image) - 1):
        changed(image, place)
        words = ["changed after it was signed", shop.ours.id]
        shop.refuses(UNTRUSTED, words, image, "--keys", keys)
        changed(image, place)
    with open(image, "ab") as file:
        file.write(b"\n")
    shop.refuses(UNTRUSTED, ["changed"], image, "--keys", keys)


def parts_of_two_images_are_no_image(shop):
    """Each half is signed by the same key, and the whole is not."""
    image = signed(shop)
    with open(image, "rb") as one, open(shop.image(source="print(2)\n" * 9), "rb") as other:
        first, second = one.read(), other.read()
    half = len(first) // 2
    for content in (first[:half] + second[half:], second[:half] + first[half:]):
        with open(image, "wb") as file:
            file.write(content)
        shop.refuses(UNTRUSTED, ["changed"], image, "--keys", shop.keys((shop.ours, "*")))


def nothing_is_parsed_before_the_signature(shop):
    """What is no image at all is told from an unsigned one only if it is signed."""
    image = shop.image()
    with open(image, "wb") as file:
        file.write(b"\x7fELF and nothing like it")
    shop.theirs.sign(image)
    shop.refuses(UNTRUSTED, ["not among"], image, "--keys", shop.keys((shop.ours, "*")))
    shop.refuses(3, ["truncated"], image, "--keys", shop.keys((shop.theirs, "*")))


def a_changed_comment_is_refused(shop):
    image = signed(shop)
    with open(image + ".minisig", encoding="ascii") as file:
        text = file.read()
    with open(image + ".minisig", "w", encoding="ascii") as file:
        file.write(text.replace("release 1", "release 2"))
    shop.refuses(UNTRUSTED, ["comment"], image, "--keys", shop.keys((shop.ours, "*")))


def what_is_no_signature_is_refused(shop):
    image = signed(shop)
    path = image + ".minisig"
    keys = shop.keys((shop.ours, "*"))
    with open(path, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    for content, words in (
        (b"", "not a signature"),
        (b"hello\n" * 4, "line 1"),
        (b"".join(lines[:3]), "3 lines"),
        (b"".join([*lines, b"more\n"]), "more than 4 lines"),
        (b"".join([lines[0], b"RUQ=\n", *lines[2:]]), "line 2"),
        (b"".join([lines[0], b"Rj" + lines[1][2:], *lines[2:]]), "line 2"),
        (b"".join([*lines[:2], b"un" + lines[2], lines[3]]), "line 3"),
        (b"".join([*lines[:3], b"?" + lines[3][1:]]), "line 4"),
        (b"".join(lines) + bytes(20000), "longer than"),
    ):
        with open(path, "wb") as file:
            file.write(content)
        shop.refuses(UNTRUSTED, [path, words], image, "--keys", keys)
    os.unlink(path)
    os.mkfifo(path)
    shop.refuses(UNTRUSTED, [path, "not a regular file"], image, "--keys", keys)


def a_damaged_key_counts_for_nothing(shop):
    image = signed(shop)
    for text, words in (
        ("[key]\npublic = RWQ\napps = *\n", ".key:2: public"),
        (f"[key]\npublic = {shop.ours.public}\napps = Gauge\n", ".key:3: apps: Gauge"),
        (f"[key]\npublic = {shop.ours.public}\n", ".key:2: no apps"),
        (f"[keys]\npublic = {shop.ours.public}\napps = *\n", ".key:1: there is no section [keys]"),
        (f"[key]\npublic = {shop.ours.public}\napps = *\nuntil = 2030\n", ".key:4: there is no key"),
        (f"[key]\npublic = {shop.ours.public}\napps = {'a ' * 100}\n", ".key:3: the line is too long"),
    ):
        keys = shop.keys((shop.theirs, "*"))
        with open(os.path.join(keys, "a.key"), "w", encoding="ascii") as file:
            file.write(text)
        status, lines = shop.run(image, "--keys", keys)
        tap.equal((status, len(lines)), (UNTRUSTED, 2), f"{lines}")
        tap.true(words in lines[0] and "counts for nothing" in lines[0], f"{words!r}: {lines[0]}")
        tap.true("not among the 1" in lines[1], lines[1])


def keys_that_others_could_have_written_count_for_nothing(shop):
    image = signed(shop)
    keys = shop.keys((shop.ours, "*"))
    os.chmod(os.path.join(keys, "vendor0.key"), 0o666)
    status, lines = shop.run(image, "--keys", keys)
    tap.equal(status, UNTRUSTED, f"{lines}")
    tap.true("others than its owner can write to it (mode 0666)" in lines[0], lines[0])
    os.chmod(os.path.join(keys, "vendor0.key"), 0o644)
    shop.runs(image, "--keys", keys)
    os.chmod(keys, 0o777)
    shop.refuses(UNTRUSTED, [keys, "others than its owner"], image, "--keys", keys)
    os.chmod(keys, 0o755)
    if os.getuid() == 0:
        os.chown(keys, 12345, 12345)
        shop.refuses(UNTRUSTED, ["belongs to user 12345"], image, "--keys", keys)


def mpyctl_verify_tells_whose_it_is(shop):
    image = signed(shop, manifest="counter = 3\n")
    options = ["--keys", shop.keys((shop.ours, "gauge me*")), "--floors", shop.floors(gauge="2\n")]
    verified = shop.verify(image, *options)
    if verified is None:
        raise tap.Skip("the user may not reach mpyctl")
    tap.equal(verified, (0, [
        "name         gauge",
        "version      1",
        "counter      3, at least 2 is allowed",
        f"key          {shop.ours.id} (vendor0.key), good for gauge me*",
        "comment      release 1, for a test",
        "encrypted    no",
    ]), "mpyctl verify")  # fmt: skip


def unsigned_runs_if_asked_for(shop):
    image = shop.image()
    status, lines = shop.run(image, "--unsigned")
    tap.equal(status, 0, f"{lines}")
    said = "mpyd: gauge runs unsigned: nobody vouches for its image"
    tap.equal(lines.count(said), 1, f"{lines}")


def what_runs_unsigned_shows_it(shop):
    image = signed(shop, source=WAIT)
    keys = ["--keys", shop.keys((shop.ours, "*"))]
    for options, title in ((keys, "gauge"), (["--unsigned"], "gauge (unsigned)")):
        running = service.Service(shop.command(image, *options))
        try:
            running.wait_line("gauge: ready")
            with open(f"/proc/{running.pid}/cmdline", "rb") as file:
                shown = file.read().rstrip(b"\0").decode()
        finally:
            running.stop()
        tap.equal(shown, f"mpyd: supervisor {title}", "title")


TESTS = [
    signed_by_minisign_runs,
    signed_by_mpyfreeze_runs_and_satisfies_minisign,
    keys_with_passwords,
    no_signature_is_refused,
    another_key_is_refused,
    a_key_is_good_for_its_apps_only,
    manifest_instance_and_key_must_agree,
    a_file_that_is_not_called_after_its_app_needs_a_name,
    one_vendors_key_cannot_sign_anothers_app,
    a_changed_image_is_refused,
    parts_of_two_images_are_no_image,
    nothing_is_parsed_before_the_signature,
    a_changed_comment_is_refused,
    what_is_no_signature_is_refused,
    a_damaged_key_counts_for_nothing,
    keys_that_others_could_have_written_count_for_nothing,
    mpyctl_verify_tells_whose_it_is,
    unsigned_runs_if_asked_for,
    what_runs_unsigned_shows_it,
]
