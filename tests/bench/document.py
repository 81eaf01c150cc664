# SPDX-License-Identifier: MIT
"""Puts what ./bench prints into a document, in place of what an earlier run put there."""

BEGIN = "<!-- table: written by ./bench --doc -->\n"
END = "<!-- end of table -->\n"


def has_place(path):
    """Whether PATH is a file with the two marks, once."""
    if not path.is_file():
        return False
    text = path.read_text()
    return text.count(BEGIN) == 1 and text.count(END) == 1


def put_table(path, table):
    """Replaces the text between the two marks of the file PATH."""
    head, rest = path.read_text().split(BEGIN)
    path.write_text(f"{head}{BEGIN}\n```\n{table}\n```\n\n{END}{rest.split(END)[1]}")
