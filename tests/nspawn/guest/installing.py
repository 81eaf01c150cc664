# SPDX-License-Identifier: MIT
"""apt-get install ./mpyd_*.deb on a machine that has never had it."""

import glob
import os
import stat

import host
import tap
import traces
from host import run, show


def apt_installs_it_with_what_it_needs():
    traces.remember()
    host.apt("update")
    [package] = glob.glob(f"{host.DEBS}/mpyd_*.deb")
    host.apt("install", package)
    tap.equal(host.installed("mpyd"), run("dpkg-deb", "--field", package, "Version").strip(), "version")
    tap.equal(run("dpkg", "--audit"), "", "half installed")
    tap.equal(run("dpkg", "--verify", "mpyd"), "", "files that are not as packed")
    run("apt-get", "check")
    host.trust_vendor()


def the_umbrella_unit_is_enabled_and_runs():
    tap.equal(show("mpyd.service", "ActiveState", "UnitFileState"), ["active", "enabled"], "mpyd.service")
    tap.true("no app was enabled" in show("mpyd.service", "StatusText")[0], "STATUS=")
    failed = run("systemctl", "--failed", "--no-legend", "--plain", "list-units", "*mpyd*")
    tap.equal(failed, "", "units that failed")
    said = run("sh", "-c", "mpyctl status 2>&1")
    tap.true("no app runs, is installed or is enabled here" in said, said)


def groups_and_folders_are_there():
    groups = {name: int(run("getent", "group", name).split(":")[2]) for name in ("mpyd", "mpyd-image")}
    for path, mode, group in (
        ("/var/lib/mpyd-images", 0o2711, "mpyd-image"),
        ("/var/lib/mpyd-incoming", 0o2770, "mpyd"),
        ("/var/lib/mpyd-floors", 0o755, None),
        ("/run/mpydctl", 0o755, None),
    ):
        status = os.stat(path)
        tap.equal((stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid),
                  (mode, 0, groups[group] if group else 0), path)  # fmt: skip


def all_programs_run_and_have_their_manual():
    for program in ("mpyd", "mpyctl"):
        tap.true(run(program, "--version").startswith(f"{program} "), f"{program} --version")
    listed = run("dpkg", "--listfiles", "mpyd").splitlines()
    for page in ("man8/mpyd.8.gz", "man1/mpyctl.1.gz", "man8/mpyd@.service.8.gz", "man5/mpyd.conf.5.gz"):
        tap.true(f"/usr/share/man/{page}" in listed, page)
    tap.true(not [path for path in listed if path.startswith("/usr/local")], "files in /usr/local")


TESTS = [
    apt_installs_it_with_what_it_needs,
    the_umbrella_unit_is_enabled_and_runs,
    groups_and_folders_are_there,
    all_programs_run_and_have_their_manual,
]
