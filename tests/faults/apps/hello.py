# SPDX-License-Identifier: MIT
# Starts, says one thing and ends.
print("hello")
