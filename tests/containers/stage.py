# SPDX-License-Identifier: MIT
"""What tests of containers stand on: the root that containers/make-root makes of what was built, apps
and a vendor who signs them."""

import os
import subprocess

import apps
import container

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
RESTRICTED = os.path.join(SOURCE, "containers/meterd/meterd.conf")
WITHOUT = "[sandbox]\noptional = user-namespace\n"  # as RESTRICTED


class Stage:
    def __init__(self, build, mpyfreeze):
        self.build = build
        self.mpyfreeze = mpyfreeze
        self.programs = [f"{build}/daemon/mpyd", f"{build}/ctl/mpyctl"]
        self.apps = apps.Apps(self.programs[0], mpyfreeze, build, False)
        self.containers = container.Containers()
        self.root = self.containers.folder("root")
        self.make_root(self.root)
        self.vendor, self.keys = self.containers.folder("vendor"), self.containers.folder("keys")
        self._keys()

    def tool(self, name, *arguments):
        """The result of a program of containers/, given the programs that were built."""
        line = [os.path.join(SOURCE, "containers", name), *arguments]
        for program in self.programs:
            line += ["--program", program]
        return subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120)

    def make_root(self, folder):
        done = self.tool("make-root", folder)
        if done.returncode != 0:
            raise AssertionError(f"make-root: {done.returncode}: {done.stdout}")

    def _keys(self):
        secret, public = (os.path.join(self.vendor, name) for name in ("vendor.sec", "vendor.pub"))
        self._minisign("-G", "-W", "-p", public, "-s", secret)
        with open(public, encoding="utf-8") as file:
            text = file.read().split("\n")[1]
        with open(os.path.join(self.keys, "vendor.key"), "w", encoding="utf-8") as file:
            file.write(f"[key]\npublic = {text}\napps = *\n")

    def _minisign(self, *arguments):
        subprocess.run(["minisign", *arguments], check=True, stdout=subprocess.DEVNULL)

    def sign(self, image):
        if not os.path.exists(image + ".minisig"):
            self._minisign("-S", "-s", os.path.join(self.vendor, "vendor.sec"), "-m", image)
        return image

    def start(self, image, *options, kind="no-namespaces", config=WITHOUT, signed=True, mounts=(),
              keys=True, program="/usr/bin/mpyd", **more):
        """A container that runs IMAGE: program, key and configuration where its root has a place for
        them, as a runtime would write into it to make one."""
        binds = [container.bind(os.path.dirname(self.sign(image) if signed else image), "/app", "ro")]
        line = [program, "run", *options, f"/app/{os.path.basename(image)}"]
        if keys:
            binds.append(container.bind(self.keys, "/etc/mpyd/keys.d", "ro"))
        if config is not None:
            folder = self.containers.folder("config")
            with open(os.path.join(folder, "app.conf"), "w", encoding="utf-8") as file:
                file.write(config)
            binds.append(container.bind(folder, "/tmp", "ro"))
            line += ["--config", "/tmp/app.conf"]
        return self.apps.follow(
            self.containers.start(self.root, line, kind, mounts=[*binds, *mounts], **more))

    def kill_all(self):
        self.apps.kill_all()

    def done(self):
        self.containers.done()
