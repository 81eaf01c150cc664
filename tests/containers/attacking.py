# SPDX-License-Identifier: MIT
"""Workers that attack, in containers: the sandbox's own tests, their probe in place of an image.
Where the runtime denies namespaces, the worker's filters are all there is."""

import container
import tap

# Those whose host looks into namespaces of the worker run where there are some.
PROGRAMS = {
    "no-namespaces": ["hostile", "pins", "syscalls", "serving", "supervisor", "state-directory"],
    "namespaces": ["hostile", "layers", "serving", "supervisor", "state-directory"],
}
TMP = {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]}


def attack(at, kind):
    optional = ["--optional", "user-namespace"] if kind == "no-namespaces" else []
    mounts = [container.bind("/usr", "/usr", "ro"), container.bind(f"{at.build}/tests/sandbox", "/app", "ro"), TMP]
    for name in PROGRAMS[kind]:
        line = [f"/app/test-sandbox-{name}", *optional, "/app/probe"]
        running = at.apps.follow(at.containers.start(at.root, line, kind, mounts=mounts))
        tap.equal(running.wait(120), 0, f"{name}: {running.output()[-3000:]}")
        tap.true("[       OK ]" in running.output(), f"{name}: {running.output()}")


def a_worker_without_namespaces_gets_no_further_than_its_filters(at):
    attack(at, "no-namespaces")


def a_worker_with_namespaces_is_as_confined_as_outside(at):
    attack(at, "namespaces")


TESTS = [
    a_worker_without_namespaces_gets_no_further_than_its_filters,
    a_worker_with_namespaces_is_as_confined_as_outside,
]
