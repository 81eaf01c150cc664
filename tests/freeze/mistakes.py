# SPDX-License-Identifier: MIT
"""What mpyfreeze warns of and freezes all the same: what looks like a secret. Imports: builds.py."""

import tap
from builds import MANIFEST, on_bench
from freezer import keylike

PEM = '-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n'
SECRETS = [
    'KEY = "0123456789abcdef0123456789abcdee"',
    'x = b"\\x8a\\x01\\xff\\x10\\x93\\x7c\\xee\\x00\\xd2\\x45\\x67\\x89\\xab\\xcd\\xef\\x11"',
    'x = f("pJ3x9QkT0vWm2ZrB7nYc5LdH8sGf1AeU6iOq4XtK")',
    'password = "hunter2"',
    'self.wifi_password = b"let-me-in"',
    'connect(api_key="abc-1234")',
    'config = {"mqtt_token": "x7-9f"}  # too short\nconfig = {"mqtt_token": "x7-9f2"}',
    'psk: str = "12345678a"',
    f'x = """{PEM}"""',
]
NONE = [
    'password = ""', 'password = input()', 'token = "identifier"', 'PASSWORD = "the password"',
    'x = "0123456789abcdef"', 'x = "00000000000000000000000000000000"', 'token = 123456789',
    'x = "a_long_name_of_something_that_is_no_key_at_all"', 'x = b"sixteen letters."',
    'x = "https://www.example.org/Path/To/Something9/And/More/Of/It"', 'x = "é" * 32',
    'KEY = "0123456789abcdef0123456789abcdee"  # a digest, not a key', 'x = (', 'password = "\\ud800a1b2c3"',
]


def test_secrets_are_found(_):
    for text in SECRETS:
        tap.equal(len(keylike.find_secrets(text.encode())), 1, text)
    tap.equal(keylike.find_secrets(b'\n\npassword = "hunter2"; x = 1\n'),
              [(3, 'the value of "password"')])


def test_what_is_no_secret_is_not(_):
    for text in NONE[:-1]:
        tap.equal(keylike.find_secrets(text.encode()), [], text)
    tap.equal(len(keylike.find_secrets(NONE[-1].encode())), 1, 'a lone surrogate is no obstacle')


def test_warnings_of_a_build(bench):
    done = bench.build(bench.app({'main.py': 'x = 1\npassword = "hunter2"\n', 'www/key.pem': PEM,
                                  'www/cert.pem': PEM.replace('PRIVATE KEY', 'CERTIFICATE')},
                                 MANIFEST + 'resources = "www"\n'))
    tap.equal((done.returncode, [line.partition(' looks like')[0] for line in
                                 done.stderr.splitlines()]),
              (0, [f'mpyfreeze: warning: {bench.root}/app/main.py:2: the value of "password"',
                   'mpyfreeze: warning: key.pem: a private key']), done.stderr)
    tap.true('hunter2' not in done.stderr, 'the secret is not repeated')
    tap.true(bench.image.exists(), 'the image is made')


def tests(options):
    return on_bench(options, globals())
