# SPDX-License-Identifier: MIT
"""mpyctl enable and disable: the files that give a unit what its image is granted. That systemd
takes them is for tests/nspawn."""

import contextlib
import grp
import json
import os
import shlex

import tap

HEAD = "# Written by mpyctl enable porter, from what its image asks for"
MANIFEST = '''\
name = "porter"
version = "1"
entry = "main"
[memory]
heap = "128K"
stack = "32K"
arena = "64K"
[grants]
'''
MAIN = {"main.py": "print(1)\n"}
DROP_IN = "mpyd@porter.service.d/50-mpyd-grants.conf"
NO_NETWORK = "mpyd@porter.service.d/10-no-network.conf"
SOCKETS = "mpyd-ports@porter.socket"


def porter(program, grants=""):
    """An image of an app with GRANTS; mpyd, which reads configurations, is found from now on."""
    folder = os.path.dirname(os.path.abspath(program.mpyd))
    if folder not in os.environ["PATH"].split(":"):
        os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
    program.n_files += 1
    return program.image(f"porter{program.n_files}", {"mpyd.toml": MANIFEST + grants, **MAIN})


def enabled(program, grants, words=""):
    """The files that come of an app with GRANTS, by name: lines without comments."""
    image = porter(program, grants)
    units = program.place / f"units{program.n_files}"
    units.mkdir()
    done = program.run("enable", "porter", "--image", image, "--units", units)
    tap.equal((done.returncode, done.stdout), (0, ""), f"enable: {done.stderr}")
    tap.true(words in done.stderr, done.stderr)
    tap.equal(bool(words), bool(done.stderr), done.stderr)
    return units, files(units)


def files(units):
    found = {}
    for folder, _, names in os.walk(units):
        for name in names:
            path = os.path.join(folder, name)
            lines = []
            if not os.path.islink(path):
                with open(path, encoding="ascii") as file:
                    text = file.read()
                tap.true(text.startswith(HEAD), f"head of {name}: {text}")
                lines = [line for line in text.splitlines() if line and line[0] not in "#"]
            found[os.path.relpath(path, units)] = lines
    return found


def app_without_network_is_cut_off(program):
    _, found = enabled(program, "")
    memory = (128 << 10) + (32 << 10) + (64 << 10) + (64 << 20)
    tap.equal(found, {DROP_IN: ["[Service]", f"MemoryMax={memory}"], NO_NETWORK: []}, "files")


def app_with_network_is_not(program):
    for grants in ('connect = ["tcp:example.org:443"]\n', 'listen = ["tcp:*:8080"]\n'):
        _, found = enabled(program, grants)
        tap.equal(set(found), {DROP_IN}, f"files of {grants}")


def privileged_ports_get_sockets(program):
    grants = ('listen = ["tcp:*:80", "udp:127.0.0.1:53", "tcp:[::1]:1022-1030", "tcp:8080", '
              '"tcp:localhost:443"]\n')  # fmt: skip
    _, found = enabled(program, grants)
    tap.equal(found[DROP_IN][-1], f"Sockets={SOCKETS}", "the service's line")
    tap.equal(
        [line for line in found[SOCKETS] if line.startswith("Listen")],
        ["ListenStream=0.0.0.0:80", "ListenStream=[::]:80", "ListenDatagram=127.0.0.1:53",
         "ListenStream=[::1]:1022", "ListenStream=[::1]:1023", "ListenStream=127.0.0.1:443",
         "ListenStream=[::1]:443"], "what is opened",
    )  # fmt: skip
    tap.true("Service=mpyd@porter.service" in found[SOCKETS], str(found))


def what_is_no_list_of_ports_is_told(program):
    for grant in ("tcp:*:*", "tcp:10.0.0.0/8:80", "tcp:*:1-500"):
        _, found = enabled(program, f'listen = ["{grant}", "tcp:*:81"]\n', f"ports of {grant} are")
        listens = [line for line in found[SOCKETS] if line.startswith("Listen")]
        tap.equal(listens, ["ListenStream=0.0.0.0:81", "ListenStream=[::]:81"], grant)


def text_of_a_manifest_does_not_get_into_a_unit(program):
    """Only what mpyfreeze did not make has such grants, and root may be shown anything."""
    image = porter(program, 'listen = ["tcp:127.0.0.111:80", "tcp:*:81"]\n')
    with open(image, "rb") as file:
        good = file.read()
    for n, evil in enumerate((b"tcp:@ab/cd%n.11:80", b"tcp:vsock::42111:8", b"tcp:127.0.0.1%i:80",
                              b"tcp: XX=/etc/xy:80", b"tcp:[::1]/%nnnn:80", b"sctp:127.0.0.11:80",
                              b"tcp:[fe80::1%l]:80", b"tcp:/run/x/y/zz:80", b"no address at all.")):  # fmt: skip
        tap.equal(len(evil), 18, "bytes")
        with open(image, "wb") as file:
            file.write(good.replace(b"tcp:127.0.0.111:80", evil))
        units = program.place / f"evil{n}"
        units.mkdir()
        done = program.run("enable", "porter", "--image", image, "--units", units)
        tap.equal((done.returncode, files(units)), (3, {}), f"{evil}: {done.stderr}")
        with reading(program, """echo '{"settings": []}'"""):  # and were mpyd to let it pass
            done = program.run("enable", "porter", "--image", image, "--units", units)
        tap.equal(done.returncode, 0, f"{evil}: {done.stderr}")
        tap.true("are not opened for it: a network, too many, or no address" in done.stderr, done.stderr)
        listens = [line for line in files(units)[SOCKETS] if "=" in line][-2:]
        tap.equal(listens, ["ListenStream=0.0.0.0:81", "ListenStream=[::]:81"], str(evil))
        text = (units / SOCKETS).read_text()
        tap.true("%" not in text and "XX" not in text and text.count("Listen") == 2, text)


def credentials_are_loaded(program):
    _, found = enabled(program, 'credentials = ["token", "tls.key"]\n')
    tap.equal(found[DROP_IN][-2:], ["LoadCredential=token:mpyd.porter.token",
                                    "LoadCredential=tls.key:mpyd.porter.tls.key"], "lines")  # fmt: skip


@contextlib.contextmanager
def reading(program, script):
    """In place of mpyd as it reads the app's configuration: SCRIPT."""
    folder, before = program.place / f"as-mpyd{program.n_files}", os.environ["PATH"]
    folder.mkdir(exist_ok=True)
    (folder / "mpyd").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "mpyd").chmod(0o755)
    os.environ["PATH"] = f"{folder}:{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before


def enable_with(program, grants, config):
    """As the app is configured by the text CONFIG: what enable gives, and the directory."""
    image = porter(program, grants)
    units = program.place / f"units{program.n_files}"
    units.mkdir()
    path = program.place / f"config{program.n_files}"
    path.write_text(config)
    mpyd = shlex.quote(os.path.abspath(program.mpyd))
    with reading(program, f"exec {mpyd} config --config {shlex.quote(str(path))} porter"):
        return program.run("enable", "porter", "--image", image, "--units", units), units, path


def files_are_opened_by_systemd(program):
    plain = program.place / "map:1"
    plain.write_text("")
    done, units, _ = enable_with(program, 'files = ["map", "notes:rw", "gone"]\n',
                                 f"[files]\nmap = {plain}\nnotes = {plain}\n")  # fmt: skip
    tap.equal(done.returncode, 0, done.stderr)
    lines = files(units)[DROP_IN][2:]
    path = str(plain).replace(":", "\\x3a")
    tap.equal(lines, [f"OpenFile={path}:file.map:read-only,graceful",
                      f"OpenFile={path}:file.notes:graceful"], "lines")  # fmt: skip
    tap.true(f"map: the file {plain}, for reading, opened by systemd" in done.stdout, done.stdout)
    tap.true("gone: not given; [files] of the configuration can name it\n" in done.stdout, done.stdout)


def devices_are_let_in(program):
    ours, its = os.openpty()
    try:
        terminal = os.ttyname(its)
        group = os.fstat(its).st_gid
        done, units, _ = enable_with(program, 'files = ["null", "line:rw", "later"]\n',
                                     f"[files]\nnull = /dev/null\nline = {terminal}\n"
                                     "later = /dev/mpyd-absent\n")  # fmt: skip
    finally:
        os.close(ours)
        os.close(its)
    tap.equal(done.returncode, 0, done.stderr)
    groups = [f"SupplementaryGroups={grp.getgrgid(group).gr_name}"] if group else []
    tap.equal(files(units)[DROP_IN][2:],
              ["DeviceAllow=/dev/null r", f"DeviceAllow={terminal} rw", *groups,
               "DeviceAllow=/dev/mpyd-absent r", "PrivateDevices=no", "DevicePolicy=closed"],
              "lines")  # fmt: skip
    tap.true(f"line: the device {terminal}, for reading and writing" in done.stdout, done.stdout)
    tap.true("later: /dev/mpyd-absent: No such file or directory; enable the app again" in
             done.stdout, done.stdout)  # fmt: skip


def what_is_no_file_and_not_asked_for_is_refused(program):
    pipe = program.place / "pipe"
    os.mkfifo(pipe)
    for path, why in ((pipe, "is neither a regular file nor a character device"),
                      (program.place, "is neither a regular file nor a character device")):  # fmt: skip
        done, units, config = enable_with(program, 'files = ["map"]\n', f"[files]\nmap = {path}\n")
        tap.equal((done.returncode, os.listdir(units)), (4, []), done.stderr)
        tap.true(f"{config}:2: [files] map: {path} {why}" in done.stderr, done.stderr)
    done, units, config = enable_with(program, "", "[files]\nmap = /dev/null\n")
    tap.equal((done.returncode, os.listdir(units)), (4, []), done.stderr)
    tap.true(f"{config}:2: [files] map: the manifest asks for no file" in done.stderr, done.stderr)


def no_path_adds_a_line_to_a_unit(program):
    """Not even one that mpyd, which refuses such, would have let pass."""
    image = porter(program, 'files = ["map"]\n')
    for path in ("/dev/null\nUser=root", "/dev/null rwm", "/a%n", '/a"', "/a\\x0a", "/a;b", "/a\t"):
        program.n_files += 1
        units = program.place / f"units{program.n_files}"
        units.mkdir()
        setting = {"section": "files", "key": "map", "value": path, "file": "a.conf", "line": 1,
                   "applies": "next"}  # fmt: skip
        said = program.place / f"said{program.n_files}"
        said.write_text(json.dumps({"app": "porter", "files": [], "settings": [setting]}))
        with reading(program, f"exec cat {shlex.quote(str(said))}"):
            done = program.run("enable", "porter", "--image", image, "--units", units)
        tap.equal((done.returncode, os.listdir(units)), (4, []), repr(path) + done.stderr)
        tap.equal(done.stderr.count("\n"), 1, done.stderr)


def done_again_it_follows_the_image(program):
    units, found = enabled(program, 'listen = ["tcp:*:80"]\n')
    tap.equal(set(found), {DROP_IN, SOCKETS}, "files")
    image = porter(program)
    tap.equal(program.says("enable", "porter", "--image", image, "--units", units), "", "enable")
    tap.equal(set(files(units)), {DROP_IN, NO_NETWORK}, "files of an image without grants")


def disabling_removes_what_enabling_wrote(program):
    units, _ = enabled(program, 'listen = ["tcp:*:80"]\n')
    own = units / "mpyd@porter.service.d" / "60-mine.conf"
    own.write_text("[Service]\nNice=5\n")
    program.says("disable", "porter", "--units", units)
    tap.equal(os.listdir(units), ["mpyd@porter.service.d"], "what is left")
    tap.equal(os.listdir(own.parent), ["60-mine.conf"], "what is left of the drop-ins")
    own.unlink()
    program.says("disable", "porter", "--units", units)
    tap.equal(os.listdir(units), [], "what is left")


def wrong_ones_are_refused(program):
    image = porter(program)
    place = program.place
    program.refuses(2, "is not a name for an app", "enable", "Porter", "--units", place)
    program.refuses(1, "no image is installed", "enable", "absent", "--units", place)
    program.refuses(3, "is of the app porter, not other", "enable", "other", "--image", image,
                    "--units", place)  # fmt: skip
    program.refuses(6, "cannot open", "enable", "porter", "--image", image, "--units",
                    place / "absent")  # fmt: skip


TESTS = [
    app_without_network_is_cut_off,
    app_with_network_is_not,
    privileged_ports_get_sockets,
    what_is_no_list_of_ports_is_told,
    text_of_a_manifest_does_not_get_into_a_unit,
    credentials_are_loaded,
    files_are_opened_by_systemd,
    devices_are_let_in,
    what_is_no_file_and_not_asked_for_is_refused,
    no_path_adds_a_line_to_a_unit,
    done_again_it_follows_the_image,
    disabling_removes_what_enabling_wrote,
    wrong_ones_are_refused,
]
