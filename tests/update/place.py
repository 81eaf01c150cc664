# SPDX-License-Identifier: MIT
"""A machine on which images are installed: the folders of mpyd-update, and what is in them."""

import os
import subprocess

import tap

DONE, FAILED, USAGE, REFUSED, INTERNAL, UNTRUSTED, LOCKED, DENIED = 0, 1, 2, 3, 6, 7, 8, 10


class Place:
    """Folders below ROOT; KEYS is the folder of those that are trusted."""

    def __init__(self, program, root, keys, app="gauge"):
        self.program, self.root, self.keys, self.app = program, root, keys, app
        self.images, self.vendor, self.links, self.incoming, self.floors = (
            os.path.join(root, name) for name in ("images", "vendor", "run", "incoming", "floors")
        )
        os.makedirs(self.floors, exist_ok=True)

    def command(self, verb, *more):
        options = [f"--images={self.images}", f"--vendor={self.vendor}", f"--run={self.links}"]
        options += [f"--incoming={self.incoming}", f"--floors={self.floors}", f"--keys={self.keys}"]
        return [self.program, verb, self.app, *more, *options]

    def run(self, verb, *more, status=DONE, words=(), prefix=(), **how):
        """What mpyd-update says, having ended with STATUS; each of WORDS is in it."""
        done = subprocess.run(
            [*prefix, *self.command(verb, *more)], capture_output=True, text=True, timeout=60, **how
        )
        said = done.stdout + done.stderr
        tap.equal(done.returncode, status, f"{verb}: {said}")
        for word in words:
            tap.true(word in said, f"{verb}: {word!r} is not in {said!r}")
        return said

    def picked(self):
        """The image that a start would get, by way of the link that mpyd goes."""
        return os.path.join(self.link(), self.app + ".mpyimg")

    def link(self):
        return os.path.join(self.links, self.app)

    def slot(self):
        """The slot that was picked, by its name."""
        return os.path.basename(os.readlink(self.link()))

    def floor(self):
        try:
            with open(os.path.join(self.floors, self.app), encoding="ascii") as file:
                return int(file.read())
        except FileNotFoundError:
            return 0

    def state(self):
        """The file of the slots, as {section: {key: value}}."""
        sections, section = {}, None
        with open(os.path.join(self.images, self.app, "state"), encoding="ascii") as file:
            for line in filter(None, file.read().splitlines()):
                if line.startswith("["):
                    section = sections.setdefault(line.strip("[]"), {})
                else:
                    key, value = line.split(" = ", 1)
                    section[key] = value
        return sections

    def write_state(self, text):
        with open(os.path.join(self.images, self.app, "state"), "w", encoding="ascii") as file:
            file.write(text)

    def confirm(self):
        """What the watch does with a trial that does well, by hand."""
        state = self.state()
        place = state["slots"]["trial"]
        state["slots"].update(good=place, trial="none", boots="0")
        state[place]["verdict"] = "good"
        text = ""
        for section, keys in state.items():
            text += f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items())
        self.write_state(text)
