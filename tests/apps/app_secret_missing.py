# SPDX-License-Identifier: MIT
# exit: 1
# manifest: [grants]
# manifest: credentials = ["token"]
# config: [restart]
# config: restart = no
# daemon: under-test: wants the credential token, which is not there; .* /etc/credstore/mpyd.under-test.token
# daemon: under-test: failed: uncaught exception: OSError: \[Errno 2\] ENOENT: credential token is granted and not there
# An app that was not given a secret says which, and where it is to be put; so does what tells of its end.
import mpyd

try:
    mpyd.secret("token")
except OSError as e:
    print(e.errno)
mpyd.secret("token")
