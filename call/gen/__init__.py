# SPDX-License-Identifier: MIT
"""The generator of the call boundary: table.py reads the table, each other module writes from it."""
