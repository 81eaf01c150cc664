# SPDX-License-Identifier: MIT
# Defines what it is to do, and forgets to do it: an end in order.
import time


def main():
    while True:
        time.sleep(60)
