# SPDX-License-Identifier: MIT
"""The machine is rebooted, or its plug is pulled while it writes: what an app was told is kept is kept,
nothing is torn, and it comes up by itself with a version that is whole."""

import random
import re
import threading

import tap

PRELUDE = ("import sys; sys.path[:0] = ['/shared/guest', '/shared/harness']; "
           "import host, grants, updates; from host import unit; ")  # fmt: skip
CUTS = 5
SEED = 20
IMAGES = "/shared/images"


def inside(machine, code):
    """What CODE, which has the guest's own modules, printed."""
    return machine.run("python3", "-c", PRELUDE + code)


def call(machine, app, name):
    return machine.run("mpyctl", "call", app, name).strip()


def version(machine):
    return inside(machine, "print(host.wait_for('an answer', updates.version))")


def all_is_well(machine):
    said = machine.run("systemctl", "--failed", "--plain", "--no-legend", "list-units", "mpyd*")
    tap.equal(said, "", "units that failed")
    told = machine.run("mpyctl", "status", status=None)
    for app in ("keeper", "gauge", "porter"):
        tap.true(re.search(rf"^{app} +running ", told, re.M), f"{app} is not running: {told}")


def apps_come_up_by_themselves_with_their_state(machine):
    """Enabled, counted, rebooted in order, counted again."""
    inside(machine, "import os; os.makedirs('/etc/credstore', mode=0o700, exist_ok=True); "
           "open('/etc/credstore/mpyd.porter.token', 'w').write('sesame'); "
           "[host.bring(app) for app in ('porter', 'keeper')]; updates.start_with('one'); "
           "host.run('mpyctl', 'enable', 'gauge'); "
           "[host.run('mpyctl', 'enable', '--now', app) for app in ('porter', 'keeper')]")  # fmt: skip
    ask = "print(grants.ask(b'count').decode())"
    before = int(inside(machine, ask))
    kept = int(call(machine, "keeper", "kept"))
    machine.reboot()
    all_is_well(machine)
    tap.equal(int(inside(machine, ask)), before + 1, "porter's count")
    tap.true(int(call(machine, "keeper", "found")) >= kept, "keeper's record")
    tap.equal(version(machine), "1.0", "gauge")


def reboot_in_order_says_nothing_about_a_trial(machine):
    inside(machine, "updates.configure('1h'); updates.install('two', '--no-wait'); updates.runs('2.0'); "
           "updates.configure('2s')")  # fmt: skip
    machine.reboot()
    inside(machine, "updates.runs('2.0')")
    inside(machine, "host.wait_for('the verdict', lambda: updates.state()['trial'] == 'none')")
    tap.equal(version(machine), "2.0", "gauge")
    all_is_well(machine)


def power_cut_tears_nothing(machine):
    """In the middle of a replacement of keeper's record and somewhere in an update of gauge."""
    moments = random.Random(SEED)
    for number in range(CUTS):
        was = version(machine)
        which = "one" if was == "2.0" else "two"
        wanted = {"one": "1.0", "two": "2.0"}[which]
        kept = int(call(machine, "keeper", "kept"))
        machine.begin("mpyctl", "install", "--name", "gauge", f"{IMAGES}/gauge-{which}.mpyimg")
        seconds = moments.uniform(0, 0.6) * machine.patience
        threading.Event().wait(seconds)
        machine.cut()
        machine.boot()
        what = f"cut {number}, after {seconds:.2f} s of an update from {was} to {wanted}"
        tap.true(version(machine) in (was, wanted), what)
        found = int(call(machine, "keeper", "found"))
        tap.true(found >= kept, f"{what}: keeper was told that {kept} is kept, and found {found}")
        inside(machine, "host.wait_for('the verdict', lambda: updates.state()['trial'] == 'none')")
        now = version(machine)
        tap.true(now in (was, wanted), f"{what}: in the end it runs {now}")
        print(f"# {what}: runs {now}; keeper found {found}, at least {kept}", flush=True)
        all_is_well(machine)


def disk_is_whole_in_the_end(machine):
    machine.power_off()
    machine.check_disk()
    machine.boot()
    all_is_well(machine)
    inside(machine, "import os, shutil; apps = ('porter', 'keeper', 'gauge'); "
           "[host.run('mpyctl', 'disable', '--now', app) for app in apps]; updates.clear(); "
           "[shutil.rmtree('/var/lib/private/mpyd/' + app, ignore_errors=True) for app in apps]; "
           "os.remove('/etc/credstore/mpyd.porter.token')")  # fmt: skip


TESTS = [
    apps_come_up_by_themselves_with_their_state,
    reboot_in_order_says_nothing_about_a_trial,
    power_cut_tears_nothing,
    disk_is_whole_in_the_end,
]
