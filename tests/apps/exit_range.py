# SPDX-License-Identifier: MIT
# exit: 1
# config: [restart]
# config: restart = no
# daemon: 119
# Statuses from 120 say how the worker ended; an app cannot take one of them.
import sys

sys.exit(126)
