# SPDX-License-Identifier: MIT
"""Files and devices that the configuration gives an app by name."""

import os
import re

import apps as small
import service
import tap
import varlink

APP = """\
import mpyd
import time

print(repr(mpyd.open("map").read()))
mpyd.open("notes", "a").write("more\\n")
try:
    mpyd.open("gone")
except OSError as e:
    print("gone:", e)
print("ready")
while True:
    time.sleep(1)
"""
GRANTS = '[grants]\nfiles = ["map", "notes:rw", "gone"]\n'


def make(apps):
    folder = apps.open_folder()
    for name, text in (("map", "here"), ("notes", "old\n")):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, 0o666)
    return folder


def config_of(folder, more=""):
    return (f"[restart]\ndelay = 10ms\n[files]\nmap = {folder}/map\nnotes = {folder}/notes\n"
            f"gone = {folder}/gone\n{more}")  # fmt: skip


def given_files_are_opened_and_explained(apps):
    folder = make(apps)
    path = os.path.join(folder, "control")
    image = apps.image("given", APP, GRANTS)
    running = apps.follow(service.Service(apps.command(image, config_of(folder), control=path)))
    running.wait_line("^given: ready$")
    tap.true("given: 'here'" in running.lines, str(running.lines))
    tap.true("given: gone: [Errno 19] ENODEV" in running.lines, str(running.lines))
    with open(os.path.join(folder, "notes"), encoding="ascii") as file:
        tap.equal(file.read(), "old\nmore\n", "what the app wrote")
    with varlink.Client(path) as client:
        found, _ = client.call("Policy")
    found = [[row["name"], row["value"], row["granted"], re.sub(r".*:", "", row.get("by", ""))]
             for row in found["grants"]]  # fmt: skip
    tap.equal(found, [["files", "map", True, "4"], ["files", "notes:rw", True, "5"],
                      ["files", "gone", False, "6"]], "policy")  # fmt: skip


def what_the_manifest_does_not_name_is_refused(apps):
    folder = make(apps)
    image = apps.image("given", APP, GRANTS)
    running = apps.start(image, config_of(folder, "serial = /dev/null\n"))
    tap.equal(running.wait(), 4, "exit status")
    tap.true(any(line.endswith(":7: [files] serial: the manifest asks for no file of this name")
                 for line in running.lines), str(running.lines))  # fmt: skip


TESTS = [given_files_are_opened_and_explained, what_the_manifest_does_not_name_is_refused]
