# SPDX-License-Identifier: MIT
"""doctor, and the layers that mpyd finds for it."""

import json
import os
import subprocess
from pathlib import Path

import tap
from fake_app import status
from steering import app

AREAS = ["kernel", "layers", "keys", "units", "apps", "storage", "clock"]


def with_mpyd(program, *before):
    return {**os.environ, "PATH": ":".join([*map(str, before), str(Path(program.mpyd).parent),
                                            os.environ["PATH"]])}


def findings(program, environment, *how):
    done = subprocess.run([*how, program.mpyctl, "doctor", "--json"], env=environment,
                          capture_output=True, text=True, timeout=60)
    tap.equal(done.stderr, "", "doctor")
    found = json.loads(done.stdout)["findings"]
    is_bad = any(finding["level"] == "problem" for finding in found)
    tap.equal(done.returncode, 1 if is_bad else 0, "a problem is status 1")
    return found


def each_finding_says_what_to_do(program):
    found = findings(program, with_mpyd(program))
    tap.equal(list(dict.fromkeys(finding["area"] for finding in found)), AREAS, "areas, in order")
    for finding in found:
        tap.equal(finding["remedy"] is None, finding["level"] == "good", finding)
    text = program.run("doctor", env=with_mpyd(program)).stdout
    tap.equal(text.count("-> "), sum(f["level"] != "good" for f in found), text)
    brief = program.run("doctor", "--brief", env=with_mpyd(program)).stdout
    tap.equal(brief.count("\n"), 2 * brief.count("-> "), brief)


def every_layer_is_told_of(program):
    table = (Path(__file__).resolve().parents[2] / "sandbox/layer-table.inc").read_text()
    layers = [f for f in findings(program, with_mpyd(program)) if f["area"] == "layers"]
    tap.equal(len(layers), table.count("\nLAYER("), layers)
    done = subprocess.run([program.mpyd, "layers"], capture_output=True, text=True)
    shown = json.loads(done.stdout)["layers"]
    tap.equal(len(shown), len(layers), done.stderr)
    missing = [x for x in shown if x["state"] == "unavailable" and x["required"]]
    tap.equal(done.returncode, 5 if missing else 0, missing)


def a_layer_that_is_missing_is_told(program):
    """Where no namespaces can be had: each that is required is a problem, with its reason."""
    if subprocess.run(["unshare", "--user", "true"], capture_output=True).returncode != 0:
        raise tap.Skip("no user namespace can be had")
    found = findings(program, with_mpyd(program), "unshare", "--user", "--")
    said = [f["what"] for f in found if f["area"] == "layers" and f["level"] == "problem"]
    for layer in ("user-namespace", "mount-namespace", "pid-namespace", "net-namespace"):
        tap.true(any(what.startswith(f"{layer} of the spawner cannot be had: ") for what in said),
                 f"{layer} is not among {said}")
    done = subprocess.run(["unshare", "--user", program.mpyd, "layers"], capture_output=True)
    tap.equal(done.returncode, 5, done.stderr)


def without_mpyd_it_says_so(program):
    empty = program.place / "nothing"
    empty.mkdir(exist_ok=True)
    found = findings(program, {**os.environ, "PATH": str(empty)})
    [finding] = [f for f in found if f["area"] == "layers"]
    tap.true("could not be tried" in finding["what"], finding)
    tap.true("PATH" in finding["remedy"], finding)


def apps_that_are_ill_are_found(program):
    reply = status(state="corrupt", reason="the volume's header is damaged", remedy="restore it")
    with app(program, Status=reply) as (_, ask):
        environment = {**with_mpyd(program), "XDG_RUNTIME_DIR": ask.environment["XDG_RUNTIME_DIR"]}
        [finding] = [f for f in findings(program, environment) if "meterd" in f["what"]]
    tap.equal(finding, {"area": "apps", "level": "problem", "remedy": "restore it",
                        "what": "meterd is corrupt: the volume's header is damaged"}, "finding")


def layers_takes_no_operand(program):
    done = subprocess.run([program.mpyd, "layers", "x"], capture_output=True, text=True)
    tap.equal((done.returncode, done.stdout), (2, ""), done.stderr)


TESTS = [
    each_finding_says_what_to_do,
    every_layer_is_told_of,
    a_layer_that_is_missing_is_told,
    without_mpyd_it_says_so,
    apps_that_are_ill_are_found,
    layers_takes_no_operand,
]
