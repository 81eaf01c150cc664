# SPDX-License-Identifier: MIT
"""Which calls the virtual machine can make, by itself and through each of its modules.

Every function and every constant has a section of its own in mpyvm.o, and the relocations of a section
say which others it refers to: what is reached from a module's object is all that its code can come to.
The tables by which an import finds a module are not followed.
"""

import re
import struct

HEADER = struct.Struct('<16sHHIQQQIHHHHHH')
SECTION = struct.Struct('<IIQQQQIIQQ')
SYMBOL = struct.Struct('<IBBHQQ')
RELOCATION = struct.Struct('<QQq')
SYMBOLS, RELOCATIONS = 2, 4      # sh_type
RESERVED = 0xff00                # section numbers from here on are none
PROXY = 'call_'                  # call/gencalls: call_GROUP_NAME()
START = ('main', 'mp_type_', 'mp_fun_table')  # what libc and an app's own objects refer to
# Calls posted by their numbers, with no proxy, by the code that calls this one ('': by any).
# tests/freeze/calls.py knows where.
POSTED = {'': {'channel.cancel'}, 'socket.recv': {'socket.receive'}}
DIRECT = re.compile(r'calls_(\w+)_object')  # a function of the module "calls" (generated module.c)
CUT = ('mp_builtin_module_table', 'mp_builtin_extensible_module_table')


def _text(data, start):
    return data[start:data.index(b'\0', start)].decode()


def _read_symbols(data, sections):
    """Section number of each symbol in the order of the table, and by name."""
    table = next(section for section in sections if section[1] == SYMBOLS)
    names = sections[table[6]][4]
    places, named = [], {}
    for symbol in SYMBOL.iter_unpack(data[table[4]:table[4] + table[5]]):
        place = symbol[3] if 0 < symbol[3] < RESERVED else None
        places.append(place)
        if symbol[0] and place is not None:
            named[_text(data, names + symbol[0])] = place
    return places, named


class Graph:
    """Sections of a relocatable ELF file of 64 bits, and what they refer to."""

    def __init__(self, data):
        header = HEADER.unpack_from(data)
        sections = [SECTION.unpack_from(data, header[6] + index * header[11])
                    for index in range(header[12])]
        places, self.named = _read_symbols(data, sections)
        self.targets = {}
        for section in sections:
            if section[1] == RELOCATIONS:
                content = data[section[4]:section[4] + section[5]]
                found = {places[info >> 32] for _, info, _ in RELOCATION.iter_unpack(content)}
                self.targets.setdefault(section[7], set()).update(found - {None})

    def reached(self, start, cut=()):
        """Sections reached from those in START; of those in CUT, none is followed."""
        found, waiting = set(), set(start)
        while waiting:
            section = waiting.pop()
            found.add(section)
            if section not in cut:
                waiting |= self.targets.get(section, set()) - found
        return found


def _find_proxies(graph, calls):
    """Section to call, of those the compiler made clones of too."""
    proxies = {PROXY + call.replace('.', '_'): call for call in calls}
    found = {section: proxies[name.partition('.')[0]] for name, section in graph.named.items()
             if name.partition('.')[0] in proxies}
    missing = set(calls) - set(found.values())
    if missing:
        raise ValueError(f'no proxy of {", ".join(sorted(missing))} in the object')
    return found


def find_calls(data, modules, calls):
    """DATA: the bytes of mpyvm.o. MODULES: name of each module and symbol of its object. CALLS: names
    as in GROUP.NAME. Returns the calls reached without any module, under '', and those that each
    module adds, sorted; of the module "calls", each of its functions."""
    graph = Graph(data)
    proxies = _find_proxies(graph, calls)
    cut = {graph.named[name] for name in CUT}

    def found(start):
        sections = graph.reached({graph.named[name] for name in start}, cut)
        reached = {proxies[section] for section in sections if section in proxies}
        return reached.union(*(POSTED.get(call, ()) for call in reached))

    base = found(name for name in graph.named if name.startswith(START)) | POSTED['']
    starts = {name: symbol for name, symbol in modules.items() if name != 'calls'}
    for name in graph.named:
        if function := DIRECT.match(name):
            starts[f'calls.{function[1]}'] = name
    return {'': sorted(base), **{name: sorted(found([symbol]) - base)
                                 for name, symbol in sorted(starts.items())}}
