# SPDX-License-Identifier: MIT
"""Apps as Debian packages, made by mpyfreeze deb: what dpkg does to the machine, and what it does not."""

import glob
import json
import os
import shutil
import subprocess
import tempfile
import urllib.request

import host
import tap
from host import unit, wait_for

APP, OTHER = "gauge", "other"
PACKAGE = f"mpyd-app-{APP}"
PLACE = f"{host.SHARED}/apps"
IMAGE = f"{host.VENDOR}/{APP}.mpyimg"
CONFIG = f"/etc/mpyd/{APP}.conf"
KEPT = f"/var/lib/mpyd/{APP}/kept"
TRACES = ("/etc", "/usr", "/var/lib", "/run")  # where something of an app could be


def dpkg(*words, status=0, says=(), within=()):
    """What dpkg says, asked for WORDS, by a program WITHIN another."""
    done = subprocess.run([*within, "dpkg", *words], capture_output=True, text=True, timeout=2 * host.TIMEOUT,
                          check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    said = done.stdout + done.stderr
    tap.equal(done.returncode, status, f"dpkg {words}: {said}")
    for text in says:
        tap.true(text in said, f"{text!r} is not in {said!r}")
    return said


def install(which, **expected):
    return dpkg("--install", f"{PLACE}/{which}.deb", **expected)


def state_of_package(package=PACKAGE):
    return host.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package, status=None)


def is_enabled(app=APP):
    return host.systemctl("is-enabled", unit(app), status=None).strip() == "enabled"


def status():
    [app] = json.loads(host.run("mpyctl", "status", "--json", APP, status=None))["apps"]
    return app


def runs(version):
    host.wait_state(unit(APP), "active")
    wait_for(f"version {version}", lambda: (status()["status"] or {}).get("version") == version)


def slots():
    with open(f"/var/lib/mpyd-images/{APP}/state", encoding="ascii") as file:
        return dict(line.strip().split(" = ", 1) for line in file if " = " in line)


def confirmed():
    wait_for("the confirmation", lambda: slots()["trial"] == "none")


def clear(package=PACKAGE):
    dpkg("--purge", package)


def begin(which="one", probation="1s"):
    """WHICH is installed, runs and was confirmed. Returns what dpkg said."""
    host.configure(APP, f"[update]\nprobation = {probation}\n")
    said = install(which)
    confirmed()
    return said


def files():
    """All in TRACES that is named after the app, and all that is the administrator's."""
    found = set()
    for top in TRACES:
        for folder, folders, names in os.walk(top):
            found |= {os.path.join(folder, name) for name in [*folders, *names]}
    return {path for path in found if APP in path or "meterd" in path or path.startswith("/etc/")}


def a_package_is_enabled_started_and_leaves_nothing():
    os.makedirs("/etc/mpyd/keys.d", exist_ok=True)  # the administrator's, also where no tests were before
    before = files()
    said = begin()
    tap.true("waited for" not in said and "starts it" not in said, f"nothing to wait for, or to do: {said}")
    runs("1.0")
    tap.equal((is_enabled(), state_of_package()), (True, "installed 1.0"))
    tap.true(unit(APP) in host.show("mpyd.service", "Wants")[0], "wanted by the umbrella")
    with open(KEPT, "w", encoding="ascii") as file:
        file.write("what it keeps")
    clear()
    tap.equal(host.show(unit(APP), "ActiveState"), ["inactive"])
    tap.equal(sorted(files() - before), [], "left behind")
    tap.equal(sorted(before - files()), [], "gone")


def an_upgrade_is_tried_and_what_the_app_keeps_stays():
    begin()
    with open(KEPT, "w", encoding="ascii") as file:
        file.write("what it keeps")
    install("two", says=["gauge: its image is installed, and waited for until it has done well: 180 seconds at most",
                         "version 2.0 is confirmed"])
    runs("2.0")
    tap.equal((is_enabled(), state_of_package()), (True, "installed 2.0"))
    with open(KEPT, encoding="ascii") as file:
        tap.equal(file.read(), "what it keeps")
    with open(CONFIG, encoding="ascii") as file:
        tap.true("probation" in file.read(), "the administrator's configuration")
    install("two", says=["nothing to do"])
    clear()


def an_upgrade_that_does_not_do_well_is_taken_back():
    begin("two")
    install("crashing", says=["rolled back from version 3.0 to 2.0", "the former image runs"])
    runs("2.0")
    tap.equal((is_enabled(), state_of_package()), (True, "installed 3.0"))
    networks = [os.readlink(f"/proc/{pid}/ns/net") for pid in (1, host.processes(APP)["supervisor"])]
    tap.true(networks[0] != networks[1], "what was granted to the update is taken back too")
    tap.equal(dpkg("--audit"), "")
    dpkg("--configure", "--pending")
    host.systemctl("restart", unit(APP))
    runs("2.0")
    clear()


def an_image_that_could_not_be_installed_is_not_taken_for_one_that_was_taken_back():
    begin("two")
    install("crashing", says=["the former image runs"])
    in_the_way = f"/var/lib/mpyd-images/{APP}/new"
    with open(in_the_way, "wb"):
        pass
    install("crashing", status=1, says=["cannot make a directory for the copy"])
    tap.equal(state_of_package(), "half-configured 3.0")
    os.unlink(in_the_way)
    dpkg("--configure", "--pending", says=["the former image runs"])
    runs("2.0")
    clear()


def a_counter_below_the_floor_is_refused_before_it_is_unpacked():
    begin("two")
    with open(IMAGE, "rb") as file:
        before = file.read()
    install("old", status=1, says=["counter 0 of this package is below 1"])
    tap.equal(state_of_package(), "installed 2.0")
    with open(IMAGE, "rb") as file:
        tap.true(file.read() == before, "the image of the package that is installed")
    runs("2.0")
    clear()


def an_image_that_was_changed_is_refused_and_the_former_runs_on():
    begin()
    install("changed", status=1, says=["changed after it was signed", "is refused"])
    runs("1.0")
    tap.equal(state_of_package(), "half-configured 2.0")
    install("two", says=["version 2.0 is confirmed"])
    runs("2.0")
    clear()


def what_an_administrator_stopped_or_disabled_stays_so():
    begin()
    host.systemctl("stop", unit(APP))
    install("two", says=["to be tried with the next start", "mpyctl start gauge starts it"])
    tap.equal((host.show(unit(APP), "ActiveState"), is_enabled()), (["inactive"], True))
    host.systemctl("start", unit(APP))
    runs("2.0")
    confirmed()
    host.run("mpyctl", "disable", "--now", APP)
    install("one", says=["to be tried with the next start", "mpyctl enable --now gauge starts it"])
    tap.equal((host.show(unit(APP), "ActiveState"), is_enabled()), (["inactive"], False))
    clear()


def what_was_removed_does_not_start_and_comes_back_as_it_was():
    begin()
    with open(KEPT, "w", encoding="ascii") as file:
        file.write("what it keeps")
    dpkg("--remove", PACKAGE)
    tap.equal((host.show(unit(APP), "ActiveState"), is_enabled()), (["inactive"], False))
    tap.true(os.path.exists(CONFIG) and os.path.exists(KEPT), "what is the administrator's, the app's")
    host.run("mpyctl", "start", APP, status=None)
    wait_for("the refusal", lambda: host.show(unit(APP), "ActiveState") == ["failed"])
    tap.equal(host.show(unit(APP), "ExecMainStatus"), ["3"], "there is no image that anybody trusts")
    install("two", says=["gauge"])
    runs("2.0")
    tap.true(is_enabled(), "enabled again")
    with open(KEPT, encoding="ascii") as file:
        tap.equal(file.read(), "what it keeps")
    confirmed()
    host.run("mpyctl", "disable", "--now", APP)
    dpkg("--remove", PACKAGE)
    install("two")
    tap.equal((host.show(unit(APP), "ActiveState"), is_enabled()), (["inactive"], False))
    clear()


def what_came_back_with_another_package_is_not_purged_with_the_first():
    another = "gauges-of-acme"
    begin()
    dpkg("--remove", PACKAGE)
    with tempfile.TemporaryDirectory() as tree:
        os.chmod(tree, 0o755)
        host.run("dpkg-deb", "-R", f"{PLACE}/two.deb", f"{tree}/two")
        host.run("sed", "--in-place", f"s/^Package: .*/Package: {another}/", f"{tree}/two/DEBIAN/control")
        host.run("dpkg-deb", "-b", f"{tree}/two", f"{tree}/another.deb")
        dpkg("--install", f"{tree}/another.deb")
    confirmed()
    with open(KEPT, "w", encoding="ascii") as file:
        file.write("what it keeps")
    dpkg("--purge", PACKAGE)
    tap.true(os.path.exists(KEPT) and os.path.exists(CONFIG), "what is the app's, the administrator's")
    with open(f"/var/lib/mpyd-floors/{APP}", encoding="ascii") as file:
        tap.equal(file.read().strip(), "1", "the floor")
    runs("2.0")
    clear(another)
    tap.true(not os.path.exists(KEPT), "purged with the package that had it")


def other_defaults_of_the_same_image_count_at_once():
    install("rate-10")
    runs("1.0")
    confirmed()
    before = host.processes(APP)
    install("rate-20", says=["nothing to do", "log_rate applies now"])
    tap.equal(host.processes(APP), before, "it was not restarted")
    clear()


def what_was_wiped_is_made_again():
    begin()
    for place in ("images", "floors", "incoming"):
        shutil.rmtree(f"/var/lib/mpyd-{place}")
    install("two")
    runs("2.0")
    confirmed()
    clear()


def the_key_of_a_package_signs_for_its_app_alone():
    begin()
    dpkg("--install", f"{PLACE}/{OTHER}.deb")
    host.wait_state(unit(OTHER), "active")
    host.run("mpyctl", "verify", f"{host.VENDOR}/{OTHER}.mpyimg")
    for ending in ("", ".minisig"):  # of the right app, by the key of the other
        shutil.copy(f"{PLACE}/stolen/{APP}.mpyimg{ending}", "/tmp")
    done = subprocess.run(["mpyctl", "install", f"/tmp/{APP}.mpyimg"], capture_output=True, text=True,
                          check=False)
    tap.equal(done.returncode, 7, done.stdout + done.stderr)
    tap.true("good for other and not for gauge" in done.stderr, done.stderr)
    runs("1.0")
    os.symlink("/dev/null", f"/etc/mpyd/keys.d/{APP}.key")
    host.run("mpyctl", "verify", IMAGE, status=7)
    os.unlink(f"/etc/mpyd/keys.d/{APP}.key")
    host.run("mpyctl", "verify", IMAGE)
    clear(f"mpyd-app-{OTHER}")
    clear()


def a_policy_that_forbids_it_is_kept_to():
    begin()
    with host.all_forbidden():
        install("two", says=["policy-rc.d forbids to restart it", "to be tried with the next start"])
        runs("1.0")
        dpkg("--remove", PACKAGE, says=["policy-rc.d forbids to stop it"])
        runs("1.0")  # what was removed while it ran: it is told of as before
        tap.equal(is_enabled(), False)
        host.systemctl("stop", unit(APP))
        install("two")
        tap.equal(host.show(unit(APP), "ActiveState"), ["inactive"])
        tap.true(is_enabled(), "enabled again")
    host.systemctl("start", unit(APP))
    runs("2.0")
    clear()


def without_systemd_it_is_installed_to_be_started_later():
    hidden = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run/systemd && exec "$@"', "sh")
    host.configure(APP, "[update]\nprobation = 1s\n")
    install("one", within=hidden)
    tap.equal((host.show(unit(APP), "ActiveState"), is_enabled()), (["inactive"], True))
    host.systemctl("start", unit(APP))
    runs("1.0")
    confirmed()
    clear()


def the_demo_is_a_package_like_others():
    [package] = glob.glob(f"{host.DEBS}/mpyd-demo_*.deb")
    dpkg("--install", package)
    host.wait_state(unit("meterd"), "active")
    reply = wait_for("the demo", lambda: fetch("http://127.0.0.1:8080/stats"))
    tap.true("\"meters\"" in reply, reply)
    host.run("mpyctl", "status", "--probe", "meterd")
    clear("mpyd-demo")
    tap.equal([path for path in files() if "meterd" in path], [], "left behind")


def fetch(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.read().decode()
    except OSError:
        return None


TESTS = [
    a_package_is_enabled_started_and_leaves_nothing,
    an_upgrade_is_tried_and_what_the_app_keeps_stays,
    an_upgrade_that_does_not_do_well_is_taken_back,
    an_image_that_could_not_be_installed_is_not_taken_for_one_that_was_taken_back,
    a_counter_below_the_floor_is_refused_before_it_is_unpacked,
    an_image_that_was_changed_is_refused_and_the_former_runs_on,
    what_an_administrator_stopped_or_disabled_stays_so,
    what_was_removed_does_not_start_and_comes_back_as_it_was,
    what_came_back_with_another_package_is_not_purged_with_the_first,
    other_defaults_of_the_same_image_count_at_once,
    what_was_wiped_is_made_again,
    the_key_of_a_package_signs_for_its_app_alone,
    a_policy_that_forbids_it_is_kept_to,
    without_systemd_it_is_installed_to_be_started_later,
    the_demo_is_a_package_like_others,
]
