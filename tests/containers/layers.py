# SPDX-License-Identifier: MIT
"""Which layers of the sandbox hold under which filter of the runtime, as mpyctl status shows it."""

import json

import container
import stage
import tap

IDLE = "import time\nprint('ready')\ntime.sleep(1000)\n"

OF_MACHINES = {"speculation", "cpu"}  # what the processor offers, where the scheduler puts it
DENIED = "is user.max_user_namespaces 0, or a container denying it?"

# The layers that are not on, as "process name": state and detail.
IDS = {
    "supervisor ids": ("off", "not started as root: no other id to take"),
    "spawner ids": ("off", "not started as root: no other id to take"),
}
NO_NAMESPACES = {
    "spawner user-namespace": ("unavailable", DENIED),
    "spawner mount-namespace": ("unavailable", "needs user-namespace"),
    "spawner pid-namespace": ("unavailable", "needs user-namespace"),
    "spawner net-namespace": ("unavailable", "needs user-namespace"),
    "spawner empty-root": ("unavailable", "needs mount-namespace"),
}
EXPECTED = {
    "unconfined": IDS,
    "namespaces": IDS,
    "no-namespaces": {**IDS, **NO_NAMESPACES},
}
N_LAYERS = 28  # of the table, and Landlock's of ports


def not_on(running):
    status, text = running.execute("/usr/bin/mpyctl", "status", "--json", "idle")
    tap.equal(status, 0, f"mpyctl status: {text}")
    found = json.loads(text)["apps"][0]["status"]["layers"]
    tap.true(len(found) >= N_LAYERS, f"{len(found)} layers: {found}")
    return {f'{layer["process"]} {layer["name"]}': (layer["state"], layer["detail"])
            for layer in found if layer["state"] != "on" and layer["name"] not in OF_MACHINES}


def status_shows_what_each_filter_leaves(at):
    image = at.apps.image("idle", IDLE)
    for kind, expected in EXPECTED.items():
        running = at.start(image, kind=kind)
        running.wait_line("^idle: ready")
        tap.equal(not_on(running), expected, kind)
        status, text = running.execute("/usr/bin/mpyctl", "status", "idle")
        for name, (_, detail) in expected.items():
            process, layer = name.split()
            tap.true(f"{layer} of the {process} is" in text and detail in text, f"{name}: {text}")


def without_leave_nothing_starts_and_one_line_says_what_to_do(at):
    for config in ("", "[sandbox]\noptional = landlock\n"):
        running = at.start(at.apps.image("idle", IDLE), config=config)
        tap.equal(running.wait(), 5, running.output())
        tap.equal(running.lines, [
            f"mpyd: user-namespace: clone: Operation not permitted ({DENIED}); "
            '"[sandbox] optional = user-namespace" does without'], "what it said")


def all_layers_are_required_where_namespaces_are_admitted(at):
    running = at.start(at.apps.image("idle", IDLE), kind="namespaces", config=None)
    running.wait_line("^idle: ready")
    tap.equal(not_on(running), IDS, "not on")


def layers_can_be_asked_before_an_app_is_there(at):
    for kind, status in (("namespaces", 0), ("no-namespaces", 5)):
        running = at.apps.follow(at.containers.start(at.root, ["/usr/bin/mpyd", "layers"], kind))
        tap.equal(running.wait(), status, running.output())
        text = running.output()
        found = json.loads(text[text.index("{") :])["layers"]
        tap.equal({f'{layer["process"]} {layer["name"]}' for layer in found
                   if layer["state"] == "unavailable" and layer["name"] not in OF_MACHINES},
                  set(NO_NAMESPACES) if status else set(), kind)


def the_configuration_that_is_shipped_starts_it(at):
    with open(stage.RESTRICTED, encoding="utf-8") as file:
        running = at.start(at.apps.image("idle", IDLE), config=file.read())
    running.wait_line("^idle: ready")


def the_runtime_has_confined_it(at):
    """That the tests test what they say: what process 1 has of a restricted profile."""
    running = at.start(at.apps.image("idle", IDLE))
    running.wait_line("^idle: ready")
    with open(f"/proc/{running.first()}/status", encoding="utf-8") as file:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    tap.equal(fields["Uid"].split(), [str(container.ID)] * 4, "ids")
    tap.equal(fields["NoNewPrivs"], "1", "no new privileges")
    tap.equal(fields["NSpid"].split()[-1], "1", "pid in its namespace")
    tap.true(int(fields["Seccomp_filters"]) >= 2, f'filters: {fields["Seccomp_filters"]}')
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        tap.equal(int(fields[name], 16), 0, name)


TESTS = [
    the_runtime_has_confined_it,
    status_shows_what_each_filter_leaves,
    without_leave_nothing_starts_and_one_line_says_what_to_do,
    all_layers_are_required_where_namespaces_are_admitted,
    layers_can_be_asked_before_an_app_is_there,
    the_configuration_that_is_shipped_starts_it,
]
