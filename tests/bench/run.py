#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures mpyd against floors and peers. ./bench builds and then runs this.

How to add a group of figures:

1. figures.py: the group's name in GROUPS, a row in FIGURES for each figure.
2. groups/NAME.py with measure(env). It returns {key: value} of its rows; a value is a number
   or a stats.Result, which has texts for the table as well. A figure that cannot be had here is
   left out, after env.say() has told why. Keys of no row are an error.
3. env is an env.Env: paths, a temporary folder, freeze(), rounds(). What cannot go on raises
   env.Trouble. stats.interleave() runs alternatives A B A B, stats.ratio() pairs them.

Exit status: 0 measured (whatever came out), 1 a measurement failed, 2 bad arguments, 130 Ctrl-C.
"""

import argparse
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "harness")]
sys.dont_write_bytecode = True

import env as environment
import document
import figures
import plots
import stats
import table


# Of ./bench, which hands on what it does not know, and supplies --build.
USAGE = """./bench [--no-install] [--quick] [--only NAME]... [--json FILE] [--plots DIR] [--doc FILE]
       ./bench --list"""


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench", usage=USAGE, description="Measure mpyd.", allow_abbrev=False
    )
    parser.add_argument("--build", type=Path, help="meson's build folder")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="draw the curves into DIR")
    parser.add_argument("--doc", type=Path, metavar="FILE", help="put the table into FILE")
    parser.add_argument("--only", action="append", metavar="NAME", choices=figures.GROUPS,
                        help="measure this group only; may be repeated")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, rougher figures")
    parser.add_argument("--list", action="store_true", help="list the groups and their figures")
    options = parser.parse_args(arguments)
    if not options.list and not (options.build and options.build.is_dir()):
        parser.error("--build must name a build folder")
    check_outputs(parser, options)
    return options


def check_outputs(parser, options):
    """Before minutes of measuring, not after."""
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"--json: no folder {options.json.parent}")
    if options.json and options.json.is_dir():
        parser.error(f"--json: {options.json} is a folder")
    if options.plots and not options.plots.absolute().parent.is_dir():
        parser.error(f"--plots: no folder {options.plots.parent}")
    if options.doc and not document.has_place(options.doc):
        parser.error(f"--doc: {options.doc} has no place for the table")
    if options.plots and not shutil.which("gnuplot"):
        parser.error("--plots: gnuplot is not installed (package gnuplot-nox)")


def measure_group(group, env):
    """{key: stats.Result} of one group."""
    found = importlib.import_module(f"groups.{group}").measure(env)
    keys = [figure.key for figure in figures.of_group(group)]
    foreign = sorted(set(found) - set(keys))
    if foreign:
        raise KeyError(f"groups/{group}.py measured what figures.py has no row for: {foreign}")
    return {
        key: value if isinstance(value, stats.Result) else stats.Result(value)
        for key, value in found.items()
    }


def measure(groups, env):
    """What was measured, and the names of the groups that failed."""
    results, failed = {}, []
    for group in groups:
        env.say(f"{group}: {figures.GROUPS[group]}")
        try:
            results.update(measure_group(group, env))
        except Exception as trouble:  # whatever it is, what else is measured counts
            kind = "" if isinstance(trouble, environment.Trouble) else type(trouble).__name__ + ": "
            env.say(f"{group}: FAILED: {kind}{trouble}")
            failed.append(group)
    return results, failed


def write_json(path, values):
    new = path.with_name(path.name + ".new")
    new.write_text(json.dumps(values, indent=2) + "\n")
    os.replace(new, path)


def report(results, failed, options):
    """The table, and whatever else was asked for."""
    values = {key: round(result.value, 6) for key, result in results.items()}
    text = table.render(results)
    print(text)
    if options.json:
        write_json(options.json, values)
    if options.doc and failed:
        print(f"bench: {options.doc} stays as it is, for want of: {', '.join(failed)}",
              file=sys.stderr)
    elif options.doc:
        document.put_table(options.doc, text)
    if options.plots:
        plots.draw(values, options.plots)


def leave(number, frame):
    """As Ctrl-C does: what was started is ended first."""
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    options = parse(sys.argv[1:])
    if options.list:
        print(table.listing())
        return 0
    groups = [group for group in figures.GROUPS if not options.only or group in options.only]
    with tempfile.TemporaryDirectory(prefix="mpyd-bench-") as work:
        # Apps run as users of their own, who must come to what is in here.
        os.chmod(work, 0o755)
        env = environment.Env(options.build.resolve(), Path(work), options.quick)
        results, failed = measure(groups, env)
    report(results, failed, options)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
