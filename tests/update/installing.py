# SPDX-License-Identifier: MIT
"""Installing, trying, going back: what mpyd-update does with images, step by step."""

import itertools
import os
import shutil
import subprocess
import threading
import time

import tap
from place import DONE, FAILED, INTERNAL, LOCKED, REFUSED, UNTRUSTED, USAGE
from stock import read, same


def installed(stock, *images):
    """A machine on which each of IMAGES was installed, started and confirmed in turn."""
    machine = stock.place()
    for image in images:
        machine.run("install", image)
        machine.run("pick")
        machine.confirm()
        machine.run("pick")
    return machine


def the_first_is_tried_until_it_does_well(stock):
    machine, one = stock.place(), stock.image("1.0")
    words = ["version 1.0 is installed, to be tried"]
    machine.run("install", one, words=words)
    for boots in ("1", "2", "3"):  # there is nothing to go back to
        machine.run("pick", words=["version 1.0 is on trial"])
        tap.true(same(machine.picked(), one), "the image")
        tap.equal(machine.state()["slots"]["boots"], boots, "boots")
    tap.equal(machine.state()["slots"]["trial"], "a", "trial")


def an_update_that_is_not_confirmed_is_gone_back_from(stock):
    one, two = stock.image("1.0"), stock.image("2.0")
    machine = installed(stock, one)
    machine.run("install", two)
    tap.equal(machine.slot(), "a", "the slot before the start")
    machine.run("pick", words=["version 2.0 is on trial"])
    tap.true(same(machine.picked(), two), "the trial")
    why = "rolled back from version 2.0 to 1.0: it was never seen to be ready"
    machine.run("pick", words=[why])
    tap.true(same(machine.picked(), one), "what was before")
    state = machine.state()
    tap.equal((state["slots"]["good"], state["slots"]["trial"]), ("a", "none"), "slots")
    tap.equal((state["slots"]["event"], state["b"]["verdict"]), (why, "bad"), "state")
    tap.equal(machine.run("pick"), "", "the next start")


def a_confirmed_update_stays(stock):
    one, two, three = (stock.image(v) for v in ("1.0", "2.0", "3.0"))
    machine = installed(stock, one, two)
    tap.true(same(machine.picked(), two), "the second")
    machine.run("install", three)
    machine.run("pick")
    tap.equal(machine.slot(), "a", "the slot of the third")
    machine.run("pick", words=["rolled back from version 3.0 to 2.0"])
    tap.true(same(machine.picked(), two), "the second again")


def the_same_again_is_nothing_to_do(stock):
    one, two = stock.image("1.0"), stock.image("2.0")
    machine = installed(stock, one)
    before = machine.state()
    machine.run("install", one, words=["nothing to do", "installed already"])
    tap.equal(machine.state(), before, "state")
    machine.run("install", two)
    machine.run("install", two, words=["nothing to do", "on trial"])
    machine.run("pick")
    machine.run("pick", words=["rolled back"])
    machine.run("install", two, words=["to be tried"])  # once more is an order


def what_is_not_trusted_changes_nothing(stock):
    one = stock.image("1.0")
    machine = installed(stock, one)
    before, tree = machine.state(), sorted(os.walk(machine.images))
    folder = stock.shop.place()

    def copy(image, name="gauge"):
        path = os.path.join(folder, name + ".mpyimg")
        shutil.copy(image, path)
        if os.path.exists(image + ".minisig"):
            shutil.copy(image + ".minisig", path + ".minisig")
        return path

    changed = copy(stock.image("2.0"))
    with open(changed, "r+b") as file:
        file.seek(5000)
        file.write(b"\xff\x00\xff")
    machine.run("install", changed, status=UNTRUSTED, words=["changed after it was signed"])
    os.remove(changed + ".minisig")
    machine.run("install", changed, status=UNTRUSTED, words=["not signed"])
    theirs = copy(stock.image("2.0"))
    stock.shop.theirs.sign(theirs)
    machine.run("install", theirs, status=UNTRUSTED, words=["which is not among"])
    other = stock.shop.image("other")
    stock.shop.ours.sign(other)
    machine.run("install", other, status=REFUSED, words=["is of the app other, not gauge"])
    machine.run("install", "/nonexistent/gauge.mpyimg", status=UNTRUSTED)
    large = os.path.join(folder, "large.mpyimg")
    with open(large, "wb") as file:
        file.truncate((64 << 20) + (2 << 20))
    shutil.copy(one + ".minisig", large + ".minisig")
    machine.run("install", large, status=REFUSED, words=["larger than"])
    tap.equal(machine.state(), before, "state")
    tap.equal(sorted(os.walk(machine.images)), tree, "files")
    tap.equal(machine.run("pick"), "", "the next start")
    tap.true(same(machine.picked(), one), "the image")


def lower_counters_are_refused_with_both_numbers(stock):
    machine = installed(stock, stock.image("1.0", 3), stock.image("2.0", 5))
    tap.equal(machine.floor(), 5, "floor")
    old = stock.image("1.0", 3)
    machine.run("install", old, status=UNTRUSTED, words=["counter 3 is below 5"])
    machine.run("rollback", status=UNTRUSTED, words=["counter 3 is below 5"])
    machine.run("install", stock.image("1.1", 5))
    machine.run("pick")
    tap.equal(machine.floor(), 5, "floor")


def a_trial_raises_no_floor(stock):
    machine = installed(stock, stock.image("1.0", 3))
    machine.run("install", stock.image("2.0", 5))
    machine.run("pick")
    machine.run("pick", words=["rolled back from version 2.0"])
    tap.equal(machine.floor(), 3, "floor")
    tap.true(same(machine.picked(), stock.image("1.0", 3)), "the image")


def rolling_back_goes_to_what_was_good(stock):
    one, two, three = (stock.image(v) for v in ("1.0", "2.0", "3.0"))
    machine = installed(stock, one)
    machine.run("rollback", status=FAILED, words=["no image to go back to"])
    machine = installed(stock, one, two)
    machine.run("rollback", words=["rolled back from version 2.0 to 1.0: as asked for"])
    machine.run("pick")
    tap.true(same(machine.picked(), one), "the first")
    machine.run("rollback")
    machine.run("install", three)
    machine.run("pick")
    machine.run("rollback", words=["rolled back from version 3.0 to 2.0: as asked for"])
    machine.run("rollback", status=FAILED, words=["no image to go back to"])  # 1.0 was overwritten
    machine.run("pick")
    tap.true(same(machine.picked(), two), "the second")


def what_came_with_a_package_runs_and_is_gone_back_to(stock):
    one, two = stock.image("1.0"), stock.image("2.0")
    machine = stock.place()
    machine.run("pick", status=REFUSED, words=["no image that could be started", "mpyctl install"])
    os.mkdir(machine.vendor)
    for name in ("gauge.mpyimg", "gauge.mpyimg.minisig"):
        shutil.copy(os.path.join(os.path.dirname(one), name), machine.vendor)
    machine.run("pick")
    tap.equal(machine.slot(), "vendor", "slot")
    tap.true(not os.path.exists(machine.images), "nothing was installed")
    machine.run("install", two)
    machine.run("pick")
    tap.true(same(machine.picked(), two), "the update")
    machine.run("pick", words=["rolled back from version 2.0 to 1.0"])
    tap.equal(machine.slot(), "vendor", "slot")


def a_package_that_installs_its_image_is_like_anybody(stock):
    """The vendor's file and the installed one are the same: the next package replaces the one."""
    one, two = stock.image("1.0"), stock.image("2.0")
    machine = stock.place()
    os.mkdir(machine.vendor)
    for image in (one, two):
        for name in ("gauge.mpyimg", "gauge.mpyimg.minisig"):
            shutil.copy(os.path.join(os.path.dirname(image), name), machine.vendor)
        machine.run("install", os.path.join(machine.vendor, "gauge.mpyimg"))
        machine.run("pick")
        tap.true(same(machine.picked(), image), "the trial")
        if image is one:
            machine.confirm()
    machine.run("pick", words=["rolled back from version 2.0 to 1.0"])
    tap.true(same(machine.picked(), one), "the first")


def a_damaged_image_is_not_started(stock):
    one, two = stock.image("1.0"), stock.image("2.0")
    machine = installed(stock, one, two)
    with open(machine.picked(), "r+b") as file:
        file.write(b"\0\0\0\0")
    words = ["changed after it was signed", "the good image (b) cannot be started, the one of a"]
    machine.run("pick", words=words)
    tap.true(same(machine.picked(), one), "the other")
    os.remove(machine.picked())
    machine.run("pick", status=REFUSED, words=["no image that could be started"])
    machine.run("install", stock.image("3.0"))
    machine.run("pick")
    tap.true(same(machine.picked(), stock.image("3.0")), "the third")


def a_damaged_image_is_mended_by_itself_again(stock):
    one = stock.image("1.0")
    machine = installed(stock, one)
    with open(machine.picked(), "r+b") as file:
        file.write(b"\0\0\0\0")
    machine.run("pick", status=REFUSED, words=["no image that could be started"])
    machine.run("install", one, words=["version 1.0 is installed"])
    machine.run("pick")
    tap.true(same(machine.picked(), one), "the image")


def a_damaged_state_leaves_a_sound_image(stock):
    one, two = stock.image("1.0"), stock.image("2.0")
    machine = installed(stock, one, two)
    for text in ("", "\0\0\0\0", "[slots]\ngood = c\n", "[slots]\ngood = a\n"):
        machine.write_state(text)
        machine.run("pick", words=["state:", "goes by the images that are there"])
        tap.true(same(machine.picked(), two), f"the image after {text!r}")
    machine.run("install", stock.image("3.0"))
    machine.run("pick")
    machine.run("pick", words=["rolled back from version 3.0"])
    tap.true(same(machine.picked(), two), "the second")


def what_is_encrypted_needs_its_key(stock):
    one = stock.image("1.0")
    two, key = stock.encrypted("2.0")
    machine = installed(stock, one)
    machine.run("install", two, status=LOCKED, words=["locked"])
    machine.run("install", two, f"--key-file={key}")
    machine.run("pick", words=["locked"])  # mpyd says so too, and that is no fault of the image
    tap.true(same(machine.picked(), two), "the trial")


def leftovers_of_a_command_that_was_cut_off_are_in_nobodys_way(stock):
    one = stock.image("1.0")
    machine = installed(stock, one)
    app = os.path.join(machine.images, "gauge")
    os.makedirs(os.path.join(app, "new"), 0o700)
    for path in ("new/gauge.mpyimg", "new/gauge.mpyimg.minisig", ".state.new", "b/gauge.mpyimg"):
        os.makedirs(os.path.dirname(os.path.join(app, path)), exist_ok=True)
        with open(os.path.join(app, path), "wb") as file:
            file.write(b"half")
    os.symlink("/nonexistent", os.path.join(machine.links, ".gauge.new"))
    two = stock.image("2.0")
    machine.run("install", two)
    machine.run("pick")
    tap.true(same(machine.picked(), two), "the update")
    tap.equal(sorted(os.listdir(app)), ["a", "b", "state"], "files")


def a_full_disk_changes_nothing(stock):
    """No room at all, for half of an image, and for an image but not for the state behind it."""
    if os.getuid() != 0:
        raise tap.Skip("not root: cannot mount a small disk")
    one, two = stock.image("1.0"), stock.image("2.0")
    pages = -(-len(read(two)) // 4096) + 1  # and the signature
    for room in (0, pages // 2, pages):
        machine = installed(stock, one)
        script = f"""
        cp -a {machine.images} {machine.root}/kept &&
            mount -t tmpfs -o size=4m none {machine.images} &&
            cp -a {machine.root}/kept/. {machine.images} || exit 50
        head -c {room * 4096} /dev/zero >{machine.images}/room
        cat /dev/zero >{machine.images}/fill 2>/dev/null
        rm {machine.images}/room
        before=$(cat {machine.images}/gauge/state)
        {" ".join(machine.command("install", two))}
        [ $? = {INTERNAL} ] || exit 51
        [ "$before" = "$(cat {machine.images}/gauge/state)" ] || exit 52
        [ "$(ls -A {machine.images}/gauge)" = "$(printf 'a\\nstate')" ] || exit 53
        {" ".join(machine.command("pick"))} || exit 54
        cmp {machine.picked()} {one} || exit 55
        rm {machine.images}/fill
        {" ".join(machine.command("install", two))} || exit 56
        """
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=60
        )
        tap.equal(done.returncode, 0, f"room for {room} pages: {done.stdout + done.stderr}")
        tap.true("No space left on device" in done.stderr, done.stderr)


def installs_at_once_wait_for_each_other(stock):
    images = [stock.image(v) for v in ("1.0", "2.0", "3.0")]
    machine = stock.place()
    for _ in range(3):
        running = [
            subprocess.Popen(machine.command("install", image), stderr=subprocess.DEVNULL)
            for image in images * 2
        ]
        tap.equal([process.wait(60) for process in running], [DONE] * len(running), "exit statuses")
        machine.run("pick")
        tap.true(any(same(machine.picked(), image) for image in images), "a whole image")
        if machine.state()["slots"]["trial"] != "none":
            machine.confirm()


def requests_are_done_and_removed(stock):
    one, two = stock.image("1.0"), stock.image("2.0")
    machine = stock.place()
    machine.run("request", status=USAGE, words=["nothing is to be done"])
    box = os.path.join(machine.incoming, "gauge")
    os.makedirs(box)
    for image in (one, two):
        for name in ("gauge.mpyimg", "gauge.mpyimg.minisig"):
            shutil.copy(os.path.join(os.path.dirname(image), name), box)
        machine.run("request", words=["is installed"])
        tap.equal(os.listdir(box), [], "what is left")
        machine.run("pick")
        tap.true(same(machine.picked(), image), "the image")
        machine.confirm()
    with open(os.path.join(box, "rollback"), "w", encoding="ascii"):
        pass
    machine.run("request", words=["as asked for"])
    tap.equal(os.listdir(box), [], "what is left")
    with open(os.path.join(box, "gauge.mpyimg"), "wb") as file:
        file.write(b"junk")
    machine.run("request", status=UNTRUSTED, words=["not signed"])
    tap.equal(os.listdir(box), [], "what is left")


def an_image_that_changes_meanwhile_is_refused_or_whole(stock):
    one, two, three = (stock.image(v) for v in ("1.0", "2.0", "3.0"))
    machine = installed(stock, one)
    path = os.path.join(stock.shop.place(), "gauge.mpyimg")
    pairs = [(read(image), read(image + ".minisig")) for image in (two, three)]
    stopped = threading.Event()

    def change():
        """In place, image and signature one after the other: most of the time they do not fit."""
        for image, signature in itertools.cycle(pairs):
            if stopped.is_set():
                return
            for name, content in ((path, image), (path + ".minisig", signature)):
                with open(name, "r+b" if os.path.exists(name) else "wb") as file:
                    file.write(content)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        wait_for_files(path, path + ".minisig")
        for _ in range(25):
            done = subprocess.run(machine.command("install", path), capture_output=True)
            tap.true(done.returncode in (DONE, REFUSED, UNTRUSTED), f"{done}")
            machine.run("pick")
            tap.true(any(same(machine.picked(), i) for i in (one, two, three)), "a whole image")
            machine.run("pick")
            tap.true(same(machine.picked(), one), "what is good")
    finally:
        stopped.set()
        changing.join()


def wait_for_files(*paths):
    while not all(os.path.exists(path) for path in paths):
        time.sleep(0.01)


def what_is_left_to_be_installed_may_be_anything(stock):
    """Whoever may leave it there may not read with the eyes of root, nor hold it up."""
    one = stock.image("1.0")
    machine = installed(stock, one)
    secret = os.path.join(stock.shop.place(), "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write("hush")
    os.chmod(secret, 0o600)
    box = os.path.join(machine.incoming, "gauge")
    for make in (
        lambda path: os.symlink(secret, path),
        lambda path: os.symlink("/dev/zero", path),
        lambda path: os.symlink("/nonexistent", path),
        os.mkfifo,
        os.mkdir,
    ):
        for bad in ("gauge.mpyimg", "gauge.mpyimg.minisig"):
            os.makedirs(box)
            for name in ("gauge.mpyimg", "gauge.mpyimg.minisig"):
                if name == bad:
                    make(os.path.join(box, name))
                else:
                    shutil.copy(os.path.join(os.path.dirname(one), name), box)
            command = machine.command("request")
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            refused = (USAGE, REFUSED, UNTRUSTED)
            tap.true(done.returncode in refused, f"{bad}: {done.returncode} {done.stderr}")
            tap.true("hush" not in done.stderr, done.stderr)
            shutil.rmtree(box)
    tap.equal(sorted(os.listdir(os.path.join(machine.images, "gauge"))), ["a", "state"], "files")
    tap.equal(machine.run("pick"), "", "the next start")


def what_is_left_to_be_installed_leads_nowhere_else(stock):
    """In place of the app's directory is a link to one that they may not write to."""
    one = stock.image("1.0")
    machine = installed(stock, one)
    os.makedirs(machine.incoming)
    box, slot = os.path.join(machine.incoming, "gauge"), os.path.join(machine.images, "gauge", "a")
    os.symlink(slot, box)
    machine.run("request", status=USAGE, words=["a link or a file, not the directory"])
    tap.true(same(machine.picked(), one), "the image that was good")
    os.remove(box)
    with open(box, "w", encoding="ascii"):
        pass
    machine.run("request", status=USAGE, words=["a link or a file, not the directory"])


def bad_command_lines_are_told(stock):
    machine = stock.place()
    for arguments, word in (
        ([], "no verb"),
        (["pick"], "an operand is missing"),
        (["pick", "gauge", "more"], "too many"),
        (["install", "gauge"], "an operand is missing"),
        (["sell", "gauge"], "unknown verb"),
        (["pick", "../gauge"], "no name of an app"),
        (["pick", "gauge", "--sell"], "unknown option"),
        (["pick", "gauge", "--run"], "missing value"),
    ):
        done = subprocess.run([machine.program, *arguments], capture_output=True, text=True)
        tap.equal(done.returncode, USAGE, f"{arguments}: {done.stderr}")
        tap.equal(len(done.stderr.splitlines()), 1, done.stderr)
        tap.true(word in done.stderr, done.stderr)
    for option in ("--help", "--version"):
        done = subprocess.run([machine.program, option], capture_output=True, text=True)
        tap.equal((done.returncode, done.stderr), (DONE, ""), option)
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([machine.program, "--help"], stdout=full)
    tap.equal(done.returncode, INTERNAL, "a full disk")


TESTS = [
    the_first_is_tried_until_it_does_well,
    an_update_that_is_not_confirmed_is_gone_back_from,
    a_confirmed_update_stays,
    the_same_again_is_nothing_to_do,
    what_is_not_trusted_changes_nothing,
    lower_counters_are_refused_with_both_numbers,
    a_trial_raises_no_floor,
    rolling_back_goes_to_what_was_good,
    what_came_with_a_package_runs_and_is_gone_back_to,
    a_package_that_installs_its_image_is_like_anybody,
    a_damaged_image_is_not_started,
    a_damaged_image_is_mended_by_itself_again,
    a_damaged_state_leaves_a_sound_image,
    what_is_encrypted_needs_its_key,
    leftovers_of_a_command_that_was_cut_off_are_in_nobodys_way,
    a_full_disk_changes_nothing,
    installs_at_once_wait_for_each_other,
    requests_are_done_and_removed,
    an_image_that_changes_meanwhile_is_refused_or_whole,
    what_is_left_to_be_installed_may_be_anything,
    what_is_left_to_be_installed_leads_nowhere_else,
    bad_command_lines_are_told,
]
