# SPDX-License-Identifier: MIT
"""Requests a second of the demo, against the same app on upstream's unix build without any sandbox.

Both are asked by wrk with connections kept alive, and give the same bytes. Three answers: /stats
(small and kept ready, so that all but the network is little), / (the page) and /readings (made anew
for each request). The figures with a target are of /stats, where the sandbox counts most."""

import http.client
import re
import signal
from contextlib import contextmanager

import processes
import service
import stats
import upstream
from env import Trouble
from figures import HTTP_CONNECTIONS, HTTP_PATHS

OURS, THEIRS = 8080, 8190
HEAP = "2M"  # as in the demo's manifest
READINGS = 5
SECONDS = 3
PATHS = {"http": "/stats", **{f"http_{name}": path for name, path in HTTP_PATHS.items()}}


def _services(env):
    """Both servers' commands; ours is the demo's image, narrowed to one port."""
    config = env.config(f"[grants]\nlisten = tcp:127.0.0.1:{OURS}\n[restart]\nrestart = no\n")
    unix = [upstream.build(env), "-X", f"heapsize={HEAP}", env.root / "tests/bench/demo-unix.py"]
    return (
        (OURS, [env.mpyd, "run", "--unsigned", "--control=none", env.demo, "--config", config]),
        (THEIRS, [*unix, env.root / "frozen" / "demo", str(THEIRS)]),
    )


@contextmanager
def _running(commands):
    servers = [service.Service([str(word) for word in command]) for _, command in commands]
    try:
        for server in servers:
            server.wait_line("listening on")
        yield servers
        for server in servers:
            server.stop(signal.SIGTERM)
    finally:
        for server in servers:
            server.kill()


def _ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    if answer.status not in (200, 201):
        raise Trouble(f"port {port}: {method} {path}: status {answer.status}: {data}")
    return sorted(answer.getheaders()), data


def _fill(port):
    for number in range(READINGS):
        _ask(port, "POST", "/readings", f'{{"meter": "meter-{number}", "value": {number}.5}}')


def _compare_answers():
    for path in PATHS.values():
        ours, theirs = ((re.sub(rb'"time":\d+', b"", data), headers)
                        for headers, data in (_ask(OURS, "GET", path), _ask(THEIRS, "GET", path)))
        if ours != theirs:
            raise Trouble(f"GET {path}: {ours} from mpyd, {theirs} from upstream's unix build")


def _wrk(env, port, path, connections):
    """Requests a second, and how many there were."""
    said = env.output(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}",
                       f"http://127.0.0.1:{port}{path}"])
    rate = re.search(r"Requests/sec:\s*([\d.]+)", said)
    if not rate or re.search(r"Non-2xx|Socket errors", said):
        raise Trouble(f"wrk on port {port}: {said}")
    return float(rate[1]), int(re.search(r"(\d+) requests in", said)[1])


def _compare(env, path, connections):
    rates = stats.interleave(
        {
            "ours": lambda: _wrk(env, OURS, path, connections)[0],
            "theirs": lambda: _wrk(env, THEIRS, path, connections)[0],
        },
        env.rounds(9, 1),
    )
    return stats.ratio(rates["ours"], rates["theirs"], "k/s", 1e-3, 1)


def _switches(env, port, connections, server):
    """How often SERVER and the processes below it gave up a CPU for each request."""
    pids = [server.pid, *service.descendants(server.pid)]
    before = processes.counters(pids)[0]
    n_requests = _wrk(env, port, PATHS["http"], connections)[1]
    return (processes.counters(pids)[0] - before) / n_requests


def _compare_switches(env, connections, servers):
    ours, theirs = (
        [_switches(env, port, connections, server) for _ in range(env.rounds(3, 1))]
        for port, server in zip((OURS, THEIRS), servers, strict=True)
    )
    return stats.plain(ours)._replace(floor=f"{stats.median(theirs):.2f}")


def measure(env):
    found = {}
    with _running(_services(env)) as servers:
        _fill(OURS)
        _fill(THEIRS)
        _compare_answers()
        for name, path in PATHS.items():
            for connections in HTTP_CONNECTIONS:
                key = f"{name}_c{connections}_ratio"
                found[key] = _compare(env, path, connections)
        for connections in HTTP_CONNECTIONS:
            found[f"http_c{connections}_switches"] = _compare_switches(env, connections, servers)
    return found
