# SPDX-License-Identifier: MIT
"""Which calls an image can make: by the names that occur in its code, since code comes to a module
of the virtual machine by its name only.

The SDK knows which calls are behind which of its modules, and behind which function of the module
"calls" (vm/reach.py). A name made at run time can be any.
"""

MAKERS = {'__import__'}                  # with these, any module
TAKERS = {'getattr', '__dict__', '*'}    # with these, all of a module


def _texts(modules, strings, n_own):
    """The strings of the app's modules, the first N_OWN, and of those of the SDK that they name."""
    names = set().union(*strings[:n_own])
    rest = list(zip(modules[n_own:], strings[n_own:]))
    while True:
        reached = [found for module, found in rest if module.package in names]
        rest = [(module, found) for module, found in rest if module.package not in names]
        if not reached:
            return names
        names = names.union(*reached)


def _comes_to(names, place):
    """Whether code with NAMES can come to PLACE, a module or a function of one."""
    module, _, function = place.partition('.')
    return bool(MAKERS & names or (
        {module, f'u{module}'} & names and (not function or {function, *TAKERS} & names)))


def find_calls(kit, modules, strings, n_own):
    """Of kit.calls those an image of MODULES can make. STRINGS: of each, what functions.strings()
    says; the first N_OWN modules are the app's, all others the SDK's."""
    names = _texts(modules, strings, n_own)
    reached = {call for place, calls in kit.reach.items()
               if not place or _comes_to(names, place) for call in calls}
    return [call for call in kit.calls if kit.call_names[call[0]] in reached]
