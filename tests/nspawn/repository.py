# SPDX-License-Identifier: MIT
"""What a fleet's machines are served, made where there are the tools for it: a signed repository as it is
after each of a vendor's releases, and certificates."""

import glob
import os
import shutil
import subprocess
import tempfile

import packaged

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                        "examples", "fleet")  # fmt: skip
MAINTAINER = "The vendor <vendor@example.org>"
PACKAGE = "mpyd-app-gauge"
# State of the repository: image and version of the package that was the last to be published. The
# fourth is no image of the vendor's, but of somebody who has the repository's key.
RELEASES = (("gauge-one", "1.0"), ("gauge-two", "2.0"), ("gauge-crashing", "3.0"), (None, "4.0"), ("gauge-two", "5.0"))
COLLECTOR, MACHINE = "localhost", "machine"


def _run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stdout}{done.stderr}")


def _pack(shared, mpyfreeze, name, version, folder):
    _run(mpyfreeze, "deb", f"{shared}/images/{name}.mpyimg", "--public", f"{shared}/vendor.pub", "--package", PACKAGE,
         "--package-version", version, "--maintainer", MAINTAINER, "-o", folder)  # fmt: skip


def fill(shared, mpyfreeze):
    """SHARED/fleet/1 to 5: what is served after each of RELEASES; examples/ and tls/ beside them."""
    target = os.path.join(shared, "fleet")
    shutil.copytree(EXAMPLES, f"{target}/examples")
    _run(f"{EXAMPLES}/make-certificates", f"{target}/tls", COLLECTOR, MACHINE)
    tool = f"{EXAMPLES}/repository/fleet-repository"
    with tempfile.TemporaryDirectory(prefix="mpyd-fleet-") as work:
        fleet, last = f"{work}/fleet", None
        _run(tool, "init", fleet)
        for number, (name, version) in enumerate(RELEASES, 1):
            folder = os.path.join(work, version)
            os.mkdir(folder)
            if name:
                _pack(shared, mpyfreeze, name, version, folder)
            else:
                packaged.change(last, f"{folder}/{PACKAGE}_{version}.deb", version)
            [last] = glob.glob(f"{folder}/*.deb")
            _run(tool, "add", fleet, last)
            _run(tool, "promote", fleet, PACKAGE)
            shutil.copytree(f"{fleet}/public", f"{target}/{number}")
