# SPDX-License-Identifier: MIT
"""Verbs that look on: trace, metrics, top, policy explain."""

import json
import re
import shutil
import signal
import subprocess

import openmetrics
import tap
from fake_app import END, WAIT
from steering import app

ENV = {"TZ": "UTC"}


def call(name, arguments="", result=0, error=None, nsec=12_000, generation=1):
    return {"dropped": 0, "call": {
        "time_usec": 1_700_000_000_123_456, "generation": generation, "name": name,
        "arguments": arguments, "result": None if error else result, "error": error,
        "duration_nsec": nsec}}


START = {"call": None, "dropped": 0}
CALLS = [
    START,
    call("socket.open", "inet, stream", 3),
    call("socket.recv", "3, 512 bytes", error="EAGAIN", nsec=1_500),
    call("channel.wait", "1, -1", 1, nsec=None),
    call("log.write", 'info, "a\x1b[31m\n"', 0),
    call("socket.send", "3, 5 bytes", 5, generation=2, nsec=2_000_000),
]


def traced(program, *arguments, calls=CALLS, status=9):
    """What mpyctl trace prints, and what it asked for; the app ends after CALLS."""
    with app(program, Trace=[*calls, END]) as (fake, ask):
        ask.environment.update(ENV)
        done = ask.run("trace", "meterd", *arguments)
        tap.equal(done.returncode, status, done.stderr)
        method, asked, more = fake.asked[-1]
        tap.equal((method, more), ("Trace", True), "asks for more")
        return done.stdout.splitlines(), asked, done.stderr


# -- trace ---------------------------------------------------------------------------------------


def calls_as_strace_has_them(program):
    lines, asked, _ = traced(program)
    tap.equal(asked, {}, "no filter")
    tap.equal(lines, [
        "22:13:20.123456 socket.open(inet, stream) = 3 <0.000012>",
        "22:13:20.123456 socket.recv(3, 512 bytes) = EAGAIN <0.000002>",
        "22:13:20.123456 channel.wait(1, -1) = 1 <?>",
        '22:13:20.123456 log.write(info, "a\\x1b[31m',
        "--- worker 2 ---",
        "22:13:20.123456 socket.send(3, 5 bytes) = 5 <0.002000>",
    ], "lines")


def filters_are_the_app_s(program):
    _, asked, _ = traced(program, "--group", "socket,log", "-c", "name.resolve", "--failed",
                         "-e", "EAGAIN,EPIPE")
    tap.equal(asked, {"groups": ["socket", "log"], "calls": ["name.resolve"], "failed": True,
                      "errors": ["EAGAIN", "EPIPE"]}, "filters")


def trace_ends_after_a_count(program):
    lines, _, said = traced(program, "--count", "2", status=0)
    tap.equal((len(lines), said), (2, ""), "two, and no complaint")
    program.refuses(2, "--count 0", "trace", "meterd", "--count", "0")


def missing_calls_are_told(program):
    _, _, said = traced(program, calls=[START, {**call("clock.read"), "dropped": 7}])
    tap.true("7 calls were not read in time" in said, said)


def trace_as_json(program):
    lines, _, _ = traced(program, "--json")
    tap.equal([json.loads(line) for line in lines], [c["call"] for c in CALLS[1:]], "one a line")


def summary_of_a_trace(program):
    lines, _, _ = traced(program, "--summary", calls=CALLS + [call("socket.send", "", 5)])
    tap.equal(lines[0].split(),
              ["%", "TIME", "SECONDS", "US/CALL", "LONGEST", "CALLS", "ERRORS", "CALL"], "heading")
    rows = [line.split() for line in lines[1:]]
    tap.equal([row[-1] for row in rows],
              ["socket.send", "log.write", "socket.open", "socket.recv", "channel.wait", "total"], "by time")
    tap.equal(rows[0][1:], ["0.002012", "1006.0", "2000.0", "2", "0", "socket.send"], "send")
    tap.equal(rows[3][5], "1", "an error")
    tap.equal(rows[5][4:6], ["6", "1"], "all")


def trace_until_it_is_left(program):
    """By Ctrl-C, or because nobody reads it any more: `mpyctl trace APP | head -1`."""
    with app(program, Trace=[*CALLS, WAIT]) as (_, ask):
        for leave in ("interrupt", "close"):
            process = subprocess.Popen([program.mpyctl, "trace", "meterd"], env=ask.environment,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            tap.true("socket.open" in process.stdout.readline(), "it runs")
            if leave == "interrupt":
                process.send_signal(signal.SIGINT)
            else:
                process.stdout.close()
            tap.true(process.wait(10) in (0, -signal.SIGPIPE), f"{leave}: {process.returncode}")
            tap.equal(process.stderr.read(), "", leave)
            process.stderr.close()
            process.stdout.close()


# -- metrics -------------------------------------------------------------------------------------


def family(name, kind, help, *samples, unit=""):
    return {"name": name, "type": kind, "unit": unit, "help": help, "samples": [
        {"suffix": suffix, "labels": labels, "value": value} for suffix, labels, value in samples]}


def metrics(calls):
    return {"families": [
        family("mpyd_calls", "counter", "Calls that the app made.",
               ("_total", {"group": "socket"}, calls), ("_total", {"group": "log"}, 1)),
        family("mpyd_call_duration_seconds", "histogram", "How long calls took.",
               ("_bucket", {"group": "socket", "le": "0.001"}, calls),
               ("_bucket", {"group": "socket", "le": "+Inf"}, calls),
               ("_count", {"group": "socket"}, calls),
               ("_sum", {"group": "socket"}, 0.125), unit="seconds"),
        family("mpyd_heap_used_bytes", "gauge", "Memory in\nuse.", ("", {}, 1e6), unit="bytes"),
        family("mpyd_app", "info", "What it is.", ("_info", {"version": 'a"b\\c\nd'}, 1)),
        family("mpyd_state", "stateset", "Its state.", ("", {"mpyd_state": "running"}, 1)),
    ]}


OPEN_METRICS = r'''# HELP mpyd_calls Calls that the app made.
# TYPE mpyd_calls counter
mpyd_calls_total{app="one",group="socket"} 12345678901
mpyd_calls_total{app="one",group="log"} 1
mpyd_calls_total{app="two",group="socket"} 5
mpyd_calls_total{app="two",group="log"} 1
'''


def metrics_of_two(program):
    with app(program, "one", Metrics=metrics(12345678901)), app(
            program, "two", Metrics=metrics(5)) as (_, ask):
        text = ask.says("metrics", "one", "two")
        older = ask.says("metrics", "--format", "prometheus", "one", "two")
    tap.equal(len(openmetrics.read(text)), 6, "families")
    tap.true('mpyd_up{app="one",unit="none"} 1\nmpyd_up{app="two",unit="none"} 1\n' in text, text)
    tap.true(text.startswith(OPEN_METRICS), text)
    tap.true(text.endswith("\n# EOF\n"), text)
    tap.equal(text.count("# TYPE mpyd_state stateset\n"), 1, "each family once")
    tap.true("# UNIT mpyd_heap_used_bytes bytes\n" in text, text)
    tap.true("# HELP mpyd_heap_used_bytes Memory in\\nuse.\n" in text, text)
    tap.true('mpyd_app_info{app="one",version="a\\"b\\\\c\\nd"} 1\n' in text, text)
    tap.true("_sum{app=\"two\",group=\"socket\"} 0.125\n" in text, text)
    tap.true("# TYPE mpyd_calls_total counter\n" in older, older)
    tap.true("# TYPE mpyd_app_info gauge\n" in older and "# EOF" not in older, older)


def wrong_metrics_are_noticed(_):
    """By the reader of these tests, that is."""
    head = "# HELP a_seconds x\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\n"
    good = head + 'a_seconds{app="x"} 1\n# EOF\n'
    openmetrics.read(good)
    for old, new in (("# EOF\n", ""), ("gauge", "counter"), ("UNIT a_seconds seconds", "UNIT a_seconds s"),
                     ("# HELP a_seconds x\n", ""), ("} 1\n", "} one\n"), ('app="x"', 'a="x"'),
                     ("} 1\n", '} 1\na_seconds{app="x"} 2\n'), ("a_seconds", "a_msec"),
                     ("# EOF\n", head + "# EOF\n"), ('"x"', '"x'), ("\na_seconds{", "\nb{")):
        try:
            openmetrics.read(good.replace(old, new))
        except AssertionError:
            continue
        raise AssertionError(f"{new!r} for {old!r} is not noticed")


def promtool_reads_them(program):
    if not shutil.which("promtool"):
        raise tap.Skip("promtool is not installed")
    with app(program, Metrics=metrics(7)) as (_, ask):
        older = ask.says("metrics", "--format", "prometheus", "meterd")
        text = ask.says("metrics", "meterd")
    done = subprocess.run(["promtool", "check", "metrics"], input=older, text=True,
                          capture_output=True)
    tap.equal((done.returncode, done.stderr), (0, ""), done.stdout)
    stamped = program.place / "stamped"
    stamped.write_text(re.sub(r"^([^#].*)$", r"\1 1700000000", text, flags=re.M))
    done = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", stamped,
                           program.place / "blocks"], text=True, capture_output=True)
    tap.equal(done.returncode, 0, done.stderr)


def metrics_without_one(program):
    """An app that does not answer keeps nobody else's metrics back."""
    with app(program, "two", Metrics=metrics(5)) as (_, ask):
        done = ask.run("metrics", "one", "two")
        tap.equal(done.returncode, 9, done.stderr)
        tap.true("one: is not running" in done.stderr, done.stderr)
        tap.true('mpyd_calls_total{app="two"' in done.stdout, done.stdout)
        tap.true('mpyd_up{app="one",unit="none"} 0\nmpyd_up{app="two",unit="none"} 1\n' in done.stdout, done.stdout)
        tap.true(done.stdout.endswith("# EOF\n"), done.stdout)
        ask.fails(2, "neither openmetrics nor prometheus", "metrics", "--format", "xml")


def metrics_that_lie(program):
    for bad in (family("a b", "gauge", "", ("", {}, 1)), family("a", "gauge", "", ("\n", {}, 1)),
                family("a", "gauge", "", ("", {'x="1"} 1\ny': "z"}, 1))):
        with app(program, Metrics={"families": [bad]}) as (_, ask):
            tap.equal(ask.run("metrics", "meterd").returncode, 6, bad)


# -- top -----------------------------------------------------------------------------------------


def counting(*frames):
    """Answers Metrics with the next of FRAMES (calls, failures, calls below 1 ms, all timed)."""
    left = list(frames)

    def answer(_):
        calls, failures, quick, timed = left.pop(0) if len(left) > 1 else left[0]
        return {"families": [
            family("mpyd_calls", "counter", "", ("_total", {"group": "socket"}, calls),
                   ("_total", {"group": "log"}, 3)),
            family("mpyd_call_failures", "counter", "", ("_total", {"group": "socket"}, failures)),
            family("mpyd_call_duration_seconds", "histogram", "",
                   ("_bucket", {"group": "socket", "le": "0.001"}, quick),
                   ("_bucket", {"group": "socket", "le": "0.004"}, timed),
                   ("_bucket", {"group": "socket", "le": "+Inf"}, timed))]}

    return answer


def rates_of_calls(program):
    frames = counting((1000, 5, 10, 10), (1500, 5, 40, 50), (100, 0, 0, 0))
    with app(program, Metrics=frames) as (_, ask):
        lines = [line.split() for line in
                 ask.says("top", "meterd", "--count", "2", "--interval", "100ms").splitlines()]
    heading = ["APP", "STATE", "CALLS/S", "ERRORS/S", "P50", "P99", "HEAP", "RESTARTS"]
    tap.equal((lines[0], lines[3]), (heading, heading), "two tables")
    app_line, group_line = lines[1], lines[2]
    tap.equal(app_line[:2] + app_line[3:], ["meterd", "running", "0", "<1ms", "<4ms", "292K", "2"],
              "all groups")
    tap.true(100 < float(app_line[2]) <= 5000, f"500 calls within 100 ms or more: {app_line}")
    tap.equal((group_line[0], group_line[1]), ("socket", app_line[2]), "the one that made calls")
    tap.equal(lines[4][3:6], ["0", "-", "-"], "counters that fell began anew")
    tap.true(float(lines[4][2]) > 0, "from nothing")


def times_of_few_calls_are_those_since_the_start(program):
    with app(program, Metrics=counting((1000, 5, 6, 10), (1003, 5, 6, 10))) as (_, ask):
        lines = ask.says("top", "meterd", "--count", "1", "--interval", "10ms").splitlines()
    tap.equal(lines[1].split()[4:6], ["(<1ms)", "(<4ms)"], "no call of the interval was timed")


def top_of_one_that_ends(program):
    with app(program, Metrics=counting((1, 0, 0, 0))) as (_, ask):
        ask.fails(9, "nobody: is not running", "top", "nobody")
        ask.fails(2, "--interval 0", "top", "meterd", "--interval", "0")
        ask.fails(2, "--count x", "top", "meterd", "--count", "x")
        ask.says("top", "--count", "1", "--interval", "10ms")
    answers = iter([counting((1, 0, 0, 0))(None), END])
    with app(program, Metrics=lambda _: next(answers)) as (_, ask):
        done = ask.run("top", "meterd", "--count", "1", "--interval", "10ms")
        tap.equal(done.returncode, 0, done.stderr)
        tap.true(" - " in done.stdout, done.stdout)


# -- policy --------------------------------------------------------------------------------------

GRANTS = [
    {"name": "listen", "value": "tcp:8080", "requested": True, "granted": True, "by": None},
    {"name": "connect", "value": "tcp:*:*", "requested": True, "granted": False,
     "by": "/etc/mpyd/meterd.conf:4"},
]


def policy_in_a_table(program):
    with app(program, Policy={"grants": GRANTS}) as (fake, ask):
        lines = ask.says("policy", "explain", "meterd").splitlines()
        tap.equal(fake.asked[-1][1], {}, "nothing in particular")
        tap.equal(json.loads(ask.says("policy", "explain", "meterd", "--json")),
                  {"grants": GRANTS}, "as it came")
    tap.equal(lines[0].split(), ["GRANT", "VALUE", "ASKED", "FOR", "GRANTED", "BY"], "heading")
    tap.equal(lines[1].split(), ["listen", "tcp:8080", "yes", "yes", "the", "manifest"], "granted")
    tap.equal(lines[2].split(), ["connect", "tcp:*:*", "yes", "no", "/etc/mpyd/meterd.conf:4"],
              "taken away")


def policy_for_one_action(program):
    for allowed, status, word in ((True, 0, "allowed"), (False, 1, "refused")):
        reply = {"grants": GRANTS, "allowed": allowed, "why": "connect=tcp:*:*"}
        with app(program, Policy=reply) as (fake, ask):
            done = ask.run("policy", "explain", "meterd", "connect", "tcp:192.0.2.1:80")
            tap.equal(fake.asked[-1][1], {"action": "connect", "address": "tcp:192.0.2.1:80"}, "")
            tap.equal((done.returncode, done.stdout), (status, f"{word}: connect=tcp:*:*\n"), word)
    program.refuses(2, "missing ADDRESS", "policy", "explain", "meterd", "connect")
    program.refuses(2, "policy: missing verb; it is policy explain", "policy")
    program.refuses(2, "policy: unknown verb explian; it is policy explain", "policy", "explian")


TESTS = [
    calls_as_strace_has_them,
    filters_are_the_app_s,
    trace_ends_after_a_count,
    missing_calls_are_told,
    trace_as_json,
    summary_of_a_trace,
    trace_until_it_is_left,
    metrics_of_two,
    wrong_metrics_are_noticed,
    promtool_reads_them,
    metrics_without_one,
    metrics_that_lie,
    rates_of_calls,
    times_of_few_calls_are_those_since_the_start,
    top_of_one_that_ends,
    policy_in_a_table,
    policy_for_one_action,
]
