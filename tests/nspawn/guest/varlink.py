# SPDX-License-Identifier: MIT
"""The control socket of an app under systemd's own client."""

import json
import shutil

import host
import tap

APP = "steady"
CONTROL = f"/run/mpydctl/{APP}/control"


def varlinkctl_introspects_and_calls():
    if not shutil.which("varlinkctl"):
        raise tap.Skip("this systemd has no varlinkctl yet")
    host.start(APP)
    tap.true("org.mpyd.App" in host.run("varlinkctl", "info", CONTROL), "info")
    text = host.run("varlinkctl", "introspect", CONTROL, "org.mpyd.App")
    tap.true("method Status" in text, text)
    status = json.loads(host.run("varlinkctl", "call", "--json=short", CONTROL,
                                 "org.mpyd.App.Status", "{}"))  # fmt: skip
    tap.equal((status["app"], status["state"]), (APP, "running"), "status")
    metrics = json.loads(host.run("varlinkctl", "call", "--json=short", CONTROL,
                                  "org.mpyd.App.Metrics", "{}"))  # fmt: skip
    tap.true(metrics["families"], "no metrics")
    host.run("varlinkctl", "call", CONTROL, "org.mpyd.App.Absent", "{}", status=1)
    host.stop(APP)


TESTS = [varlinkctl_introspects_and_calls]
