# SPDX-License-Identifier: MIT
"""Entries of the journal: whose fields they are, and what becomes of them while it is down or stuck."""

import json
import subprocess
import time

import apps as small
import journal
import tap

FIELDS = {"MESSAGE", "PRIORITY", "LEVEL", "SYSLOG_IDENTIFIER", "APP", "IMAGE", "CALL",
          "MESSAGE_ID", "KIND", "GENERATION", "REPORT"}
CRASH = "dde119cfdddb4c1b93ea7869dec9992c"
DROPPED = "64abbf94c552424fb3b8657f11a49688"

TALKING = """\
import calls, sys
print("said")
print("wrong", file=sys.stderr)
for level in range(8):
    calls.log_write(level, "at level %d" % level)
"""
FORGING = r"""
import calls
texts = ["a\nPRIORITY=0\nAPP=root", "\nMESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00hello\n", "\n\n\n",
         "MESSAGE_ID=dde119cfdddb4c1b93ea7869dec9992c", "_UID=0", "x\rAPP=root", "\x1b[2J\x9b",
         "forging: started, generation 9, version 9, image 0000000000000000", "=", "=\x01" * 900,
         "\u2028APP=root\u202e", "y" * 4000]
for text in texts:
    calls.log_write(6, text.replace("\x00", "0"))
    print(text)
print("the end")
"""
CHATTY = """\
import time
n = 0
while True:
    print("line", n)
    n += 1
    time.sleep_ms(1)
"""
FAST = small.QUICK + "[limits]\nlog_rate = 10000\n"
MANIFEST = "[limits]\nlog_rate = 10000\n"


class Running:
    def __init__(self, apps, played, image, config=small.NO_RESTART):
        command = played.command(apps.command(image, config))
        self.played = played
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=played.stderr)
        apps.follow(self)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.played.close()

    def wait(self):
        return self.process.wait(30)

    def stop(self):
        begin = time.monotonic()
        self.process.terminate()
        tap.equal(self.wait(), 0, "exit status")
        # Its deadlines are 0.8 s together, and what is left to say may wait for half a second.
        tap.true(time.monotonic() - begin < 5, f"took {time.monotonic() - begin} s to stop")


class Heard:
    """What came of a run to its end: entries, as lists of fields, and their messages."""

    def __init__(self, apps, image, config=small.NO_RESTART, status=0, last="ended"):
        played = journal.Journal()
        running = Running(apps, played, image, config)
        tap.equal(running.wait(), status, f"exit status: {played.entries} {played.lines}")
        played.wait_entry(last)
        tap.equal(played.lines, b"", "lines on standard error")
        self.entries = played.entries
        self.texts = [entry[0][1] for entry in self.entries]


def entry_has_the_fields_of_who_speaks(apps):
    heard = Heard(apps, apps.image("talking", TALKING))
    entries = [dict(entry) for entry in heard.entries]
    started = next(entry for entry in entries if "started, generation 1" in entry["MESSAGE"])
    image = started["MESSAGE"].rpartition(" ")[2]
    tap.equal(started, {"MESSAGE": f"talking: started, generation 1, version 1, image {image}",
                        "PRIORITY": "6", "LEVEL": "info", "SYSLOG_IDENTIFIER": "mpyd",
                        "APP": "talking", "IMAGE": image}, "started")
    own = [entry for entry in entries if entry["MESSAGE"].startswith("talking> ")]
    common = {"SYSLOG_IDENTIFIER": "mpyd", "APP": "talking", "IMAGE": image, "CALL": "log.write"}
    levels = ["emerg", "alert", "crit", "err", "warning", "notice", "info"]
    said = [("said", 6, "info"), ("wrong", 3, "err")]
    said += [(f"at level {n}", n, word) for n, word in enumerate(levels)]
    tap.equal(own, [{"MESSAGE": f"talking> {text}", "PRIORITY": str(n), "LEVEL": word, **common}
                    for text, n, word in said], "what the app said, but for what is of debugging")


def is_ours(entry, app):
    """Every field once, and those of the supervisor what it says."""
    names = [name for name, _ in entry]
    tap.equal(sorted(set(names)), sorted(names), f"fields twice: {entry}")
    tap.true(set(names) <= FIELDS, f"fields: {entry}")
    fields = dict(entry)
    tap.equal((fields["SYSLOG_IDENTIFIER"], fields["APP"]), ("mpyd", app), f"{entry}")
    tap.true(fields["MESSAGE"].isprintable(), f"{entry}")
    tap.true(fields["PRIORITY"] in "3456", f"{entry}")
    own = fields["MESSAGE"].startswith(f"{app}> ")
    tap.equal(fields.get("CALL") == "log.write", own, f"who speaks: {entry}")


def no_text_makes_a_field(apps):
    config = small.NO_RESTART + "[limits]\nlog_rate = 10000\n"
    heard = Heard(apps, apps.image("forging", FORGING, MANIFEST), config)
    for entry in heard.entries:
        is_ours(entry, "forging")
    tap.equal(sum("started, generation 9" in text for text in heard.texts), 2, "said by the app")
    tap.equal(sum(text.startswith("forging: started") for text in heard.texts), 1, "and by mpyd")
    tap.true("forging> the end" in heard.texts, "all was said")
    for entry in Heard(apps, apps.attack("escapes")).entries:
        is_ours(entry, "escapes")


def crash_has_its_id_and_report(apps):
    image = apps.image("crashing", "def f():\n    1 // 0\nf()\n")
    played = journal.Journal()
    running = Running(apps, played, image)
    tap.equal(running.wait(), 1, "exit status")
    crash = played.wait_entry("uncaught exception")
    tap.equal((crash["MESSAGE_ID"], crash["KIND"], crash["GENERATION"], crash["LEVEL"]),
              (CRASH, "exception", "1", "err"), "fields")
    report = json.loads(crash["REPORT"])
    tap.equal(report["traceback"][-1], "ZeroDivisionError: divide by zero", f"{report}")
    tap.equal(report["image"], crash["IMAGE"], "image")


def what_was_dropped_is_counted(apps):
    image = apps.image("flooding", "for n in range(1000):\n    print(n)\n")
    config = small.NO_RESTART + "[limits]\nlog_rate = 10\n"
    heard = Heard(apps, image, config)
    dropped = [text for text in heard.texts if "log messages dropped" in text]
    for entry in map(dict, heard.entries):
        tap.equal(entry["MESSAGE"] in dropped, entry.get("MESSAGE_ID") == DROPPED, f"{entry}")
    said = sum(text.startswith("flooding> ") for text in heard.texts)
    tap.equal(sum(int(text.split()[1]) for text in dropped) + said, 1000, f"{dropped}")
    tap.true(said < 500, f"{said} came through")


def journal_that_goes_leaves_lines_and_is_found_again(apps):
    played = journal.Journal()
    running = Running(apps, played, apps.image("counting", CHATTY, MANIFEST), FAST)
    played.wait_entry("counting> line 5")
    played.stop()
    played.wait(lambda: b"<6>counting> line" in played.lines)
    del played.entries[:]
    played.start()
    played.wait_entry("counting> line")
    running.stop()


def journal_that_is_stuck_delays_nothing(apps):
    """It takes no entry, and nobody reads its stream either."""
    played = journal.Journal()
    running = Running(apps, played, apps.image("counting", CHATTY, MANIFEST), FAST)
    played.wait_entry("counting> line 5")
    played.pause()
    time.sleep(1.5)  # more than socket, stream and queue hold
    running.stop()


TESTS = [
    entry_has_the_fields_of_who_speaks,
    no_text_makes_a_field,
    crash_has_its_id_and_report,
    what_was_dropped_is_counted,
    journal_that_goes_leaves_lines_and_is_found_again,
    journal_that_is_stuck_delays_nothing,
]
