# SPDX-License-Identifier: MIT
"""What tools/analyze does, a module for each kind of tool."""
