# SPDX-License-Identifier: MIT
"""Grants, PROTOCOL:[HOST:]PORT[-PORT], checked at build time by the rules of daemon/network/policy-rule.c,
which decides at run time. tests/freeze/grants.txt holds both to the same answers."""

import ipaddress
import re

LABEL = re.compile(r'(?!-)[a-z0-9_-]{1,63}(?<!-)', re.IGNORECASE | re.ASCII)
SIZE_MAX = 319


class GrantError(ValueError):
    """What is wrong with a grant."""


def _number(text, maximum):
    """A decimal number up to MAXIMUM, or None."""
    if not re.fullmatch(r'[0-9]{1,9}', text, re.ASCII) or int(text) > maximum:
        return None
    return int(text)


def _check_ports(text):
    if text == '*':
        return
    first, dash, last = text.partition('-')
    low = _number(first, 65535)
    if low is None:
        raise GrantError(f'"{first}" is no port; write 0 to 65535, a range or *')
    if dash:
        high = _number(last, 65535)
        if high is None or high < low:
            raise GrantError(f'"{text}" is no range of ports')


def _check_network(host, prefix, version):
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is None or address.version != version or '%' in host:
        raise GrantError(f'"{host}" is no IPv{version} address')
    length = address.max_prefixlen
    if prefix is not None:
        length = _number(prefix, address.max_prefixlen)
        if length is None:
            raise GrantError(f'"{prefix}" is no prefix length up to {address.max_prefixlen}')
    if int(address) & ((1 << (address.max_prefixlen - length)) - 1):
        raise GrantError(f'{host} has bits set beyond the prefix /{length}')
    mapped = getattr(address, 'ipv4_mapped', None)
    if prefix is None and int(mapped if mapped is not None else address) == 0:
        raise GrantError(f'write * for every address, not {host}')
    if mapped is not None and length < 96:
        raise GrantError(f'{host}/{length} is wider than the mapped IPv4 addresses')


def _check_name(direction, host):
    name = host.removeprefix('*.')
    labels = name.removesuffix('.').split('.')
    size = len(name.removesuffix('.'))
    if size > 253 or not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise GrantError(f'"{host}" is neither an address nor a host name')
    is_localhost = name == host and labels[-1].lower() == 'localhost'
    if direction == 'listen' and not is_localhost:
        raise GrantError(f'listen on an address, not on a name ("{host}")')


def _check_host(direction, host):
    if host == '*':
        return
    if not host:
        raise GrantError('no host stands before the port')
    if host.startswith('['):
        inner, bracket, after = host[1:].partition(']')
        if not bracket or (after and not after.startswith('/')):
            raise GrantError('the address in [] does not end before the port')
        address, slash, prefix = (inner + after).partition('/')
        _check_network(address, prefix if slash else None, 6)
        return
    if ':' in host:
        raise GrantError('an IPv6 address stands in []')
    address, slash, prefix = host.partition('/')
    if slash or re.fullmatch(r'[0-9.]*', address, re.ASCII):
        _check_network(address, prefix if slash else None, 4)
        return
    _check_name(direction, host)


def check_grant(direction, text):
    """Raises GrantError unless TEXT is a grant to 'listen' or to 'connect'."""
    if len(text) > SIZE_MAX or not text.isascii() or not text.isprintable():
        raise GrantError('a grant is at most 319 printable ASCII characters')
    protocol, colon, rest = text.partition(':')
    if not colon or protocol not in ('tcp', 'udp'):
        raise GrantError('a grant begins with tcp: or udp:')
    host, colon, ports = rest.rpartition(':')
    if not colon and rest.startswith('['):
        raise GrantError('no port follows the address')
    _check_ports(ports)
    if colon:
        _check_host(direction, host)
