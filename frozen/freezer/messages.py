# SPDX-License-Identifier: MIT
"""What a command says beside its result: on standard error, with the program's name."""

import sys


def say(text):
    print(f'mpyfreeze: {text}', file=sys.stderr)


def warn(text):
    say(f'warning: {text}')
