# SPDX-License-Identifier: MIT
"""mpyctl enable and disable: the files that give a unit what its image is granted. That systemd
takes them is for tests/nspawn."""

import os

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
    done_again_it_follows_the_image,
    disabling_removes_what_enabling_wrote,
    wrong_ones_are_refused,
]
