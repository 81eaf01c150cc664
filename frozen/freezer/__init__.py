# SPDX-License-Identifier: MIT
"""Turns an app's directory into an image. cli.py reads the command line, build.py is the way from
one end to the other; every other module does one step of it."""
