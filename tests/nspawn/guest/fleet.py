# SPDX-License-Identifier: MIT
"""A machine of a fleet: apps and their updates come from a signed repository, by themselves; metrics and
journal go where they are gathered. As doc/fleet.md has it, with examples/fleet."""

import json
import os
import re
import shutil
import socket

import grants
import host
import tap
import traces
import updates
from host import run, systemctl, unit, wait_for

APP, PACKAGE = "gauge", "mpyd-app-gauge"
FLEET = f"{host.SHARED}/fleet"
EXAMPLES = f"{FLEET}/examples"
SERVED = "/srv/fleet/public"
SOURCE = "/etc/apt/sources.list.d/fleet.sources"
KEYRING = "/etc/apt/keyrings/fleet.pgp"
COLLECTED = "/var/log/journal/remote"
PORT = 8100
BROUGHT = []  # paths of files that are the fleet's, and of folders that they needed
REFUSED = 100  # apt-get's status


def release():
    """Of Debian, that this machine runs."""
    with open("/etc/os-release", encoding="utf-8") as file:
        return re.search(r"VERSION_CODENAME=(\w+)", file.read())[1]


def is_served():
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", PORT)) == 0


def publish(number):
    """The vendor's release NUMBER is what is served from now on."""
    shutil.rmtree(SERVED, ignore_errors=True)
    shutil.copytree(f"{FLEET}/{number}", SERVED)
    for folder, _, names in os.walk(f"{SERVED}/dists"):
        for path in (os.path.join(folder, name) for name in names):
            seconds = os.stat(path).st_mtime + number  # all may have been made in one, and HTTP knows no less
            os.utime(path, (seconds, seconds))


def put(example, path, **changes):
    """An example where its first lines say; CHANGES: the values of other keys."""
    with open(f"{EXAMPLES}/{example}", encoding="utf-8") as file:
        text = file.read()
    for key, value in changes.items():
        key = key.replace("_", "-")
        text, n = re.subn(rf"(?m)^{key}([:=] ?).*$", rf"{key}\g<1>{value}", text)
        tap.equal(n, 1, f"{key} in {example}")
    bring(path, text)


def bring(path, data):
    """The file PATH with DATA, until the machine leaves the fleet."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.mkdir(folder)
        BROUGHT.append(folder)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    BROUGHT.append(path)


def bring_copy(source, path):
    with open(source, "rb") as file:
        bring(path, file.read())


def version():
    return host.installed(PACKAGE)


def upgrade():
    """What the timers of apt do in a night."""
    for service in ("apt-daily.service", "apt-daily-upgrade.service"):
        systemctl("start", service)


def told():
    """What mpyctl status has of the app."""
    [app] = json.loads(run("mpyctl", "status", "--json", APP, status=None))["apps"]
    return app


def metrics():
    """What Prometheus would scrape: as node_exporter finds it."""
    systemctl("start", "mpyd-metrics.service")
    with open("/var/lib/prometheus/node-exporter/mpyd.prom", encoding="utf-8") as file:
        return file.read()


def machine_joins_the_fleet():
    with traces.of_others():
        host.apt("install", "unattended-upgrades", "systemd-journal-remote")
    publish(1)
    run("systemd-run", "--unit=fleet-server", "python3", "-m", "http.server", "--bind=127.0.0.1",
        f"--directory={SERVED}", str(PORT))  # fmt: skip
    wait_for("the server", is_served)
    bring_copy(f"{SERVED}/fleet.pgp", KEYRING)
    put("machine/fleet.sources", SOURCE, URIs=f"http://127.0.0.1:{PORT}", Suites=release())
    put("machine/52mpyd-fleet", "/etc/apt/apt.conf.d/52mpyd-fleet")
    bring("/etc/apt/apt.conf.d/53always",  # not once a day
          'APT::Periodic::Update-Package-Lists "always";\nAPT::Periodic::Unattended-Upgrade "always";\n')  # fmt: skip
    for kind in ("service", "timer"):
        put(f"machine/mpyd-metrics.{kind}", f"/etc/systemd/system/mpyd-metrics.{kind}")
    os.makedirs("/var/lib/prometheus/node-exporter")
    systemctl("daemon-reload")
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        systemctl("stop", timer)  # whose random moment is not to be in the middle of a test
    host.configure(APP, "[update]\nprobation = 1s\n")
    host.apt("update")
    host.apt("install", PACKAGE)
    tap.equal(version(), "1.0", "the package")
    updates.runs("1.0")


def update_is_installed_by_night():
    publish(2)
    upgrade()
    tap.equal(version(), "2.0", run("tail", "-n", "40", "/var/log/unattended-upgrades/unattended-upgrades.log"))
    updates.runs("2.0")
    tap.equal((told()["state"], told()["update"]["good"]["version"]), ("running", "2.0"), "status")
    text = metrics()
    tap.true(f'mpyd_up{{app="{APP}",unit="enabled"}} 1\n' in text, text)
    tap.true(re.search(r'mpyd_slot_info{.*version="2.0",.*verdict="good",role="good"} 1', text), text)
    tap.true('verdict="bad"' not in text, text)


def bad_update_is_rolled_back_and_told():
    since = host.now()
    publish(3)
    upgrade()
    tap.equal(version(), "3.0", "dpkg is not left half configured")
    tap.equal(run("dpkg", "--audit"), "", "dpkg --audit")
    updates.runs("2.0")
    tap.true("rolled back from version 3.0 to 2.0" in told()["update"]["event"], told())
    tap.true("rolled back from version 3.0" in run("mpyctl", "status", APP), "mpyctl status")
    wait_for("the event", lambda: updates.events(updates.ROLLED_BACK, since))
    text = metrics()
    tap.true(re.search(r'mpyd_slot_info{.*version="3.0",.*verdict="bad",role="none"} 1', text), text)
    tap.true(f'mpyd_up{{app="{APP}",unit="enabled"}} 1\n' in text, text)


def tampered_repository_is_refused():
    for name in ("InRelease", "main/binary-amd64/Packages"):
        publish(4)
        path = f"{SERVED}/dists/{release()}/{name}"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("Origin: Fleet", "Origin: Other").replace("Version: ", "Version: 9"))
        if os.path.exists(f"{path}.gz"):
            os.remove(f"{path}.gz")
        said = run("sh", "-c", "apt-get update --error-on=any 2>&1", status=REFUSED)
        tap.true(re.search("(?i)signature|mismatch|unexpected size", said), said)
        known = run("apt-cache", "policy", PACKAGE)
        tap.true("Candidate: 3.0" in known, known)
    tap.equal(told()["state"], "running", "the app")


def tampered_image_is_refused():
    """Whoever has the repository's key has not the vendor's."""
    publish(4)
    host.apt("update")
    host.apt("install", PACKAGE, status=REFUSED)
    tap.true(PACKAGE in run("dpkg", "--audit"), "dpkg tells")
    tap.equal((told()["state"], told()["status"]["version"]), ("running", "2.0"), "the app")
    publish(5)
    host.apt("update")
    host.apt("install", PACKAGE)
    tap.equal((version(), run("dpkg", "--audit")), ("5.0", ""), "mended by the next")
    updates.runs("2.0")


def journal_arrives_at_the_collector():
    """Collector and machine are one here, and speak TLS over the loopback device."""
    names = {"collector": "localhost", "machine": "machine"}
    bring_copy(f"{FLEET}/tls/ca.pem", "/etc/ssl/fleet/ca.pem")
    for role, name in names.items():
        for ending in ("pem", "key"):
            bring_copy(f"{FLEET}/tls/{name}.{ending}", f"/etc/ssl/fleet/{role}.{ending}")
    upload = {"URL": "https://localhost", "TrustedCertificateFile": "/etc/ssl/fleet/machine.pem"}  # no CA
    for role, what, changes in (("collector", "remote", {}), ("machine", "upload", upload)):
        put(f"{role}/journal-{what}.conf", f"/etc/systemd/journal-{what}.conf.d/fleet.conf", **changes)
        put(f"{role}/journal-{what}.service.conf", f"/etc/systemd/system/systemd-journal-{what}.service.d/fleet.conf")
    systemctl("daemon-reload")
    systemctl("start", "systemd-journal-remote.socket")
    systemctl("start", "systemd-journal-upload.service", status=None)
    wait_for("doubt about the collector", lambda: "certificate" in run(
        "journalctl", "--quiet", "--no-pager", "--unit=systemd-journal-upload.service"))  # fmt: skip
    tap.equal(os.listdir(COLLECTED), [], "what somebody else was sent")
    run("sed", "--in-place", "/^Trusted/s/machine.pem/ca.pem/", "/etc/systemd/journal-upload.conf.d/fleet.conf")
    systemctl("reset-failed", "systemd-journal-upload.service")
    systemctl("restart", "systemd-journal-upload.service")

    def arrived():
        said = run("journalctl", "--quiet", "--no-pager", f"--directory={COLLECTED}", "--output=json", f"APP={APP}",
                   f"MESSAGE_ID={updates.ROLLED_BACK}", status=None)  # fmt: skip
        return any("rolled back from version 3.0 to 2.0" in json.loads(line)["MESSAGE"] for line in said.splitlines())

    wait_for("what the machine told of its update", arrived)
    systemctl("restart", unit(APP))
    image = told()["status"]["image"]
    wait_for("the app's own entries", lambda: run(
        "journalctl", "--quiet", "--no-pager", f"--directory={COLLECTED}", f"APP={APP}", f"IMAGE={image}", status=None))
    tap.equal(len(os.listdir(COLLECTED)), 1, "a journal for each machine")


def secret_is_of_this_machine_alone():
    place = f"/etc/credstore.encrypted/mpyd.{grants.APP}.token"
    bring(place, b"")
    run("systemd-creds", "encrypt", "--name=token", "-", place, input=grants.SECRET.decode())
    bring(f"/etc/credstore/mpyd.{grants.APP}.token", b"as it was before it was kept encrypted")
    host.bring(grants.APP)
    run("mpyctl", "enable", "--now", grants.APP)
    host.wait_state(unit(grants.APP), "active")
    tap.equal(grants.ask(b"token"), grants.SECRET, "the secret")
    with open(place, "rb") as file:
        tap.true(grants.SECRET not in file.read(), f"{place} can be read")
    host.stop(grants.APP)
    os.rename("/var/lib/systemd/credential.secret", "/root/credential.secret")
    run("systemd-creds", "setup")  # now it is another machine
    systemctl("start", unit(grants.APP), status=1)
    tap.true("CREDENTIALS" in systemctl("status", unit(grants.APP), status=None), "what systemd says of it")
    os.rename("/root/credential.secret", "/var/lib/systemd/credential.secret")
    host.stop(grants.APP)
    run("mpyctl", "disable", grants.APP)


def machine_leaves_the_fleet():
    for service in ("systemd-journal-upload.service", "systemd-journal-remote.socket", "systemd-journal-remote.service",
                    "fleet-server.service"):  # fmt: skip
        systemctl("stop", service)
    host.apt("purge", PACKAGE)
    for path in reversed(BROUGHT):
        if os.path.isdir(path):
            os.rmdir(path)
        else:
            os.remove(path)
    for path in (SERVED, "/var/lib/prometheus", COLLECTED, "/var/lib/private/systemd"):
        shutil.rmtree(path, ignore_errors=True)
    systemctl("daemon-reload")
    host.apt("update")


TESTS = [
    machine_joins_the_fleet,
    update_is_installed_by_night,
    bad_update_is_rolled_back_and_told,
    tampered_repository_is_refused,
    tampered_image_is_refused,
    journal_arrives_at_the_collector,
    secret_is_of_this_machine_alone,
    machine_leaves_the_fleet,
]
