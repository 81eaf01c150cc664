# SPDX-License-Identifier: MIT
"""mpyctl layout."""

import json
import subprocess

import images
import tap

# Linker regions of a microcontroller, shared by a kernel and its user, as a guide prints them.
MICROCONTROLLER = """\
# 2 MiB of flash
kflash  0x08000000  1024K
uflash  0x080FA000  1024K

# 640 KiB of RAM
ksram   0x20000000  320K
usram   0x2004E200  320K
"""


def regions_of_an_image(program):
    image = program.image("ware", images.WARE)
    said = json.loads(program.says("layout", "--json", image))
    regions = {region["name"]: region for region in said["regions"]}
    tap.equal((said["name"], said["version"]), ("ware", "1.2.3"), "the app")
    tap.equal(regions["heap"]["size"], 128 << 10, "heap")
    tap.equal(regions["heap"]["within"], "data", "heap")
    tap.equal(regions["arena"]["size"], 64 << 10, "arena")
    tap.equal(regions["app-stack"]["size"], 32 << 10, "stack")
    tap.equal(regions["process"]["size"], said["limits"]["memory"], "process")
    tap.equal((said["limits"]["handles"], said["limits"]["log_rate"]), (7, 9), "limits")
    text = program.says("layout", image)
    for name, region in regions.items():
        words = [line.split() for line in text.splitlines() if line.split()[-1:] == [name]]
        tap.equal(len(words), 1, name)
        start = hex(region["start"]) if region.get("start") else "0" if "start" in region else "-"
        tap.equal((words[0][0], int(words[0][2])), (start, region["size"]), name)


def resources_are_where_they_are_said_to_be(program):
    image = program.image("ware", images.WARE)
    said = json.loads(program.says("layout", "--json", image))
    regions = {region["name"]: region for region in said["regions"]}
    resources = regions["resources"]
    tap.equal(resources["within"], "rodata", "resources")
    # In what is only read, address and offset in the file are the same.
    content = image.read_bytes()[resources["start"] : resources["start"] + resources["size"]]
    tap.true(content.startswith(b"\xd2\xcd\x31"), f"no ROMFS: {content[:16]}")
    tap.true(images.WARE["res/page.html"].encode() in content, "the resource itself")


def segments_are_those_of_readelf(program):
    image = program.image("ware", images.WARE)
    said = json.loads(program.says("layout", "--json", image))
    found = [r for r in said["regions"] if r.get("within") == "image"]
    lines = subprocess.run(
        ["readelf", "-lW", image], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    loads = [line.split() for line in lines if line.split()[:1] == ["LOAD"]]
    expected = [(int(words[2], 16), int(words[5], 16)) for words in loads]
    tap.equal([(r["start"], r["size"]) for r in found], expected, "segments")


def image_without_names_for_regions(program):
    """Smaller by a resource: nothing is named that is not there."""
    files = {key: text for key, text in images.WARE.items() if not key.startswith("res")}
    files["mpyd.toml"] = files["mpyd.toml"].replace('resources = "res"', "")
    said = json.loads(program.says("layout", "--json", program.image("bare", files)))
    names = [region["name"] for region in said["regions"]]
    tap.true("resources" not in names and "heap" in names, names)


def limits_that_are_not_asked_for_are_those_of_mpyd(program):
    lines = program.says("layout", program.image("small", images.SMALL)).splitlines()
    expected = ["handles   128, mpyd's default", "log_rate  1000, mpyd's default"]
    tap.equal(lines[-2:], expected, "limits")


def list_that_fits(program):
    text = "ram 0 640K\nkernel 0 320K ram\nuser 0x50000 320K ram # the rest\nstack - 4096 kernel\n"
    path = program.file(text.encode())
    lines = [line.split() for line in program.says("layout", "--regions", path).splitlines()]
    tap.equal([words[-1] for words in lines], ["region", "ram", "kernel", "stack", "user"], "order")
    tap.equal(lines[4], ["0x50000", "0xa0000", "327680", "user"], "a line")
    said = json.loads(program.says("layout", "--json", "--regions", path))
    tap.equal(said["regions"][3], {"name": "stack", "within": "kernel", "size": 4096}, "JSON")
    tap.equal(program.says("layout", "--regions", program.file(b"")).count("\n"), 1, "empty")


def list_that_overlaps_names_every_overlap(program):
    path = program.file(MICROCONTROLLER.encode())
    done = program.run("layout", "--regions", path)
    tap.equal((done.returncode, done.stdout), (1, ""), "status")
    tap.equal(
        done.stderr.replace(f"mpyctl: {path}: ", "").splitlines(),
        [
            "kflash (0x8000000 to 0x8100000) and uflash (0x80fa000 to 0x81fa000) overlap by "
            "24 KiB (24576 bytes)",
            "ksram (0x20000000 to 0x20050000) and usram (0x2004e200 to 0x2009e200) overlap by "
            "7.5 KiB (7680 bytes)",
        ],
        "problems",
    )


def list_that_is_overcommitted(program):
    path = program.file(b"ram 0x1000 64K\nkernel - 40K ram\nuser - 40K ram\n")
    program.refuses(
        1,
        f"{path}: ram has 64 KiB (65536 bytes); what is within it takes 16 KiB (16384 bytes) more",
        "layout",
        "--regions",
        path,
    )


def many_problems_are_counted(program):
    path = program.file(b"".join(b"r%d 0 1\n" % n for n in range(20)))
    done = program.run("layout", "--regions", path)
    tap.equal(done.returncode, 1, "status")
    lines = done.stderr.splitlines()
    tap.equal(len(lines), 65, "lines")
    tap.true(lines[-1].endswith(f": {20 * 19 // 2 - 64} more problems"), lines[-1])


def list_that_is_none(program):
    for text, words in (
        ("ram\n", ":1: ram needs a start and a size"),
        ("\n# x\nram 0\n", ":3: ram needs a start and a size"),
        ("ram x 1\n", ":1: start x is no number; write 0x8000, 32768 or 32K"),
        ("ram 0 -1\n", ":1: size -1 is no number"),
        ("ram 0x 1\n", ":1: start 0x is no number"),
        ("ram 0x1g 1\n", ":1: start 0x1g is no number"),
        ("ram 0x1ffffffffffffffff 1\n", ":1: start 0x1ffffffffffffffff is too large"),
        ("ram 0xffffffffffffffff 1\n", "is too large"),
        ("ram 0 99999999999999999999\n", ":1: size 99999999999999999999 is too large"),
        ("ram 0 18446744073709551615G\n", "is too large"),
        ("ram 0 1 2 3\n", ":1: more than a name, a start, a size and an outer region"),
        ("ram 0 1 \x1b[2J\n", ":1: ?[2J is no name"),
        ("r\xe4m 0 1\n", " is no name"),
        ("ram 0 1\0\n", "has a NUL byte"),
        ("ram 0 1 rom\n", "ram is within rom, and there is no such region"),
        ("".join(f"r{n} {n} 1\n" for n in range(513)), ":513: more than 512 regions"),
        (" " * (1 << 20) + " ", "cannot be a list of regions: too large"),
    ):
        program.refuses(1, words, "layout", "--regions", program.file(text.encode()))
    program.refuses(1, "No such file", "layout", "--regions", "/nonexistent")
    program.refuses(1, "Is a directory", "layout", "--regions", "/")


def wrong_usage(program):
    program.refuses(2, "layout: missing IMAGE", "layout")
    program.refuses(2, "layout: an image and a list; name one", "layout", "a", "--regions", "b")
    program.refuses(2, "layout: missing value after --regions", "layout", "--regions")
    program.refuses(3, "No such file", "layout", "/nonexistent")
    program.refuses(3, "not an mpyd image", "layout", program.file(b""))


TESTS = [
    regions_of_an_image,
    resources_are_where_they_are_said_to_be,
    segments_are_those_of_readelf,
    image_without_names_for_regions,
    limits_that_are_not_asked_for_are_those_of_mpyd,
    list_that_fits,
    list_that_overlaps_names_every_overlap,
    list_that_is_overcommitted,
    many_problems_are_counted,
    list_that_is_none,
    wrong_usage,
]
