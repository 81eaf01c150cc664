# SPDX-License-Identifier: MIT
# manifest: boot = "app_boot_fails_first"
# file: app_boot_fails_first.py
# config: [restart]
# config: restart = no
# exit: 1
# debug: yes
# daemon: app\.enter\(phase=boot
# daemon: app\.enter\(phase=failed
# daemon: under-test: failed: uncaught exception: ValueError: no device
# Where the boot hook fails, nothing of the entry runs.
print("entry")
