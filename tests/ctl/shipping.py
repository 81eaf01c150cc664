# SPDX-License-Identifier: MIT
"""mpyctl on images as they are shipped: signed, encrypted, both."""

import hashlib
import json
import subprocess

import images
import tap

COUNTED = {
    **images.SMALL,
    "mpyd.toml": 'name = "counted"\nversion = "1"\nentry = "main"\ncounter = 41\n',
}


def freeze(program, *arguments):
    subprocess.run([program.mpyfreeze, *map(str, arguments)], check=True, capture_output=True)


def secret_key(program):
    """The file of a secret key of minisign's, and its number."""
    secret, public = program.place / "key", program.place / "key.pub"
    if not secret.exists():
        command = ["minisign", "-G", "-W", "-p", public, "-s", secret]
        subprocess.run(command, check=True, capture_output=True)
    return secret, public.read_text().splitlines()[0].split()[-1]


def copy_of(program):
    return program.file(program.image("counted", COUNTED).read_bytes())


def encrypted_image(program):
    """An encrypted image, and the file of its key."""
    key, image = program.place / "image-key", program.place / "locked.mpyimg"
    if not image.exists():
        freeze(program, "keygen", key)
        freeze(program, "encrypt", "-k", key, "-o", image, program.image("counted", COUNTED))
    return program.file(image.read_bytes()), key


def inspected(program, *arguments):
    return json.loads(program.says("inspect", "--json", *arguments))


def counter_and_tools_are_told(program):
    image = copy_of(program)
    said = inspected(program, image)
    tap.equal(said["counter"], 41, "counter")
    tap.true("gcc" in said["tools"] and "ld" in said["tools"], said["tools"])
    lines = program.says("inspect", image).splitlines()
    for line in ("counter      41", f"tools        {said['tools']}", "signature    none"):
        tap.true(line in lines, f"{line!r} is not in {lines}")
    tap.true("encrypted" not in said["file"] and "signature" not in said["file"], said["file"])
    tap.equal(inspected(program, program.image("ware", images.WARE))["counter"], 0, "none given")


def signature_tells_its_key(program):
    image = copy_of(program)
    secret, number = secret_key(program)
    command = ["minisign", "-S", "-s", secret, "-m", image, "-t", "release 7, 22 °C"]
    subprocess.run(command, check=True, capture_output=True)
    tap.equal(
        inspected(program, image)["file"]["signature"],
        {"key": number, "comment": "release 7, 22 °C"},
        "signature",
    )
    lines = program.says("inspect", image).splitlines()
    tap.true(f"signature    by key {number}, not verified" in lines, lines)
    tap.true("comment      release 7, 22 °C" in lines, lines)


def comment_that_is_no_text_is_not_shown(program):
    image = copy_of(program)
    secret, number = secret_key(program)
    for comment in (b"\x1b[2J\x1b]0;x\x07", b"\xff", "‮".encode()):
        command = ["minisign", "-S", "-s", secret, "-m", image, "-t", comment]
        subprocess.run(command, check=True, capture_output=True)
        tap.equal(inspected(program, image)["file"]["signature"], {"key": number}, "signature")
        tap.true("\ncomment " not in program.says("inspect", image), "comment")


def bad_signature_is_told(program):
    image = copy_of(program)
    beside = image.with_name(image.name + ".minisig")
    for content, words in (
        (b"", "0 lines, not 4"),
        (b"\x1b[2J\n\n\n\n", "line 1"),
        (b"untrusted comment: x\nAAAA\ntrusted comment: y\nAAAA\n", "line 2"),
        (b"x" * 20000, "longer than 10240 bytes"),
    ):
        beside.write_bytes(content)
        said = inspected(program, image)
        tap.true(words in said["file"]["signature"]["bad"], said["file"])
        tap.equal(said["name"], "counted", "the rest is told")
        text = program.says("inspect", image)
        tap.true("\nsignature    bad: " in text and "\x1b" not in text, text)
    beside.unlink()
    beside.mkdir()
    said = inspected(program, image)["file"]["signature"]
    tap.equal(said, {"bad": "cannot be read: Is a directory"}, "a directory")


def encrypted_image_shows_its_outside(program):
    image, _ = encrypted_image(program)
    said = inspected(program, image)
    tap.equal(list(said), ["file"], "nothing of what is inside")
    content = image.read_bytes()
    tap.equal(said["file"]["sha256"], hashlib.sha256(content).hexdigest(), "SHA-256")
    number = said["file"]["encrypted"]["key"]
    text = program.says("inspect", image)
    tap.true(f"\nencrypted    with key {number}; name its file by --key-file" in text, text)
    tap.true("counted" not in text, text)
    program.refuses(8, "--key-file", "layout", image)


def encrypted_image_is_shown_with_its_key(program):
    image, key = encrypted_image(program)
    said = inspected(program, image, "--key-file", key)
    tap.equal((said["name"], said["counter"]), ("counted", 41), "inside")
    tap.true("encrypted" in said["file"], said["file"])
    text = program.says("inspect", "--key-file", key, image)
    tap.true("\nname         counted\n" in text and "\nencrypted    with key " in text, text)
    plain = program.says("layout", program.image("counted", COUNTED))
    tap.equal(program.says("layout", image, "--key-file", key), plain, "layout")


def number_of_a_key_has_all_its_digits(program):
    key = program.file(b"mpyd-image-key:EHaJvN4H8E/duPvuV+TNpXMj0w0k5YB2g8i7pKj9Pnk=\n")
    key.chmod(0o600)
    image = program.place / "low.mpyimg"
    freeze(program, "encrypt", "-k", key, "-o", image, program.image("counted", COUNTED))
    for options in ((), ("--key-file", key)):
        said = inspected(program, image, *options)["file"]["encrypted"]
        tap.equal(said, {"key": "0059559FE59C1760"}, "for programs")
        text = program.says("inspect", image, *options)
        tap.true("\nencrypted    with key 0059559FE59C1760" in text, text)


def encrypted_and_signed(program):
    image, _ = encrypted_image(program)
    secret, number = secret_key(program)
    freeze(program, "sign", "-k", secret, image)
    file = inspected(program, image)["file"]
    tap.equal(file["signature"]["key"], number, "signature")
    tap.true("encrypted" in file, file)


def keys_that_do_not_fit(program):
    image, _ = encrypted_image(program)
    other = program.place / "other-key"
    if not other.exists():
        freeze(program, "keygen", other)
    for file, words in (
        (other, "key"),
        ("/nonexistent", "no such file"),
        (program.file(b"mpyd-image-key:AAAA\n"), "not a key of mpyfreeze keygen"),
        ("/dev/zero", "/dev/zero: "),
    ):
        for verb in ("inspect", "layout"):
            program.refuses(8, words, verb, image, "--key-file", file)


def envelopes_that_were_changed(program):
    image, key = encrypted_image(program)
    good = image.read_bytes()
    for place in (9, 13, 40, 60, 5000, len(good) - 1):
        content = bytearray(good)
        content[place] ^= 1
        program.refuses(3, "", "inspect", program.file(content), "--key-file", key)
    for size in (8, 20, 47, 60, len(good) // 2, len(good) - 1):
        program.refuses(3, "", "inspect", program.file(good[:size]), "--key-file", key)


TESTS = [
    counter_and_tools_are_told,
    signature_tells_its_key,
    comment_that_is_no_text_is_not_shown,
    bad_signature_is_told,
    encrypted_image_shows_its_outside,
    encrypted_image_is_shown_with_its_key,
    number_of_a_key_has_all_its_digits,
    encrypted_and_signed,
    keys_that_do_not_fit,
    envelopes_that_were_changed,
]
