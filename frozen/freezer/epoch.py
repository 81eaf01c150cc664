# SPDX-License-Identifier: MIT
"""Now, or the time that builds are to be of (reproducible-builds.org)."""

import datetime
import os
import time

from .errors import BuildError

VARIABLE = 'SOURCE_DATE_EPOCH'


def now():
    """Seconds since 1970, of which datetime can make a date."""
    text = os.environ.get(VARIABLE)
    try:
        seconds = int(time.time() if text is None else text)
        datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        raise BuildError(f'{VARIABLE}={text}: is no time in seconds') from None
    return seconds
