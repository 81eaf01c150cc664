# SPDX-License-Identifier: MIT
"""What mpyd is made to do while something fails, and from which of its calls on."""

import collections
import os
import shutil
import subprocess

import plan

HERE = os.path.dirname(os.path.abspath(__file__))

QUICK = """\
[stop]
stop = 30ms
abort = 30ms
[restart]
delay = 1ms
burst = 1
"""
NO_RESTART = QUICK + "restart = no\n"
PATIENT = "[restart]\nrestart = no\n"
EVERY_KEY = """\
[grants]
connect = udp:127.0.0.1:*, tcp:127.0.0.1:*
connect = tcp:[::1]:*
[limits]
handles = 64
log_rate = 100
arena = 1M
heap = 1M
doorbells = 50000
calls = 100000
[health]
ready = 30s
heartbeat = 30s
cpu = 90
cpu_window = 5s
[stop]
stop = 1s
abort = 1s
[restart]
restart = no
delay = 1ms
delay_max = 1s
burst = 2
window = 10s
[sandbox]
optional = cpu, speculation
cpu = any
spin = 5us
"""

# begin: role and call, and what is in its object's name, of the first Linux call to fail; what
# comes before is another scenario's. end: the first that is not to fail. status: as it ends when
# nothing fails. stop: the line at which it is sent SIGTERM. spoil: what becomes of the image.
# roles: whose calls fail. trust: the image is encrypted and signed, and not run unsigned. control: with a
# control socket. state: with a state directory, not laid out yet.
Scenario = collections.namedtuple(
    "Scenario",
    "name app begin config status stop spoil end roles trust control state",
    defaults=(PATIENT, 0, None, None, None, ("supervisor", "spawner", "launch"), False, False, False),
)

START = ("supervisor", "openat", plan.MAIN)
SERVE = ("launch", "execveat", "")
CHANNEL = ("supervisor", "memfd_create", "")
CONFIG = ("supervisor", "openat", ".conf")
IMAGE = ("supervisor", "memfd_create", "image")
SIGNATURE = ("supervisor", "openat", ".minisig")
KEYS = ("supervisor", "openat", "/keys")
LOOP = ("supervisor", "epoll_create1", "")
PORTS = ("supervisor", "landlock_create_ruleset", "")
STATE = ("supervisor", "mkdir", "")
VOLUME = ("supervisor", "openat", "volume")
GROUPS = ("supervisor", "openat", "/etc/group")
OURS = ("supervisor",)

SCENARIOS = (
    Scenario("start", "hello", START, None),
    Scenario("configuration", "serve", CONFIG, EVERY_KEY, end=CHANNEL),
    Scenario("refused configuration", "hello", CONFIG, "[limits]\nhandles = many\n", 4),
    Scenario("refused image", "hello", IMAGE, None, 3, spoil="truncated", roles=("supervisor",)),
    Scenario("signature", "hello", SIGNATURE, end=CONFIG, roles=OURS, trust=True),
    Scenario("trusted keys", "hello", KEYS, end=LOOP, roles=OURS, trust=True),
    Scenario("trusted image", "hello", IMAGE, end=PORTS, roles=OURS, trust=True),
    Scenario("control socket", "hello", GROUPS, end=PORTS, roles=OURS, control=True),
    Scenario("state directory", "keep", STATE, end=PORTS, roles=OURS, state=True),
    Scenario("first run", "keep", VOLUME, end=PORTS, roles=OURS, state=True),
    Scenario("files", "keep", SERVE, roles=OURS, state=True),
    Scenario("serve", "serve", SERVE),
    Scenario("crash and restart", "crash", SERVE, QUICK, 1),
    Scenario("stop", "wait", SERVE, PATIENT, 0, "wait: ready"),
    Scenario("stop by force", "deaf", SERVE, NO_RESTART, 0, "deaf: ready"),
)
NAMES = Scenario("names", "names", SERVE)

MANIFESTS = {
    "serve": """\
[grants]
listen = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0", "tcp:[::1]:0"]
connect = ["udp:127.0.0.1:*", "tcp:127.0.0.1:*", "tcp:[::1]:*", "tcp:localhost:80"]
""",
    "keep": "[grants]\nstorage = \"1M\"\n",
    "names": """\
[grants]
connect = ["tcp:*.example:7000"]
""",
}


def freeze(app, work, mpyfreeze):
    """Builds the image of apps/APP.py in the folder WORK and returns its path."""
    folder = os.path.join(work, app + ".app")
    image = os.path.join(work, app + ".mpyimg")
    if not os.path.exists(image):
        os.mkdir(folder)
        shutil.copy(os.path.join(HERE, "apps", app + ".py"), os.path.join(folder, "main.py"))
        shutil.copy(os.path.join(HERE, "apps", "attempts.py"), folder)
        with open(os.path.join(folder, "mpyd.toml"), "w", encoding="utf-8") as manifest:
            manifest.write(f'name = "{app}"\nversion = "1"\nentry = "main"\n')
            manifest.write(MANIFESTS.get(app, ""))
        subprocess.run([*mpyfreeze, "build", folder, "-o", image], check=True, timeout=120)
    return image


def trust(image, work, mpyfreeze):
    """Encrypts IMAGE and signs it, and has the key trusted. Returns the result and the options."""
    secret, public, key = (os.path.join(work, name) for name in ("secret", "public", "key"))
    keys, floors, shipped = (os.path.join(work, name) for name in ("keys", "floors", "shipped"))
    for folder in (keys, floors, shipped):
        os.makedirs(folder, exist_ok=True)
    shipped = os.path.join(shipped, os.path.basename(image))
    if not os.path.exists(shipped):
        for line in (
            ["minisign", "-G", "-W", "-p", public, "-s", secret],
            [*mpyfreeze, "keygen", key],
            [*mpyfreeze, "encrypt", image, "-k", key, "-o", shipped],
            [*mpyfreeze, "sign", shipped, "-k", secret],
        ):
            subprocess.run(line, check=True, capture_output=True)
        with open(public, encoding="ascii") as file:
            line = file.read().splitlines()[1]
        with open(os.path.join(keys, "vendor.key"), "w", encoding="ascii") as file:
            file.write(f"[key]\npublic = {line}\napps = *\n")
        with open(os.path.join(floors, "hello"), "w", encoding="ascii") as file:
            file.write("0\n")
    return shipped, ["--keys", keys, "--floors", floors, "--key-file", key]


def each_run(work, name):
    """A path that each run has for itself: @RUN@ is its number."""
    folder = os.path.join(work, name)
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o777)
    return os.path.join(folder, "@RUN@")


def command(scenario, work, mpyd, mpyfreeze):
    """Makes the files of SCENARIO and returns the command line to run."""
    image = freeze(scenario.app, work, mpyfreeze)
    options = ["--unsigned"]
    if scenario.trust:
        image, options = trust(image, work, mpyfreeze)
    options.append(f"--control={each_run(work, 'control') if scenario.control else 'none'}")
    if scenario.state:
        options.append(f"--state={each_run(work, 'state')}")
    if scenario.spoil:
        with open(image, "rb") as whole:
            content = whole.read()
        image = os.path.join(work, scenario.spoil, os.path.basename(image))
        os.makedirs(os.path.dirname(image), exist_ok=True)
        with open(image, "wb") as part:
            part.write(content[: len(content) // 2])
    if scenario.config is None:
        return [mpyd, "run", *options, image]
    config = os.path.join(work, scenario.name.replace(" ", "-") + ".conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write(scenario.config)
    return [mpyd, "run", *options, "--config", config, image]
