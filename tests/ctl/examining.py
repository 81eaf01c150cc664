# SPDX-License-Identifier: MIT
"""doctor, and the layers that mpyd finds for it."""

import json
import os
import subprocess
from pathlib import Path

import enabling
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


# A machine with an enabled app of a package, whose credential systemd keeps encrypted: doctor there, as
# root and as nobody, and as root where the image's key is kept so as well.
MACHINE = """
mount -t tmpfs -o mode=0755 none /etc || exit 77
mkdir -p /etc/upper /etc/work /etc/programs /etc/systemd/system /etc/mpyd
mkdir -m 0700 /etc/credstore /etc/credstore.encrypted /etc/mpyd/keys.d
cp "$1" "$2" /etc/programs
mount -t overlay -o lowerdir=/usr/lib,upperdir=/etc/upper,workdir=/etc/work none /usr/lib || exit 77
mkdir -p /usr/lib/mpyd/images && install -m 0644 "$3" /usr/lib/mpyd/images/porter.mpyimg
: >/etc/credstore.encrypted/mpyd.porter.token
PATH=/etc/programs:$PATH
mpyctl enable --units /etc/systemd/system --image /usr/lib/mpyd/images/porter.mpyimg porter || exit
grep -q LoadCredentialEncrypted= /etc/systemd/system/mpyd@porter.service.d/50-mpyd-grants.conf || exit
mpyctl doctor --json || :
echo ,
setpriv --reuid=65534 --regid=65534 --clear-groups mpyctl doctor --json || :
echo ,
cp "$4" /usr/lib/mpyd/images/porter.mpyimg
: >/etc/credstore.encrypted/mpyd.porter.image-key
mpyctl doctor --json || :
"""


def what_only_root_may_see_is_not_called_missing(program):
    if os.getuid() != 0:
        raise tap.Skip("not root: cannot mount")
    image = enabling.porter(program, 'connect = ["tcp:*:443"]\ncredentials = ["token"]\n')
    key, locked = program.place / "porter.image-key", program.place / "locked.mpyimg"
    for words in ("keygen", key), ("encrypt", image, "--key", key, "-o", locked):
        subprocess.run([program.mpyfreeze, *words], check=True, capture_output=True)
    done = subprocess.run(["unshare", "--mount", "sh", "-c", MACHINE, "sh", program.mpyctl, program.mpyd, image,
                           locked], capture_output=True, text=True, timeout=60)
    if done.returncode == 77:
        raise tap.Skip(f"cannot mount: {done.stderr}")
    tap.equal((done.returncode, done.stderr), (0, ""), done.stdout)
    root, nobody, locked = ([(f["area"], f["level"], f["what"]) for f in said["findings"]]
                    for said in json.loads(f"[{done.stdout}]"))
    tap.true(("apps", "good", "porter: its unit gives what its image asks for") in root, root)
    tap.true(("keys", "problem", "no key is trusted: no app starts") in root, root)
    tap.true(("apps", "note", "porter: whether its unit gives what its image asks for, only root may see") in nobody,
             nobody)
    tap.true(("apps", "note", "porter: its image is encrypted, and its key is for systemd to decrypt: what it asks for "
              "cannot be told") in locked, locked)
    [keys] = [found for found in nobody if found[0] == "keys"]
    tap.true(keys[1] == "note" and "only root may see" in keys[2], keys)


def layers_takes_no_operand(program):
    done = subprocess.run([program.mpyd, "layers", "x"], capture_output=True, text=True)
    tap.equal((done.returncode, done.stdout), (2, ""), done.stderr)


TESTS = [
    each_finding_says_what_to_do,
    every_layer_is_told_of,
    a_layer_that_is_missing_is_told,
    without_mpyd_it_says_so,
    apps_that_are_ill_are_found,
    what_only_root_may_see_is_not_called_missing,
    layers_takes_no_operand,
]
