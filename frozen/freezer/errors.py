# SPDX-License-Identifier: MIT
"""What goes wrong in a build is said in one line: where, what, and what to do about it."""


class BuildError(Exception):
    """The text is the whole line for the user. Several lines: several errors."""
