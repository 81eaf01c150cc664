# SPDX-License-Identifier: MIT
"""The memory of an app whose manifest does not say it, made of what the app is.

Importing fills the heap with a table for each module and an object for each function and class; the
rest is for what the app does. The arena is for data on its way, of which there is little where
nothing may listen or connect.
"""

STACK = 64 << 10
HEAP_LEAST, HEAP_STEP = 256 << 10, 64 << 10
HEAP_FREE = 192 << 10   # beside what importing takes
A_MODULE, A_FUNCTION = 1 << 10, 128  # bytes of heap; generous
ARENA_QUIET, ARENA = 64 << 10, 256 << 10


def complete(manifest, functions):
    """Bytes of heap, stack and arena: as MANIFEST has them, else made of it and FUNCTIONS, a list
    for each module."""
    imported = len(functions) * A_MODULE + sum(map(len, functions)) * A_FUNCTION
    heap = max(HEAP_LEAST, -(-(HEAP_FREE + imported) // HEAP_STEP) * HEAP_STEP)
    made = {'heap': heap, 'stack': STACK,
            'arena': ARENA if any(manifest.grants.values()) else ARENA_QUIET}
    return {**made, **manifest.memory}


def describe(manifest, memory):
    """In one line, with what was not given marked."""
    return 'memory: ' + ', '.join(f'{name} {size >> 10}K' + ' (computed)' * (name not in manifest.memory)
                                  for name, size in memory.items())
