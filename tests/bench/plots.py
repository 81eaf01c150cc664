# SPDX-License-Identifier: MIT
"""How cost grows with work, drawn by gnuplot from the figures."""

import subprocess
from collections import namedtuple

import figures

# A curve: a title, and the keys of its figures by what grows.
Plot = namedtuple("Plot", "name title x y curves logscale")

PLOTS = (
    Plot("calls", "Cost of a call, by calls that share a doorbell", "calls in flight", "ns", {
        "null call": {n: f"batch_{n}_ns" for n in figures.BATCHES},
    }, "xy"),
    Plot("payload", "Cost of a request, by its size", "bytes", "us", {
        "socket.send to nobody": {n: f"payload_{name}_us" for name, n in figures.PAYLOADS.items()},
    }, "xy"),
    Plot("handles", "Cost of waiting and of calls, by open sockets", "sockets", "us", {
        "poll, none ready": {n: f"handles_{n}_poll_us" for n in figures.HANDLES},
        "null call by the app": {n: f"handles_{n}_call_us" for n in figures.HANDLES},
    }, "xy"),
    Plot("apps-memory", "Memory of an app, by apps that run", "apps", "PSS of an app, KiB", {
        "three processes": {n: f"apps_{n}_pss_kib" for n in figures.APPS},
    }, "x"),
    Plot("apps-start", "Start of an app, by apps that run", "apps", "ms", {
        "mpyd run to the app's first line": {n: f"apps_{n}_start_ms" for n in figures.APPS},
    }, "x"),
)

HEAD = """\
set terminal svg size 720,400 font "sans,13" background "#ffffff"
set key bottom right
set grid
set style data linespoints
set pointsize 0.6
set yrange [{bottom}:*]
"""


def _script(plot, curves):
    """What gnuplot reads: settings, then the points of each curve."""
    lines = [HEAD.format(bottom="*" if "y" in plot.logscale else "0").rstrip()]
    lines += [f'set title "{plot.title}"', f"set logscale {plot.logscale} 2",
              f'set xlabel "{plot.x}"', f'set ylabel "{plot.y}"']
    if "y" in plot.logscale:
        lines.append("unset logscale y\nset logscale y 10")
    lines.append("plot " + ", ".join(f'"-" title "{title}" linewidth 2' for title in curves))
    for points in curves.values():
        lines += [f"{x} {y}" for x, y in sorted(points.items())] + ["e"]
    return "\n".join(lines) + "\n"


def _write(path, script):
    done = subprocess.run(["gnuplot"], input=script, text=True, check=True, stdout=subprocess.PIPE)
    head, *rest = [line.rstrip() for line in done.stdout.splitlines()]
    path.write_text("\n".join([head, "<!-- SPDX-License-Identifier: MIT -->", *rest]) + "\n")


def draw(values, folder):
    """Writes FOLDER/NAME.svg for each plot whose figures are among VALUES. Returns the names."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for plot in PLOTS:
        curves = {
            title: {x: values[key] for x, key in keys.items() if key in values}
            for title, keys in plot.curves.items()
        }
        if all(len(points) > 1 for points in curves.values()):
            _write(folder / f"{plot.name}.svg", _script(plot, curves))
            drawn.append(plot.name)
    return drawn
