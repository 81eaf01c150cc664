# SPDX-License-Identifier: MIT
"""What goes wrong in a build is said in one line: where, what, and what to do about it."""


class BuildError(Exception):
    """The text is the whole line for the user. Several lines: several errors."""
    status = 1


class RefusedError(BuildError):
    """It could be made, and mpyd would refuse it where it comes to."""
    status = 4
