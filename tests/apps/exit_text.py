# SPDX-License-Identifier: MIT
# exit: 1
# config: [restart]
# config: restart = no
# daemon: 1
import sys

sys.exit("cannot go on")
