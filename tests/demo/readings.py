# SPDX-License-Identifier: MIT
"""What the gateway does with readings."""

import json
import math
import re

from tap import equal, true

WINDOW = 1000
AT_ONCE = 100
METERS = 100


def test_reading_is_taken_and_comes_back(gateway):
    answer = gateway.post({"meter": "kitchen", "value": 21.5})
    equal(answer.status, 201, "status")
    reading = answer.json()
    equal((reading["meter"], reading["value"]), ("kitchen", 21.5))
    listed = gateway.get(f"/readings?since={reading['id'] - 1}").json()
    equal(listed, {"last": reading["id"], "more": False, "readings": [reading]})


def test_readings_since_newest_are_none(gateway):
    last = gateway.post({"meter": "kitchen", "value": 1}).json()["id"]
    none = {"last": last, "more": False, "readings": []}
    equal(gateway.get(f"/readings?since={last}").json(), none)
    equal(gateway.get(f"/readings?since={last + 7}").json(), none)


def test_values_survive_exactly(gateway):
    for value in (0, -0.5, 0.1, 1e-300, 123456789012345, -1e15, 2.5e14, 1 / 3):
        got = gateway.post({"meter": "exact", "value": value}).json()["value"]
        equal(got, value)


def test_stats_agree_with_readings(gateway):
    values = [3.5, -2, 10, 0.25]
    for value in values:
        gateway.post({"meter": "stats-1", "value": value})
    stats = gateway.get("/stats").json()["meters"]["stats-1"]
    mean = stats.pop("mean")
    equal(stats, {"count": 4, "min": -2, "max": 10, "last": 0.25})
    true(math.isclose(mean, sum(values) / 4), f"mean is {mean}")


def test_bad_since_refused(gateway):
    for since in ("-1", "1.5", "x", "9" * 40, "1%20"):
        answer = gateway.get("/readings?since=" + since)
        equal(answer.status, 400, since)
        true("since" in answer.json()["error"], "reason names since")


REFUSED = {
    b"": "JSON",
    b"not json": "JSON",
    b'{"meter":"a","value":1': "JSON",
    b'{"meter":"a","value":1} {}': "JSON",
    b'{"meter":"a","value":NaN}': "JSON",
    b'{"meter":"\xff","value":1}': "JSON",
    b"[1, 2]": "object",
    b'"text"': "object",
    b"null": "object",
    b'{"value":1}': "missing field: meter",
    b'{"meter":"a"}': "missing field: value",
    b'{"meter":7,"value":1}': "meter must be a string",
    b'{"meter":null,"value":1}': "meter must be a string",
    b'{"meter":"","value":1}': "1 to 32 characters",
    b'{"meter":"' + b"a" * 33 + b'","value":1}': "1 to 32 characters",
    b'{"meter":"a b","value":1}': "letters",
    b'{"meter":"a\\u0000","value":1}': "letters",
    b'{"meter":"a\\"","value":1}': "letters",
    '{"meter":"é","value":1}'.encode(): "letters",
    b'{"meter":"<script>","value":1}': "letters",
    b'{"meter":"a","value":"1"}': "value must be a number",
    b'{"meter":"a","value":true}': "value must be a number",
    b'{"meter":"a","value":null}': "value must be a number",
    b'{"meter":"a","value":[1]}': "value must be a number",
    b'{"meter":"a","value":1e999}': "finite",
    b'{"meter":"a","value":-1e999}': "finite",
    b'{"meter":"a","value":1e16}': "finite",
    b'{"meter":"a","value":1' + b"0" * 400 + b"}": "finite",
}


def test_bad_readings_refused_with_reason(gateway):
    before = gateway.get("/stats").json()["total"]
    for body, reason in REFUSED.items():
        answer = gateway.post(body)
        equal(answer.status, 400, repr(body))
        equal(answer.headers["content-type"], "application/json")
        true(reason in answer.json()["error"], f"{body!r}: {answer.json()}")
    equal(gateway.get("/stats").json()["total"], before, "readings taken")


def test_longest_meter_name_taken(gateway):
    equal(gateway.post({"meter": "Az09-_." + "a" * 25, "value": 1}).status, 201)


def test_window_rolls_and_answers_stay_small(gateway):
    with gateway.connect() as s:
        body = json.dumps({"meter": "roll", "value": 1}).encode()
        head = b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
        file = s.makefile("rb")
        for _ in range(WINDOW + 50):
            s.sendall(head + body)
            true(file.readline().startswith(b"HTTP/1.1 201"), "taken")
            while (line := file.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            last = json.loads(file.read(length))["id"]
    stats = gateway.get("/stats").json()
    equal((stats["count"], stats["total"]), (WINDOW, last))
    numbers = []
    page = {"last": 0, "more": True}
    while page["more"]:
        page = gateway.get(f"/readings?since={page['last']}").json()
        true(len(page["readings"]) <= AT_ONCE, "readings in one answer")
        numbers += [reading["id"] for reading in page["readings"]]
    equal(numbers, list(range(last - WINDOW + 1, last + 1)), "numbers kept")


def test_meters_are_limited_and_forgotten(gateway):
    """Runs after the window was filled by one meter."""
    for i in range(METERS - 1):
        equal(gateway.post({"meter": f"many-{i}", "value": i}).status, 201)
    answer = gateway.post({"meter": "one-too-many", "value": 1})
    equal((answer.status, answer.json()["error"][:15]), (409, "too many meters"))
    for i in range(WINDOW):
        equal(gateway.post({"meter": "many-0", "value": i}).status, 201)
    equal(list(gateway.get("/stats").json()["meters"]), ["many-0"], "meters remembered")
    equal(gateway.post({"meter": "one-too-many", "value": 1}).status, 201)


def test_page_stands_alone(gateway):
    answer = gateway.get("/")
    equal(answer.status, 200, "status")
    equal(answer.headers["content-type"], "text/html; charset=utf-8")
    true("default-src 'none'" in answer.headers["content-security-policy"], "policy of the page")
    text = answer.body.decode()
    true(text.startswith("<!DOCTYPE html>") and "</html>" in text, "a whole page")
    equal(re.findall(r'(?:src|href)="(?!data:)[^"]*"|@import|url\(', text), [], "other resources")


def test_unknown_paths_are_404(gateway):
    for path in ("/nothing", "/readings/", "/../etc/passwd", "/res/index.html", "//", "/stats%00"):
        answer = gateway.get(path)
        equal(answer.status, 404, path)
        true(answer.json()["error"], "reason")


def test_wrong_methods_are_405_and_say_what_is_allowed(gateway):
    for method, path, allow in (
        ("POST", "/", "GET, HEAD"),
        ("POST", "/stats", "GET, HEAD"),
        ("PUT", "/readings", "GET, HEAD, POST"),
        ("DELETE", "/readings", "GET, HEAD, POST"),
        ("OPTIONS", "/", "GET, HEAD"),
        ("M-SEARCH", "/stats", "GET, HEAD"),
    ):
        answer = gateway.request(method, path, b"")
        equal(answer.status, 405, f"{method} {path}")
        equal(answer.headers["allow"], allow, f"{method} {path}")


def test_head_is_get_without_body(gateway):
    for path in ("/", "/stats", "/readings?since=0"):
        got = gateway.get(path)
        head = gateway.request("HEAD", path)
        equal((head.status, head.headers, head.body), (200, got.headers, b""), path)
