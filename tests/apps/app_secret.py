# SPDX-License-Identifier: MIT
# manifest: [grants]
# manifest: credentials = ["token", "missing"]
# credential: token hush-hush
# credential: other not for it
# credential: image-key 0000
# debug: yes
# message: [done] fail = MessageFailed ValueError: *********
# signal: TERM done
# daemon: under-test: wants the credential missing, which is not there
# daemon: app\.secret\(name=5 bytes, value=16384 bytes\) = 9
# daemon: log\.write\(level=info, text="the secret is b'\*{9}' and \*
# An app reads what it was granted by name, and nothing else.
import time

import mpyd

secret = mpyd.secret("token")
print(len(secret), secret == b"hush" + b"-hush")
# What it prints all the same is overwritten, in the log and in traces.
print("the secret is", secret, "and", secret.decode())
for name in ("missing", "other", "image-key", "", "../token", "t" * 65):
    try:
        print(mpyd.secret(name))
    except OSError as e:
        print(name[:9], type(e).__name__, e.errno)


# Who asks is told what a function failed of, but no secret.
def fail(argument):
    raise ValueError(secret.decode())


mpyd.on_call("fail", fail)
print("done")
while True:
    time.sleep(1)
