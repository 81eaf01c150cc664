# SPDX-License-Identifier: MIT
"""Completion: what may follow, and the three shells that ask for it."""

import os
import shutil
import subprocess
from pathlib import Path

import tap
from steering import app

SCRIPTS = Path(__file__).resolve().parents[2] / "ctl" / "completions"


def offers(said):
    """The directive, and the words."""
    first, *rest = said.splitlines()
    return first, [line.split("\t")[0] for line in rest]


def words_that_follow(program):
    with app(program) as (_, ask):
        for written, directive, among in (
            (("",), ":words", ["status", "policy", "inspect", "--help"]),
            (("st",), ":words", ["start", "status", "stop"]),
            (("policy", ""), ":words", ["explain"]),
            (("policy", "explain", "me"), ":words", ["meterd"]),
            (("status", "me"), ":words", ["meterd"]),
            (("status", "other", "--json", "me"), ":words", ["meterd"]),
            (("status", "--"), ":words", ["--json", "--probe", "--no-pager", "--help"]),
            (("metrics", "--format", "p"), ":words", ["prometheus"]),
            (("trace", "-g", "socket", "me"), ":words", ["meterd"]),
            (("inspect", ""), ":files", []),
            (("inspect", "--key-file", ""), ":files", []),
            (("verify", "--keys", ""), ":directories", []),
        ):
            found, words = offers(ask.says("complete", "--", *written))
            tap.equal(found, directive, written)
            tap.true(set(among) <= set(words), f"{written}: {among} are not among {words}")
        for written in (("call", "meterd", ""), ("wlak", ""), ("status", "--wrong", "x", "y"),
                        ("inspect", "a", ""), ("trace", "--count", "")):
            tap.equal(offers(ask.says("complete", "--", *written)), (":words", []), written)


def verbs_are_offered_once(program):
    _, words = offers(program.says("complete", "--", ""))
    tap.equal(len(words), len(set(words)), words)


def shell(program, ask, name, script):
    if not shutil.which(name):
        raise tap.Skip(f"{name} is not installed")
    done = subprocess.run(
        [name, "-c", script], capture_output=True, text=True, cwd=program.place,
        env={**ask.environment, "PATH": f"{Path(program.mpyctl).resolve().parent}:{os.environ['PATH']}",
             "HOME": str(program.place), "XDG_CONFIG_HOME": str(program.place)})
    tap.equal(done.stderr, "", name)
    return done.stdout.split("\n")


def files_for(program):
    (program.place / "some image.mpyimg").write_text("")


def bash_completes(program):
    files_for(program)
    with app(program) as (_, ask):
        for words, expected in (("mpyctl sta", ["start", "status"]),
                                ("mpyctl status met", ["meterd"]),
                                ("mpyctl inspect some", ["some image.mpyimg"]),
                                ("mpyctl call meterd x", [])):
            found = shell(program, ask, "bash", f"""
                source {SCRIPTS}/mpyctl.bash
                COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
                _mpyctl; printf '%s\\n' "${{COMPREPLY[@]}}" """)
            tap.equal([word for word in found if word], expected, words)


def fish_completes(program):
    files_for(program)
    with app(program) as (_, ask):
        for words, expected in (("mpyctl stat", ["status\tShows how apps are: all in a table, or "
                                                 "each at length."]),
                                ("mpyctl status ", ["meterd\tapp"]),
                                ("mpyctl call meterd x", [])):
            found = shell(program, ask, "fish", f"source {SCRIPTS}/mpyctl.fish; "
                                                f"complete -C '{words}'")
            tap.true(set(expected) <= set(found), f"{words}: {found}")
        found = shell(program, ask, "fish", f"source {SCRIPTS}/mpyctl.fish; "
                                            "complete -C 'mpyctl inspect some'")
        tap.true(any(line.startswith("some image.mpyimg") for line in found), found)


def zsh_completes(program):
    """With stand-ins for what its completion system calls."""
    with app(program) as (_, ask):
        for words, expected in (("mpyctl stat", ["status:Shows how apps are: all in a table, or "
                                                 "each at length."]),
                                ("mpyctl status ''", ["meterd:app"]),
                                ("mpyctl inspect ''", ["files"]),
                                ("mpyctl verify --keys ''", ["files -/"])):
            found = shell(program, ask, "zsh", f"""
                setopt no_global_rcs; words=({words}); CURRENT=$#words
                _files() {{ print -r -- files "$@" }}
                _describe() {{ print -rl -- "${{(P@)2}}" }}
                complete() {{ source {SCRIPTS}/_mpyctl }}
                complete""")
            tap.true(set(expected) <= set(found), f"{words}: {found}")


TESTS = [words_that_follow, verbs_are_offered_once, bash_completes, fish_completes, zsh_completes]
