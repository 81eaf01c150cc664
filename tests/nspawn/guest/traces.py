# SPDX-License-Identifier: MIT
"""What a package leaves on a machine: its files, users and groups, before and after."""

import contextlib
import hashlib
import json
import os
import stat

import host

KEPT = f"{host.SHARED}/before.json"
# What the machine itself, dpkg and apt write meanwhile.
OTHERS = (
    "/boot", "/dev", "/proc", "/run", "/shared", "/srv", "/sys", "/tmp", "/var/backups", "/var/cache",
    "/var/lib/apt", "/var/lib/dpkg", "/var/lib/systemd", "/var/log", "/var/tmp", "/etc/machine-id", "/etc/mtab",
    "/etc/.pwd.lock", "/etc/ld.so.cache",
)  # fmt: skip
ACCOUNTS = ("/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow")


def describe(path, status):
    """What is to be as it was; of configuration the content, too."""
    if stat.S_ISLNK(status.st_mode):
        return f"link to {os.readlink(path)}"
    if stat.S_ISREG(status.st_mode) and path.startswith("/etc/"):
        with open(path, "rb") as file:
            return f"{status.st_mode:o} {hashlib.sha256(file.read()).hexdigest()}"
    return f"{status.st_mode:o} {status.st_uid} {status.st_gid}"


def take():
    """All there is, as a dictionary from path to what it is."""
    found = {}
    for folder, folders, files in os.walk("/"):
        folders[:] = [f for f in folders if f != "__pycache__" and os.path.join(folder, f) not in OTHERS]
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            if path not in OTHERS and path.rstrip("-") not in ACCOUNTS:
                found[path] = describe(path, os.lstat(path))
    for path in ACCOUNTS:
        with open(path, encoding="utf-8") as file:
            found[path] = " ".join(sorted(line.split(":")[0] for line in file))
    return found


def remember():
    with open(KEPT, "w", encoding="utf-8") as file:
        json.dump(take(), file)


def remembered():
    with open(KEPT, encoding="utf-8") as file:
        return json.load(file)


@contextlib.contextmanager
def of_others():
    """What comes meanwhile is not mpyd's: packages of others are installed, for good. Folders that they share
    with mpyd stay, and groups that are mpyd's do not."""
    before, packages = take(), list_packages()
    yield
    after = take()
    kept = remembered()
    theirs = [path for path in after if path not in before]
    theirs += host.run("dpkg-query", "--listfiles", *(list_packages() - packages)).splitlines()
    kept.update({path: after[path] for path in theirs if path in after and path not in kept})
    for path in ACCOUNTS:
        names = set(kept[path].split()) | set(after[path].split()) - set(before[path].split())
        kept[path] = " ".join(sorted(names))
    with open(KEPT, "w", encoding="utf-8") as file:
        json.dump(kept, file)


def list_packages():
    return set(host.run("dpkg-query", "--show", "--showformat=${Package}\n").split())


def differences():
    """Lines that tell what is not as it was remembered; none: all is."""
    before, after = remembered(), take()
    told = [f"left: {path}" for path in sorted(set(after) - set(before))]
    told += [f"gone: {path}" for path in sorted(set(before) - set(after))]
    told += [f"changed: {path}: {before[path]} -> {after[path]}"
             for path in sorted(set(before) & set(after)) if before[path] != after[path]]  # fmt: skip
    return told
