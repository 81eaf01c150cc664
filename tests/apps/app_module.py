# SPDX-License-Identifier: MIT
# manifest: counter = 1
# debug: yes
# daemon: app\.ready\(\) = 0
# daemon: app\.heartbeat\(\) = 0
# What the module mpyd has to say, and what it takes.
import mpyd

print(mpyd.name, mpyd.version, mpyd.name == "under-test", {mpyd.name: 1})
print(mpyd.ready(), mpyd.heartbeat())
for name, function in (("", print), (b"get", print), (1, print), ("g" * 65, print), ("get", 1)):
    try:
        mpyd.on_call(name, function)
    except (TypeError, ValueError) as e:
        print(type(e).__name__, e)
print(mpyd.on_call("get", print) is print, mpyd.on_call("get", None))
