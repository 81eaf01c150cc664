# SPDX-License-Identifier: MIT
"""Runs the tools of a build."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

from .errors import BuildError


# What the line that says most has in it; a linker's own comes before the compiler's summary of it.
TELLING = ('error', 'undefined reference', 'multiple definition')


class ToolError(BuildError):
    """A tool ended with an error; .output is what it said."""

    def __init__(self, command, output):
        lines = [line for line in output.splitlines() if line.strip()]
        told = [line for line in lines if any(word in line.lower() for word in TELLING)]
        found = told or lines or ['said nothing']
        super().__init__(f'{os.path.basename(command[0])} failed: {found[0].strip()}')
        self.output = output


def run(command, directory):
    """Runs COMMAND in DIRECTORY. Its messages are in English and its output does not depend on
    where or when it runs."""
    environment = dict(os.environ, LC_ALL='C', SOURCE_DATE_EPOCH='0')
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except OSError as error:
        raise BuildError(f'{command[0]}: cannot be run: {error.strerror}; '
                         'is it installed?') from None
    if done.returncode != 0:
        raise ToolError(command, done.stdout.decode(errors='replace'))


def in_parallel(function, items):
    """FUNCTION of each item, in their order; every one runs to its end. The errors of all are
    raised as one."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(function, item) for item in items]
    errors = [future.exception() for future in futures if future.exception()]
    for error in errors:
        if not isinstance(error, BuildError):
            raise error
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BuildError('\n'.join(map(str, errors)))
    return [future.result() for future in futures]
