# SPDX-License-Identifier: MIT
"""What debian/tests has for autopkgtest, as far as it needs a booted machine."""

import glob
import subprocess

import host
import tap


def demo_runs_as_its_package_leaves_it():
    [demo] = glob.glob(f"{host.DEBS}/mpyd-demo_*.deb")
    host.apt("install", demo)
    done = subprocess.run([f"{host.SHARED}/as-installed/service"], capture_output=True, text=True,
                          timeout=host.TIMEOUT, check=False)  # fmt: skip
    tap.equal((done.returncode, done.stderr), (0, ""), f"autopkgtest takes either for a failure; {done.stdout}")


TESTS = [demo_runs_as_its_package_leaves_it]
