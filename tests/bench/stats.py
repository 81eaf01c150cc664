# SPDX-License-Identifier: MIT
"""Comparing alternatives on a machine that has other things to do."""

import statistics
from collections import namedtuple

median = statistics.median

# What a group says of a figure. OURS and FLOOR are texts for the table: what the ratio is made of.
Result = namedtuple("Result", "value ours floor spread", defaults=("", "", None))


def interleave(alternatives, rounds):
    """Calls each of ALTERNATIVES (name: function returning a number) in turn, ROUNDS times, after
    one round that does not count. Returns name: [numbers], index i of all from the same round."""
    values = {name: [] for name in alternatives}
    for turn in range(rounds + 1):
        for name, function in alternatives.items():
            value = function()
            if turn > 0:
                values[name].append(value)
    return values


def quartiles(values):
    """The first and the third, between which half of the values lie; None of a single one, which
    does not tell how far others would be from it."""
    if len(values) < 2:
        return None
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def geometric_mean(values):
    return statistics.geometric_mean(values)


def ratio(ours, floor, unit="", scale=1.0, digits=2):
    """The Result of ours[i] / floor[i], pairs from one round each: the median of the quotients.
    The table shows the two medians times SCALE, in UNIT."""
    quotients = [a / b for a, b in zip(ours, floor, strict=True)]
    return Result(
        median(quotients),
        f"{median(ours) * scale:.{digits}f} {unit}".strip(),
        f"{median(floor) * scale:.{digits}f} {unit}".strip(),
        quartiles(quotients),
    )


def plain(values, unit="", digits=2):
    """The Result of a figure that is no ratio: the median."""
    value = median(values)
    return Result(value, f"{value:.{digits}f} {unit}".strip(), "", quartiles(values))
