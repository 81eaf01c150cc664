# SPDX-License-Identifier: MIT
"""mpyfreeze deb: what is in a package, that it is the same bytes again, and what is refused."""

import json
import os
import re
import subprocess

import tap
from builds import MANIFEST, ROOT, on_bench

WHOSE = ('--maintainer', 'Acme <apps@acme.example>')
APP = {'main.py': 'print("tick")\n', 'LICENSE': 'Do as you please.\n'}
DATE = {'SOURCE_DATE_EPOCH': '1700000000'}
PLACE = 'usr/lib/mpyd'


def keys(bench, name='vendor'):
    files = [bench.root / f'{name}.{kind}' for kind in ('sec', 'pub')]
    subprocess.run(['minisign', '-G', '-W', '-s', files[0], '-p', files[1]], check=True,
                   stdout=subprocess.DEVNULL)
    return files


def pack(bench, *arguments, environment=None, stdin=None):
    sdk = {'MPYD_SDK': str(bench.options.sdk)}
    return bench.freeze('deb', *arguments, environment={**sdk, **DATE, **(environment or {})},
                        stdin=stdin)


def packed(bench, *arguments, environment=None):
    output = bench.root / 'app.deb'
    done = pack(bench, *arguments, '-o', output, environment=environment)
    tap.equal((done.returncode, done.stdout), (0, ''), done.stderr)
    return output


def refused(bench, text, *arguments, status=1):
    done = pack(bench, *arguments, stdin=subprocess.DEVNULL)
    tap.equal((done.returncode, done.stdout), (status, ''), done.stderr)
    tap.equal(len(done.stderr.splitlines()), 1, f'lines of {done.stderr!r}')
    tap.true(text in done.stderr, f'{done.stderr!r}: not {text!r}')
    tap.equal(list(bench.root.glob('*.deb')), [], 'no package')


def ask(*words):
    done = subprocess.run(['dpkg-deb', *map(str, words)], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def unpacked(bench, package):
    root = bench.root / 'unpacked'
    ask('-R', package, root)
    return root


def listed(package):
    """{path: (mode, owner)} of the files of PACKAGE."""
    found = {}
    for line in ask('-c', package).splitlines():
        fields = line.split()
        if not fields[-1].endswith('/'):
            found[fields[-1].removeprefix('./')] = (fields[0], fields[1])
    return found


def test_package_has_what_the_manifest_says(bench):
    secret, _ = keys(bench)
    manifest = 'description = "keeps the time"\n' + MANIFEST
    package = packed(bench, bench.app(APP, manifest), '--key', secret, *WHOSE)
    fields = dict(line.split(': ', 1) for line in ask('-f', package).splitlines() if line[0] != ' ')
    tap.equal({key: fields[key] for key in ('Package', 'Version', 'Maintainer', 'Depends',
                                            'Description')}, {
        'Description': 'keeps the time',
        'Package': 'mpyd-app-under-test', 'Version': '1', 'Maintainer': WHOSE[1],
        'Depends': 'mpyd, mpyd-abi-1'})
    tap.equal(fields['Architecture'], ask('-f', package, 'Architecture').strip())
    files = listed(package)
    tap.equal(set(files.values()), {('-rw-r--r--', 'root/root')})
    tap.true({f'{PLACE}/images/under-test.mpyimg', f'{PLACE}/images/under-test.mpyimg.minisig',
              f'{PLACE}/keys.d/under-test.key'} <= set(files), str(files))
    tap.equal([path for path in files if not re.match(r'usr/(lib/mpyd|share/(doc|lintian))/', path)], [])


def test_image_and_key_of_a_package_fit(bench):
    secret, public = keys(bench)
    root = unpacked(bench, packed(bench, bench.app(APP), '--key', secret, *WHOSE))
    image = root / PLACE / 'images/under-test.mpyimg'
    subprocess.run(['minisign', '-V', '-p', public, '-m', image], check=True, stdout=subprocess.DEVNULL)
    tap.equal((root / PLACE / 'keys.d/under-test.key').read_text().splitlines()[1:],
              ['[key]', f'public = {public.read_text().splitlines()[1]}', 'apps = under-test'])


def test_scripts_are_whole_and_hand_over(bench):
    secret, _ = keys(bench)
    manifest = 'counter = 7\n' + MANIFEST
    root = unpacked(bench, packed(bench, bench.app(APP, manifest), '--key', secret, *WHOSE))
    for name in ('preinst', 'postinst', 'prerm', 'postrm'):
        script = root / 'DEBIAN' / name
        text = script.read_text()
        tap.true('@' not in text.replace('"$@"', ''), f'{name}: something was not filled in')
        tap.true('under-test' in text, name)
        tap.equal(script.stat().st_mode & 0o7777, 0o755, name)
        subprocess.run(['shellcheck', '-s', 'sh', script], check=True)
    tap.true('COUNTER=7 ' in (root / 'DEBIAN/preinst').read_text(), 'the counter')


def test_licences_are_in_a_package(bench):
    secret, _ = keys(bench)
    app = bench.app(APP)
    root = unpacked(bench, packed(bench, app, '--key', secret, *WHOSE))
    text = (root / 'usr/share/doc/mpyd-app-under-test/copyright').read_text()
    for part in (APP['LICENSE'].strip(), 'Damien P. George', 'The mpyd authors',
                 'Permission is hereby granted'):
        tap.true(part in text, part)


def test_same_app_makes_the_same_bytes(bench):
    secret, _ = keys(bench)
    app = bench.app(APP)
    first = packed(bench, app, '--key', secret, *WHOSE).read_bytes()
    for file in [app, *app.iterdir()]:
        os.utime(file, (1, 1))
    umask = os.umask(0o077)
    second = packed(bench, app, '--key', secret, *WHOSE,
                    environment={'TZ': 'Asia/Tokyo', 'LC_ALL': 'C', 'HOME': '/nonexistent'})
    os.umask(umask)
    tap.true(first == second.read_bytes(), 'the same bytes')


def test_lintian_has_nothing_to_say(bench):
    secret, _ = keys(bench)
    package = packed(bench, bench.app(APP), '--key', secret, *WHOSE)
    done = subprocess.run(['lintian', '--allow-root', package],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    tap.equal((done.returncode, done.stdout), (0, ''), done.stderr)


def test_image_that_was_signed_elsewhere(bench):
    secret, public = keys(bench)
    bench.built(bench.app(APP))
    tap.equal(bench.freeze('sign', bench.image, '--key', secret).returncode, 0)
    signature = bench.image.with_name(bench.image.name + '.minisig')
    root = unpacked(bench, packed(bench, bench.image, '--public', public, *WHOSE))
    tap.equal((root / PLACE / 'images/under-test.mpyimg.minisig').read_bytes(), signature.read_bytes())
    tap.equal((root / PLACE / 'images/under-test.mpyimg').read_bytes(), bench.image.read_bytes())


def test_image_that_another_signed_or_nobody_is_refused(bench):
    secret, _ = keys(bench)
    _, other = keys(bench, 'other')
    bench.built(bench.app(APP))
    refused(bench, 'nobody has signed it', bench.image, *WHOSE)
    refused(bench, 'No such file', bench.image, '--public', other, *WHOSE)
    bench.freeze('sign', bench.image, '--key', secret)
    refused(bench, 'is by key', bench.image, '--public', other, *WHOSE)
    with open(bench.image, 'r+b') as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    refused(bench, 'is not of this image', bench.image, '--public', bench.root / 'vendor.pub', *WHOSE)


def test_defaults_that_mpyd_refuses_are_refused(bench):
    secret, _ = keys(bench)
    config = bench.root / 'some.conf'
    arguments = (bench.app(APP), '--key', secret, '--config', config, *WHOSE)
    for text, why in (('[update]\nprobatoin = 5s\n', f'{config}:2: there is no key probatoin in [update]'),
                      ('[nothing]\n', f'{config}:1: there is no section [nothing]'),
                      ('[grants]\nlisten = tcp:*:1\n', f'{config}:2: listen = tcp:*:1 would widen')):
        config.write_text(text)
        refused(bench, why, *arguments, status=4)
    config.write_bytes(b'[app]\0\n')
    refused(bench, str(config), *arguments, status=4)


def test_defaults_of_an_image_for_another_machine_are_judged_by_themselves(bench):
    secret, public = keys(bench)
    bench.built(bench.app(APP))
    content = bytearray(bench.image.read_bytes())
    [other] = {62, 183} - {content[18]}
    content[18] = content[content.index(b'MPYDUSR\0') + 16] = other
    bench.image.write_bytes(content)
    config = bench.root / 'some.conf'
    config.write_text('[update]\nprobatoin = 5s\n')
    arguments = (bench.image, '--key', secret, '--config', config, *WHOSE)
    refused(bench, 'there is no key probatoin', *arguments, status=4)
    config.write_text('[update]\nprobation = 5s\n')
    architecture = ask('-f', packed(bench, *arguments), 'Architecture').strip()
    tap.equal(architecture, {62: 'amd64', 183: 'arm64'}[other])


def test_names_that_are_mpyds_are_refused(bench):
    secret, _ = keys(bench)
    signed = (bench.app(APP), '--key', secret, *WHOSE)
    for name in ('mpyd', 'mpyd-dev', 'mpyd-demo', 'mpyd-doc', 'mpyd-abi-1'):
        refused(bench, f'"{name}": is reserved', *signed, '--package', name, status=4)
    packed(bench, *signed, '--package', 'mpyd-app-of-ours')
    packed(bench, *signed, '--package', 'mpydays')
    bench.built(bench.app(APP, MANIFEST.replace('under-test', 'mpxd-thing'), 'named'))
    image = bench.image.read_bytes()
    bench.image.write_bytes(image.replace(b'"mpxd-thing"', b'"mpyd-thing"'))
    (bench.root / 'app.deb').unlink()
    refused(bench, 'is called "mpyd-thing", which is reserved', bench.image, *signed[1:], status=4)


def test_manifest_that_no_app_has_is_refused(bench):
    secret, _ = keys(bench)
    bench.built(bench.app(APP, 'description = "with room for what is put in its place"\n' + MANIFEST))
    image = bench.image.read_bytes()
    start = image.index(b'{"format":')
    text, end = json.JSONDecoder().raw_decode(image[start:].decode('latin-1'))
    for key, value in (('counter', '0; exit #'), ('counter', -1), ('counter', 1 << 32), ('counter', True),
                       ('counter', 1.5), ('description', 7), ('name', 'a b'), ('version', '1;2')):
        spoilt = {**text, 'description': '', key: value}
        spoilt = json.dumps(spoilt, separators=(',', ':')).encode().ljust(end)
        tap.equal(len(spoilt), end, 'as long as before')
        bench.image.write_bytes(image[:start] + spoilt + image[start + end:])
        refused(bench, 'its manifest', bench.image, '--key', secret, *WHOSE)


def test_tree_has_what_the_package_has(bench):
    secret, _ = keys(bench)
    app, tree = bench.app(APP), bench.root / 'tree'
    root = unpacked(bench, packed(bench, app, '--key', secret, *WHOSE))
    done = pack(bench, app, '--key', secret, *WHOSE, '--tree', tree)
    tap.equal((done.returncode, done.stdout, done.stderr), (0, '', ''))
    subprocess.run(['diff', '-r', root, tree], check=True)
    done = pack(bench, app, '--key', secret, *WHOSE, '--package', 'mpyd-demo', '--tree', bench.root / 'ours')
    tap.equal(done.returncode, 0, f'of a source package: {done.stderr}')
    (bench.root / 'app.deb').unlink()
    refused(bench, 'File exists', app, '--key', secret, *WHOSE, '--tree', tree)


def test_more_keys_and_defaults_are_packed(bench):
    secret, _ = keys(bench)
    _, former = keys(bench, 'former')
    config = bench.root / 'some.conf'
    config.write_text('[update]\nprobation = 5s\n')
    root = unpacked(bench, packed(bench, bench.app(APP), '--key', secret, '--trust', former,
                                  '--config', config, *WHOSE))
    tap.true(former.read_text().splitlines()[1] in
             (root / PLACE / 'keys.d/under-test.1.key').read_text(), 'the former key')
    tap.equal((root / PLACE / 'under-test.conf').read_text(), config.read_text())


def test_key_with_a_password_needs_no_terminal(bench):
    secret, public = bench.root / 'locked.sec', bench.root / 'locked.pub'
    made = subprocess.run(['minisign', '-G', '-s', secret, '-p', public], input='sesame\nsesame\n',
                          stdout=subprocess.DEVNULL, text=True, check=False)
    tap.equal(made.returncode, 0)
    app = bench.app(APP)
    refused(bench, 'no terminal', app, '--key', secret, *WHOSE)
    (bench.root / 'password').write_text('sesame\n')
    packed(bench, app, '--key', secret, '--password-file', bench.root / 'password', *WHOSE)


def test_encrypted_image_is_packed(bench):
    secret, _ = keys(bench)
    key = bench.root / 'image.key'
    tap.equal(bench.freeze('keygen', key).returncode, 0)
    root = unpacked(bench, packed(bench, bench.app(APP), '--key', secret, '--encrypt', key, *WHOSE))
    image = root / PLACE / 'images/under-test.mpyimg'
    tap.true(image.read_bytes().startswith(b'MPYDENC'), 'encrypted')
    (bench.root / 'app.deb').unlink()
    refused(bench, 'is encrypted', image, '--key', secret, *WHOSE)


def test_what_dpkg_would_not_take_is_refused(bench):
    secret, public = keys(bench)
    app = bench.app(APP)
    signed = (app, '--key', secret)
    refused(bench, '--maintainer', *signed)
    for whose in ('Acme', 'Acme <apps>', 'A <a@b>, C <c@d>', 'A\n <a@b.example>'):
        refused(bench, '--maintainer', *signed, '--maintainer', whose)
    refused(bench, 'no name for a package', *signed, *WHOSE, '--package', 'Upper')
    for version in ('x1', '1 2', '1:2', '1-'):
        refused(bench, 'a digit, then letters', *signed, *WHOSE, '--package-version', version)
    refused(bench, 'secret key with --key;', app, '--public', public, *WHOSE)
    refused(bench, 'name one of them', *signed, '--public', public, *WHOSE)
    refused(bench, 'printable', *signed, *WHOSE, '--description', 'a\x07b')
    refused(bench, 'no public key', *signed, *WHOSE, '--trust', secret)
    refused(bench, 'nothere', bench.root / 'nothere', '--key', secret, *WHOSE)
    refused(bench, 'is no image', ROOT / 'README.md', '--key', secret, *WHOSE)
    odd = bench.app(APP, MANIFEST.replace('"1"', '"v1"'), 'odd')
    refused(bench, 'a digit, then letters', odd, '--key', secret, *WHOSE)


def tests(options):
    return on_bench(options, globals())
