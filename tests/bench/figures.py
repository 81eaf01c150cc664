# SPDX-License-Identifier: MIT
"""What is measured: one row per figure. The keys are those of ./bench --json."""

from collections import namedtuple

# A figure's target is a most ("<=") or a least (">="); without one it is told, not judged.
Figure = namedtuple("Figure", "key group what unit sense target", defaults=("", "", None))

# A group's module is groups/NAME.py; its measure(env) supplies the figures of its rows.
GROUPS = {
    "null": "a call that does nothing, against a bare ping-pong and against pure spinning",
}

FIGURES = (
    Figure("null_call_same_core_ratio", "null", "null call, same core", "x", "<=", 1.15),
    Figure("null_call_cross_core_ratio", "null", "null call, different cores", "x", "<=", 1.5),
)


def of_group(group):
    return [figure for figure in FIGURES if figure.group == group]


def hit(figure, value):
    """Whether VALUE reaches the figure's target; None if it has none."""
    if figure.target is None:
        return None
    return value <= figure.target if figure.sense == "<=" else value >= figure.target
