# SPDX-License-Identifier: MIT
"""The command line. Exit status: 0 done, 1 the command failed, 2 wrong usage, 130 interrupted."""

import argparse
import os
import sys
from collections import namedtuple

from . import build, deb, encrypt, identity, keygen, new, sign, testing
from .errors import BuildError
from .messages import say

EPILOG = '''\
An app is a directory with a manifest, mpyd.toml, and Python modules. "mpyfreeze new DIR" makes one
to start from; "mpyd run IMAGE" runs what "mpyfreeze build" makes of it.
'''

# The MODULE of a command has arguments(parser), which adds its arguments, and run(arguments), which
# does it, raises BuildError with what went wrong, and returns the exit status, None for 0.
Command = namedtuple('Command', 'name module help description')
COMMANDS = (
    Command('build', build, 'freeze an app into an image', 'Freezes the app in DIR into IMAGE.'),
    Command('new', new, 'make a small working app',
            'Makes a small working app in DIR, which must be empty or not there.'),
    Command('test', testing, 'run an app\'s tests in the sandbox',
            'Freezes the app in DIR with its tests, files test_*.py and all below a directory tests, '
            'and runs them as the app runs, with what it is granted.'),
    Command('sign', sign, 'sign an image',
            'Writes IMAGE.minisig, a signature that minisign and mpyd check.'),
    Command('keygen', keygen, 'make a key to encrypt images with',
            'Makes a key that "mpyfreeze encrypt" and "mpyd run --key-file" take.'),
    Command('encrypt', encrypt, 'encrypt an image',
            'Encrypts IMAGE; sign it after that, not before.'),
    Command('deb', deb, 'make a Debian package of an app',
            'Makes a package that installs the app in DIR on machines with mpyd: its image, signed, '
            'and the public key.'),
)


def _parser(version):
    parser = argparse.ArgumentParser(
        prog='mpyfreeze', description='Freezes a MicroPython app into one image for mpyd.',
        epilog=EPILOG, allow_abbrev=False)
    parser.add_argument('--version', action=identity.Show, version=version)
    commands = parser.add_subparsers(metavar='COMMAND', required=True)
    for row in COMMANDS:
        command = commands.add_parser(row.name, allow_abbrev=False, help=row.help,
                                      description=row.description)
        row.module.arguments(command)
        command.set_defaults(run=row.module.run, version=version)
    return parser


def main(version):
    arguments = _parser(version).parse_args()
    try:
        return arguments.run(arguments) or 0
    except BuildError as error:
        for line in str(error).splitlines():
            say(line)
        return error.status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
