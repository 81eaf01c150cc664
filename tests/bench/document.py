# SPDX-License-Identifier: MIT
"""Puts what ./bench prints into a document, in place of what an earlier run put there."""

BEGIN = "<!-- table: written by ./bench --doc -->\n"
END = "<!-- end of table -->\n"


def put_table(path, table):
    """Replaces the text between the two marks of the file PATH, which must be there."""
    text = path.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{path}: not one place for the table")
    head, rest = text.split(BEGIN)
    path.write_text(f"{head}{BEGIN}\n```\n{table}\n```\n\n{END}{rest.split(END)[1]}")
