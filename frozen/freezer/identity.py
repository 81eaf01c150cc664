# SPDX-License-Identifier: MIT
"""Which mpyfreeze this is: what --version says, in the words of mpyctl and mpyd."""

import argparse
import subprocess
import sys
from pathlib import Path

from . import sdk
from .errors import BuildError

HERE = Path(__file__).resolve().parent


def _build():
    """Who built it: a file says so where it is installed; in a source tree, what they are asked."""
    if (HERE / 'build-id').is_file():
        return (HERE / 'build-id').read_text().strip()
    try:
        return subprocess.run([HERE.parents[1] / 'tools/build-id'], stdout=subprocess.PIPE,
                              text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'


def _lines(version):
    yield f'mpyfreeze {version} ({_build()})'
    try:
        kit = sdk.facts()
    except BuildError as error:
        yield str(error)
        return
    yield f'image ABI {kit.abi}'
    yield f'MicroPython {kit.micropython}'


class Show(argparse.Action):
    """The option that shows it and ends; nothing is looked up without."""

    def __init__(self, option_strings, dest, **more):
        self.version = more.pop('version')
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0,
                         help='show the version and exit', **more)

    def __call__(self, parser, *_):
        print('\n'.join(_lines(self.version)))
        sys.stdout.flush()
        parser.exit()
