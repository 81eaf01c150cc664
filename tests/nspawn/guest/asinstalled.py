# SPDX-License-Identifier: MIT
"""What debian/tests has for autopkgtest, as far as it needs a booted machine."""

import glob

import host
from host import run


def demo_runs_as_its_package_leaves_it():
    [demo] = glob.glob(f"{host.DEBS}/mpyd-demo_*.deb")
    host.apt("install", demo)
    run(f"{host.SHARED}/as-installed/service")


TESTS = [demo_runs_as_its_package_leaves_it]
