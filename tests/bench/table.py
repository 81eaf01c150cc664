# SPDX-License-Identifier: MIT
"""What ./bench prints."""

import figures

HEAD = ("figure", "ours", "floor", "value", "half within", "target", "")


def number(value):
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def row(figure, result):
    spread = result.spread
    verdict = {True: "hit", False: "MISS", None: ""}[figures.hit(figure, result.value)]
    return (
        figure.what,
        result.ours,
        result.floor,
        f"{number(result.value)} {figure.unit}".rstrip(),
        f"{number(spread[0])}..{number(spread[1])}" if spread else "",
        "" if figure.target is None else f"{figure.sense} {figure.target:g}",
        verdict,
    )


def render(results):
    """One line a figure, in the order of figures.py."""
    rows = [HEAD]
    rows += [row(figure, results[figure.key]) for figure in figures.FIGURES if figure.key in results]
    widths = [max(len(line[i]) for line in rows) for i in range(len(HEAD))]
    lines = []
    for line in rows:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:-1], widths[1:-1])]
        lines.append("  ".join([*cells, line[-1]]).rstrip())
    return "\n".join(lines)


def listing():
    lines = []
    for group, what in figures.GROUPS.items():
        lines.append(f"{group:8} {what}")
        lines += [f"         {figure.key}" for figure in figures.of_group(group)]
    return "\n".join(lines)
