# SPDX-License-Identifier: MIT
"""What a machine that runs the tests holds, whatever kind of machine it is: a folder that is /shared
inside, and the units that run the tests."""

import glob
import os
import shutil
import subprocess
import tempfile

import packaged
import repository

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
UNIT = """\
[Unit]
Description=Tests
After=multi-user.target
SuccessAction={end}
FailureAction={end}
[Service]
Type=oneshot
TimeoutStartSec=infinity
Environment=PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/python3 /shared/guest/run-guest
StandardOutput={output}
StandardError=inherit
"""
TARGET = """\
[Unit]
Requires=multi-user.target
After=multi-user.target
Wants=mpyd-tests.service
AllowIsolate=yes
"""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout}{done.stderr}")
    return done.stdout


def write(tree, path, text, mode=0o644):
    path = os.path.join(tree, path.lstrip("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def units(tree, output, end):
    """The tests are a unit, and what starts them a target to boot into: OUTPUT as StandardOutput= says,
    END the action that ends the machine."""
    write(tree, "/etc/systemd/system/mpyd-tests.service", UNIT.format(output=output, end=end))
    write(tree, "/etc/systemd/system/mpyd-tests.target", TARGET)


def fill(shared, packages, previous, mpyfreeze, modules=(), more=()):
    """PACKAGES and PREVIOUS: folders with packages, those to test and those to upgrade from (None: the
    same with a lower version). MODULES: names of those in guest/, none: all. MORE: folders that have, like
    this one, guest/ and apps/."""
    folders = (HERE, *more)
    for folder in folders:
        shutil.copytree(os.path.join(folder, "guest"), os.path.join(shared, "guest"), dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    shutil.copytree(os.path.join(TESTS, "harness"), os.path.join(shared, "harness"))
    shutil.copytree(os.path.join(TESTS, "..", "debian", "tests"), os.path.join(shared, "as-installed"))
    write(shared, "modules", "\n".join(modules))
    _copy_packages(packages, previous, shared)
    apps = [app for folder in folders for app in glob.glob(os.path.join(folder, "apps", "*"))]
    _freeze(mpyfreeze, sorted(apps), shared)
    packaged.make(os.path.join(shared, "apps"), mpyfreeze, os.path.join(shared, "images"))
    if not modules or "fleet" in modules:
        repository.fill(shared, mpyfreeze)


def _copy_packages(packages, previous, shared):
    debs, older = os.path.join(shared, "debs"), os.path.join(shared, "previous")
    for path in (debs, older):
        os.mkdir(path)
    found = [p for p in glob.glob(f"{packages}/*.deb") if "-dbgsym_" not in p]
    if not found:
        raise SystemExit(f"no packages are in {packages}; ./package makes them")
    for path in found:
        shutil.copy(path, debs)
    for path in glob.glob(f"{previous}/mpyd_*.deb" if previous else f"{debs}/mpyd_*.deb"):
        if previous:
            shutil.copy(path, older)
        else:
            _make_older(path, older)


def _make_older(package, folder):
    """The same with a lower version, into FOLDER, as long as nothing was released before."""
    with tempfile.TemporaryDirectory() as work:
        run("dpkg-deb", "--raw-extract", package, work)
        control = os.path.join(work, "DEBIAN", "control")
        with open(control, encoding="utf-8") as file:
            lines = file.read().splitlines()
        for number, line in enumerate(lines):
            if line.startswith("Version: "):
                lines[number] = f"{line}~previous"
        write(work, "DEBIAN/control", "\n".join(lines) + "\n")
        run("dpkg-deb", "--root-owner-group", "-Znone", "--build", work, folder)


def _freeze(mpyfreeze, apps, shared):
    """Images of APPS, folders, signed with a key that the machine is to trust."""
    secret, public = (os.path.join(shared, f"vendor.{e}") for e in ("sec", "pub"))
    run("minisign", "-G", "-W", "-f", "-p", public, "-s", secret)
    images = os.path.join(shared, "images")
    os.mkdir(images)
    for app in apps:
        image = os.path.join(images, f"{os.path.basename(app)}.mpyimg")
        run(mpyfreeze, "build", app, "-o", image)
        run("minisign", "-S", "-s", secret, "-m", image)
    os.mkdir(f"{images}/encrypted")
    key, image = f"{images}/encrypted/key", f"{images}/encrypted/other.mpyimg"
    run(mpyfreeze, "keygen", key)
    run(mpyfreeze, "encrypt", "--key", key, "-o", image, f"{images}/other.mpyimg")
    run("minisign", "-S", "-s", secret, "-m", image)
