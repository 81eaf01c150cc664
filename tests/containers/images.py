# SPDX-License-Identifier: MIT
"""The images that containers/build makes: what is in them, that they are the same each time, that they
run by their own command line, under crun and as the Kubernetes manifest says under podman."""

import glob
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import tarfile
import time

import container
import stage
import tap
import yaml

MANIFEST = os.path.join(stage.SOURCE, "containers/kubernetes/meterd.yaml")
DEMO = os.path.join(stage.SOURCE, "frozen/demo")
LARGEST = 10 << 20  # bytes, unpacked and built for debugging
LARGEST_PACKAGED = 5 << 20
STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{0}/storage"\nrunroot = "{0}/run"\n'
ENGINE = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
"""


# -- building ------------------------------------------------------------------------------------


def engine(at):
    """Has buildah and podman keep all they have in a folder of the tests. Returns it."""
    if not hasattr(at, "engine"):
        at.engine = at.containers.folder("engine")
        for name, text in (("STORAGE", STORAGE.format(at.engine)), ("", ENGINE)):
            path = os.path.join(at.engine, f"{name or 'containers'}.conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.environ["CONTAINERS_STORAGE_CONF" if name else "CONTAINERS_CONF"] = path
    return at.engine


def meterd(at):
    """A folder as containers/meterd, with what a vendor puts there: the demo, open to the network."""
    if hasattr(at, "meterd"):
        return at.meterd
    at.meterd = at.containers.folder("meterd")
    for name in os.listdir(os.path.join(stage.SOURCE, "containers/meterd")):
        shutil.copy(os.path.join(stage.SOURCE, "containers/meterd", name), at.meterd)
    app = shutil.copytree(DEMO, at.containers.folder("source") + "/meterd")
    path = os.path.join(app, "mpyd.toml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for pattern, line in (("(?m)^listen = .*", 'listen = ["tcp:*:8080"]'),
                          ("(?m)^entry = .*", 'entry = "main"\narguments = ["0.0.0.0"]')):
        text, n = re.subn(pattern, line, text)
        tap.equal(n, 1, pattern)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    image = os.path.join(at.meterd, "meterd.mpyimg")
    subprocess.run([*at.mpyfreeze, "build", app, "-o", image], check=True, timeout=120)
    at.sign(image)
    shutil.copy(os.path.join(at.keys, "vendor.key"), os.path.join(at.meterd, "meterd.key"))
    return at.meterd


def layouts(at):
    """The folder of OCI layouts, mpyd and meterd, built once."""
    if not hasattr(at, "layouts"):
        engine(at)
        at.layouts = at.containers.folder("layouts")
        done = at.tool("build", "-o", at.layouts, meterd(at))
        tap.equal(done.returncode, 0, done.stdout)
    return at.layouts


def blob(layout, digest):
    path = os.path.join(layout, "blobs", *digest.split(":"))
    with open(path, "rb") as file:
        data = file.read()
    tap.equal(hashlib.sha256(data).hexdigest(), digest.split(":")[1], "digest")
    return data


def opened(layout):
    """Configuration and layers, as archives, of the image in LAYOUT."""
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
        manifest = json.loads(blob(layout, json.load(file)["manifests"][0]["digest"]))
    config = json.loads(blob(layout, manifest["config"]["digest"]))["config"]
    paths = [os.path.join(layout, "blobs", *layer["digest"].split(":")) for layer in manifest["layers"]]
    return config, paths


def members(layout):
    found = {}
    for path in opened(layout)[1]:
        with tarfile.open(path) as archive:
            found.update({member.name: member for member in archive})
    return found


# -- tests ---------------------------------------------------------------------------------------


def the_image_has_two_programs_and_what_they_need(at):
    found = members(os.path.join(layouts(at), "mpyd"))
    programs = {name for name, member in found.items() if member.isfile() and member.mode & 0o111}
    tap.true({"usr/bin/mpyd", "usr/bin/mpyctl"} < programs, programs)
    tap.true(all(re.match(r"lib(64)?/ld-linux", name) for name in programs
                 - {"usr/bin/mpyd", "usr/bin/mpyctl"}), f"others: {programs}")
    for name, member in found.items():
        tap.true(not member.mode & 0o6000, f"set-id: {name}")
        tap.true(member.isdir() or member.isfile(), f"neither file nor folder: {name}")
        tap.true(not member.mode & 0o022 or name in ("run", "tmp"), f"others can write: {name}")
        tap.equal(member.uid, container.ID if name in ("run", "state") else 0, f"owner of {name}")
        tap.equal(member.mtime, 0, f"time of {name}")
    tap.true(sum(member.size for member in found.values()) < LARGEST, "it is too large")
    if os.path.exists("/usr/share/doc/libc6/copyright"):  # a system without documentation has none
        tap.true("usr/share/doc/libc6/copyright" in found, "no copyright file")


def the_image_says_how_it_is_run(at):
    base, app = (opened(os.path.join(layouts(at), name))[0] for name in ("mpyd", "meterd"))
    tap.equal(base["Entrypoint"], ["/usr/bin/mpyd", "run"], "entry point")
    for config in (base, app):
        tap.equal(config["User"], f"{container.ID}:{container.ID}", "user")
        tap.true("XDG_RUNTIME_DIR=/run" in config["Env"], config["Env"])
        tap.equal(config.get("StopSignal"), "SIGTERM", "stop signal")
    tap.true("8080/tcp" in app["ExposedPorts"], app)


def the_same_input_gives_the_same_bytes(at):
    again = at.containers.folder("again")
    first = layouts(at)
    done = at.tool("build", "-o", again, meterd(at))
    tap.equal(done.returncode, 0, done.stdout)
    for name in ("mpyd", "meterd"):
        texts = []
        for folder in (first, again):
            with open(os.path.join(folder, name, "index.json"), encoding="utf-8") as file:
                texts.append(file.read())
        tap.equal(texts[0], texts[1], name)


def the_image_runs_by_its_own_command_line(at):
    config, archives = opened(os.path.join(layouts(at), "meterd"))
    root = at.containers.folder("root")
    for path in archives:
        subprocess.run(["tar", "-C", root, "--numeric-owner", "-xpzf", path], check=True)
    state = at.containers.folder("state", (container.ID, container.ID))
    running = at.apps.follow(at.containers.start(
        root, config["Entrypoint"] + config["Cmd"], mounts=[container.bind(state, "/state")]))
    running.wait_line(r"^meterd: listening on http://0\.0\.0\.0:8080")
    answer = subprocess.run(["nsenter", "--net", "-t", str(running.first()), "curl", "-sS",
                             "http://127.0.0.1:8080/stats"], stdout=subprocess.PIPE, check=True, timeout=30)
    tap.equal(json.loads(answer.stdout)["total"], 0, "readings")
    tap.equal(running.execute("/usr/bin/mpyctl", "status", "--probe", "meterd"), (0, ""), "probe")
    running.signal("TERM")
    tap.equal(running.wait(), 0, running.output())
    tap.true("goodbye" in running.output(), running.output())


def podman(*arguments, timeout=60):
    return subprocess.run(["podman", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=timeout)


def playable(path):
    """The manifest for podman, as JSON in PATH: without the port, which would take a network, with the
    image from where it was built, and without probes, which it has systemd make. Returns these."""
    with open(MANIFEST, encoding="utf-8") as file:
        documents = list(yaml.safe_load_all(file))
    inner = next(each for each in documents if each["kind"] == "Deployment")["spec"]["template"]["spec"]
    first = inner["containers"][0]
    del first["ports"]
    first.update(image="localhost/meterd:latest", imagePullPolicy="Never")
    probes = {name: first.pop(name)["exec"]["command"]
              for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n---\n".join(json.dumps(each) for each in documents))
    return probes


def podman_plays_the_kubernetes_manifest(at):
    layouts(at)
    path = os.path.join(engine(at), "meterd.yaml")
    probes = playable(path)
    try:
        done = podman("kube", "play", "--network=none", path)
        tap.equal(done.returncode, 0, done.stderr)
        listed = podman("ps", "-a", "--format={{.Names}}").stdout.split()
        names = [name for name in listed if name.endswith("-meterd")]
        tap.equal(len(names), 1, f"containers {listed}: {done.stderr}")
        is_restricted(names[0])
        probed(names[0], probes)
        podman("stop", names[0])
        tap.equal(podman("inspect", "--format={{.State.ExitCode}}", names[0]).stdout, "0\n", "exit status")
    finally:
        podman("kube", "down", path)


def is_restricted(name):
    """Or podman made less of the manifest than there is in it."""
    inspected = json.loads(podman("inspect", name).stdout)[0]
    tap.equal(inspected["EffectiveCaps"] or [], [], "capabilities")
    tap.true(inspected["HostConfig"]["ReadonlyRootfs"], "its root can be written")
    tap.true("no-new-privileges" in inspected["HostConfig"]["SecurityOpt"], inspected["HostConfig"])


def probed(name, probes):
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        end = time.monotonic() + 30
        while podman("exec", name, *probes[probe]).returncode != 0:
            tap.true(time.monotonic() < end, f'{probe}: {podman("logs", name)}')


def the_packages_programs_do_as_well(at):
    """In a container as in the package's root, whatever was built here."""
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    packages = os.environ.get("MPYD_PACKAGES") or os.path.join(stage.SOURCE, "build/packages")
    found = glob.glob(os.path.join(packages, suite, "mpyd_*.deb"))
    if len(found) != 1:
        raise tap.Skip(f"{packages} has no package mpyd of {suite or 'this system'}")
    package, root = at.containers.folder("package"), at.containers.folder("root")
    subprocess.run(["dpkg-deb", "-x", found[0], package], check=True)
    line = [os.path.join(stage.SOURCE, "containers/make-root"), root]
    for name in ("mpyd", "mpyctl"):
        line += ["--program", f"{package}/usr/bin/{name}"]
    subprocess.run(line, check=True)
    running = at.apps.follow(at.containers.start(root, ["/usr/bin/mpyd", "layers"], "namespaces"))
    tap.equal(running.wait(), 0, running.output())
    size = sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(root)
               for name in names)
    tap.true(size < LARGEST_PACKAGED, f"{size} bytes")


def compiled(folder, name, *options):
    """A program of that NAME that does nothing, linked with OPTIONS."""
    program = os.path.join(folder, name)
    subprocess.run(["gcc", "-o", program, "-x", "c", "-", "-x", "none", "-Wl,--no-as-needed", *options],
                   input="int main(void) { return 0; }", text=True, check=True)
    return program


def what_programs_ask_for_stays_in_the_root_directory(at):
    """Loaders and libraries by paths that lead elsewhere; links of a system that lead out of it."""
    place = at.containers.folder("place")
    system, outside, programs = (os.path.join(place, name) for name in ("system", "outside", "programs"))
    for folder in (f"{system}/usr/bin", f"{outside}/lib64", f"{place}/out", f"{programs}/library"):
        os.makedirs(folder)
    os.symlink(f"{outside}/lib64", f"{system}/lib64")
    shutil.copy("/lib64/ld-linux-x86-64.so.2", f"{outside}/lib64")
    mpyctl = compiled(programs, "mpyctl", "-static")
    library = compiled(f"{programs}/library", "path.so", "-shared", "-Wl,-soname,../../../path.so")
    for options, said in ((["-Wl,--dynamic-linker=/../../escaped/ld.so"], "a loader by a path"),
                          ([library], "libraries by their paths"),
                          ([], "no loader")):
        mpyd = compiled(programs, "mpyd", *options)
        out = f"{place}/out/{len(os.listdir(place + '/out'))}"
        done = subprocess.run([os.path.join(stage.SOURCE, "containers/make-root"), out, "--from", system,
                               "--program", mpyd, "--program", mpyctl], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)  # fmt: skip
        tap.equal((done.returncode, len(done.stdout.splitlines())), (1, 1), done.stdout)
        tap.true(said in done.stdout, f"{said!r} is not in {done.stdout!r}")
        tap.equal(os.listdir(out), ["usr"])
    tap.equal(sorted(os.listdir(place)), ["out", "outside", "programs", "system"])


TESTS = [
    the_image_has_two_programs_and_what_they_need,
    the_image_says_how_it_is_run,
    the_same_input_gives_the_same_bytes,
    the_image_runs_by_its_own_command_line,
    podman_plays_the_kubernetes_manifest,
    the_packages_programs_do_as_well,
    what_programs_ask_for_stays_in_the_root_directory,
]
