# SPDX-License-Identifier: MIT
"""Packages of the apps in apps/, as vendors make them, for guest/packages.py."""

import os
import shutil
import subprocess
import tempfile

APPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "apps")
WHOSE = ("--maintainer", "Acme <apps@acme.example>")


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout}{done.stderr}")


def _keys(folder, name):
    secret, public = (os.path.join(folder, f"{name}.{kind}") for kind in ("sec", "pub"))
    _run("minisign", "-G", "-W", "-f", "-p", public, "-s", secret)
    return secret


def change(package, target, version=None):
    """PACKAGE with a byte of its image changed, as no vendor made it, as the file TARGET, and as VERSION if that
    is given."""
    with tempfile.TemporaryDirectory() as tree:
        _run("dpkg-deb", "-R", package, tree)
        with open(f"{tree}/usr/lib/mpyd/images/gauge.mpyimg", "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last[0] ^ 1]))
        if version:
            _run("sed", "--in-place", f"s/^Version: .*/Version: {version}/", f"{tree}/DEBIAN/control")
        _run("dpkg-deb", "--root-owner-group", "-b", tree, target)


def make(folder, mpyfreeze, images):
    """Into FOLDER: WHICH.deb of gauge-WHICH, rate-N.deb of gauge-one with defaults of a vendor's, other.deb by
    another vendor, changed.deb; and, signed by that other, the image of gauge of the IMAGES that were frozen
    already."""
    os.makedirs(f"{folder}/stolen")
    gauge, other = _keys(folder, "gauge"), _keys(folder, "other")
    for which in ("one", "two", "crashing", "old"):
        _run(mpyfreeze, "deb", f"{images}/gauge-{which}.mpyimg", "--key", gauge, *WHOSE,
             "-o", f"{folder}/{which}.deb")  # fmt: skip
    for rate in (10, 20):
        config = f"{folder}/rate-{rate}.conf"
        with open(config, "w", encoding="ascii") as file:
            file.write(f"[update]\nprobation = 1s\n[limits]\nlog_rate = {rate}\n")
        _run(mpyfreeze, "deb", f"{images}/gauge-one.mpyimg", "--key", gauge, *WHOSE, "--config", config,
             "--package-version", f"1.0-{rate}", "-o", f"{folder}/rate-{rate}.deb")  # fmt: skip
    _run(mpyfreeze, "deb", f"{images}/other.mpyimg", "--key", other, *WHOSE,
         "-o", f"{folder}/other.deb")  # fmt: skip
    change(f"{folder}/two.deb", f"{folder}/changed.deb")
    stolen = f"{folder}/stolen/gauge.mpyimg"
    shutil.copy(f"{images}/gauge-two.mpyimg", stolen)
    _run(mpyfreeze, "sign", stolen, "--key", other)
