# SPDX-License-Identifier: MIT
"""What mpyfreeze reads and writes, where the file is none that it should."""

import base64
import codecs
import hashlib
import json
import os
import sys

import tap
from builds import MANIFEST, on_bench
from freezer import build, keylike, sbom, sdk

WWW = MANIFEST + 'resources = "www"\n'
ELF = b'\x7fELF'
# A secret key of minisign without password and checksum; nobody trusts it.
SECRET = b'untrusted comment: of tests\n' + base64.b64encode(
    b'Ed\0\0B2' + bytes(48) + b'12345678' + bytes(96)) + b'\n'


def refused(bench, *arguments, expected):
    """mpyfreeze ends with one line, and soon."""
    done = bench.freeze(*arguments)
    tap.equal((done.returncode, done.stdout, done.stderr), (1, '', f'mpyfreeze: {expected}\n'))


def fifo(path):
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


def large(path, size, start=b''):
    """A file of SIZE bytes, which take no space."""
    with path.open('wb') as file:
        file.write(start)
        file.truncate(size)
    return path


def test_apps_of_pipes_and_devices(bench):
    for path in ('main.py', 'mpyd.toml', 'p/b.py'):
        app = bench.app({'main.py': '', 'p/b.py': ''})
        fifo(app / path)
        bench.failed(app, f'{app}/{path}: cannot be read: is no regular file')
        (app / path).unlink()
    (app / 'mpyd.toml').unlink()
    (app / 'mpyd.toml').mkdir()
    bench.failed(app, f'{app}/mpyd.toml: cannot be read: Is a directory')


def test_apps_that_are_too_large(bench):
    app = bench.app({'main.py': '', 'www/a': '', 'www/b': ''}, WWW)
    for path, size, most in (('main.py', 1 << 40, '16 MiB'), ('www/a', 1 << 40, '64 MiB'),
                             ('mpyd.toml', (1 << 20) + 1, '1 MiB')):
        old = (app / path).read_bytes()
        large(app / path, size)
        bench.failed(app, f'{app}/{path}: cannot be read: is larger than {most}')
        (app / path).write_bytes(old)
    large(app / 'www/a', 33 << 20)
    large(app / 'www/b', 33 << 20)
    bench.failed(app, f'{app}/www/b: with it the resources are larger than 64 MiB')


def test_images_and_keys_that_are_none(bench):
    image, key, pipe = bench.root / 'an image', bench.root / 'key', fifo(bench.root / 'pipe')
    bench.freeze('keygen', key)
    large(image, 3 << 30, ELF)
    for command in (['sign'], ['encrypt', '-o', bench.root / 'new']):
        refused(bench, *command, '-k', key, image,
                expected=f'{image}: cannot be read: is larger than 65 MiB')
        for other in (pipe, '/dev/zero'):
            refused(bench, *command, '-k', key, other,
                    expected=f'{other}: cannot be read: is no regular file')
    bench.built(bench.app({'main.py': ''}))
    encrypt = ['encrypt', bench.image, '-o', bench.root / 'new', '-k']
    sign = ['sign', bench.image, '-k']
    for command in (encrypt, sign):
        refused(bench, *command, '/dev/zero',
                expected='/dev/zero: cannot be read: is no regular file')
    refused(bench, *encrypt, pipe,
            expected=f'{pipe}: is no key for images; "mpyfreeze keygen" makes one')
    refused(bench, *sign, pipe, expected=f'{pipe}: is no secret key of minisign')
    large(key, 5000, b'untrusted comment: \n')
    refused(bench, *encrypt, key, expected=f'{key}: cannot be read: is larger than 256 bytes')
    refused(bench, *sign, key, expected=f'{key}: cannot be read: is larger than 4096 bytes')
    tap.true(not (bench.root / 'new').exists(), 'nothing was written')


def test_a_key_by_a_pipe(bench):
    bench.built(bench.app({'main.py': ''}))
    bench.freeze('keygen', bench.root / 'key')
    reader, writer = os.pipe()
    os.write(writer, (bench.root / 'key').read_bytes())
    os.close(writer)
    done = bench.freeze('encrypt', bench.image, '-o', bench.root / 'new', '-k', '/dev/stdin',
                        stdin=reader)
    os.close(reader)
    tap.equal((done.returncode, done.stderr.count('encrypted with key')), (0, 1), done.stderr)


def test_modules_are_read_once(bench):
    kit = sdk.load(bench.options.sdk)
    text = b'print("as it was read")\n'
    directory = bench.app({'main.py': text})
    app = build.read_app(kit, directory)
    (directory / 'main.py').write_text('password = "hunter2"\nimport nosuch\n')
    (bench.root / 'work').mkdir()
    image = build.make(kit, app, bench.root / 'work')
    (directory / 'main.py').unlink()
    bench.image.write_bytes(image)
    tap.equal(bench.said(), ['as it was read'])
    tap.true(f'module main {len(text)}' in bench.facts(), 'its size')
    files = json.loads(sbom.describe(kit, app, image, bench.image, '1'))['files']
    tap.equal([file['checksums'][1]['checksumValue'] for file in files
               if file['fileName'] == './main.py'], [hashlib.sha256(text).hexdigest()])
    tap.equal(keylike.find_warnings(app.modules, []), [], 'what it warns of')


def test_marks_at_the_beginning(bench):
    mark = codecs.BOM_UTF8
    text = mark + b'x = 1\nprint(x)\nimport b\npassword = "hunter2"\nimport nosuch\n'
    app = bench.app({'main.py': text, 'b.py': mark + b'print("b")', 'mpyd.toml': mark +
                     MANIFEST.encode()})
    done = bench.build(app)
    tap.equal((done.returncode, done.stderr.count('main.py:4: the value of "password"'),
               done.stderr.count('main.py:5: there is no module "nosuch"')), (0, 1, 1), done.stderr)
    files = json.loads(bench.image.with_suffix('.spdx.json').read_text())['files']
    tap.true(hashlib.sha256(text).hexdigest() in json.dumps(files), 'the file as it is')
    (app / 'main.py').write_bytes(text.replace(b'import nosuch\n', b''))
    bench.build(app)
    tap.equal(bench.said(), ['1', 'b'])


def test_an_empty_directory_of_resources(bench):
    app = bench.app({'main.py': 'import os\nprint(os.listdir("/res"))\n'}, WWW)
    (app / 'www').mkdir()
    bench.built(app)
    tap.equal(bench.said(), ['[]'])
    tap.true(not any(line.startswith('resource ') for line in bench.facts()), 'no resource')


def state(directory):
    return {str(file): file.read_bytes() for file in directory.rglob('*') if file.is_file()}


def test_outputs_that_would_destroy_the_app(bench):
    app = bench.app({'main.py': '', 'p/b.py': '', 'tests/test_a.py': '', 'link.py': '', 'www/x': '',
                     'other/y': '', 'mpyd.map': ''}, WWW)
    (app / 'link.py').unlink()
    (app / 'link.py').symlink_to('other/y')
    (bench.root / 'again').symlink_to('app')
    before = state(app)
    over = 'would be written over what it is made of'
    for output, expected in (
            ('app/main.py', over), ('app/mpyd.toml', over), ('app/p/b.py', over),
            ('app/other/y', over), ('app/tests/test_a.py', over), ('again/main.py', over),
            ('app/p/../main.py', over), ('app/www/x', 'is below "www" and would be a resource'),
            ('app/www/new.mpyimg', 'is below "www"'), ('again/www/new', 'is below "www"'),
            ('app/link.py', 'is there already and no regular file'), ('app', 'is a directory')):
        output = bench.root / output
        done = bench.freeze('build', app, '-o', output, '--sdk', bench.options.sdk)
        tap.equal((done.returncode, len(done.stderr.splitlines())), (1, 1), f'{output}: {done.stderr}')
        tap.true(done.stderr.startswith(f'mpyfreeze: {output}: {expected}'), done.stderr)
        tap.equal(state(app), before, str(output))
    done = bench.build(app, '--keep', app / 'www/kept')
    tap.true(done.returncode == 1 and 'kept: is below "www"' in done.stderr, done.stderr)


def test_outputs_that_are_no_files(bench):
    app = bench.app({'main.py': ''})
    pipe = fifo(bench.root / 'pipe')
    fifo(bench.root / 'x.map')
    (bench.root / 'link').symlink_to('nowhere')
    for output, named in ((pipe, pipe), (bench.root / 'link', bench.root / 'link'),
                          (bench.root / 'x.mpyimg', bench.root / 'x.map')):
        refused(bench, 'build', app, '-o', output, '--sdk', bench.options.sdk,
                expected=f'{named}: is there already and no regular file; name another')
    tap.true(pipe.is_fifo(), 'it is what it was')
    tap.true(not (bench.root / 'x.mpyimg').exists(), 'no image')


def test_outputs_of_sign_and_encrypt(bench):
    key = bench.root / 'key'
    bench.built(bench.app({'main.py': ''}))
    bench.freeze('keygen', key)
    before = bench.image.read_bytes(), key.read_bytes()
    for output in (bench.image, key):
        refused(bench, 'encrypt', bench.image, '-k', key, '-o', output,
                expected=f'{output}: would be written over what it is made of; name another file')
    tap.equal((bench.image.read_bytes(), key.read_bytes()), before)
    signature = fifo(bench.root / 'app.mpyimg.minisig')
    key.write_bytes(SECRET)
    refused(bench, 'sign', bench.image, '-k', key,
            expected=f'{signature}: is there already and no regular file; name another')


def test_what_is_no_image(bench):
    key, new = bench.root / 'key', bench.root / 'new'
    bench.freeze('keygen', key)
    bench.built(bench.app({'main.py': ''}))
    data = bench.image.read_bytes()
    large_count = data[:56] + b'\xff\xff' + data[58:]
    for other in ('/bin/ls', sys.executable, data[:4], data[:100], data[:64] + bytes(4096),
                  large_count[:400]):
        if isinstance(other, bytes):
            new.write_bytes(other)
            other = new
        for command in (['sign', other], ['encrypt', other, '-o', bench.root / 'out']):
            refused(bench, *command, '-k', key,
                    expected=f'{other}: is no image; "mpyfreeze build" makes one')


def test_comments_and_times_that_cannot_be_signed(bench):
    key = bench.root / 'key'
    key.write_bytes(SECRET)
    key.chmod(0o600)  # who lets others read it is warned
    bench.built(bench.app({'main.py': ''}))
    for arguments, environment, words in (
            (['-c', '\udcff'], {}, r"the comment '\udcff' has to be printable"),
            (['-c', 'a\nb'], {}, r"the comment 'a\nb' has to be printable, one line"),
            ([], {'SOURCE_DATE_EPOCH': 'x'}, 'SOURCE_DATE_EPOCH=x: is no time in seconds'),
            ([], {'SOURCE_DATE_EPOCH': '1' * 30}, ': is no time in seconds')):
        done = bench.freeze('sign', bench.image, '-k', key, *arguments, environment=environment)
        tap.equal((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        tap.true(words in done.stderr, done.stderr)
    odd = bench.image.rename(bench.root / '\udcff.mpyimg')
    done = bench.freeze('sign', odd, '-k', key)
    tap.equal((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
    tap.true('has to be printable' in done.stderr and '--comment' in done.stderr, done.stderr)
    tap.equal(bench.freeze('sign', odd, '-k', key, '-c', 'fine').returncode, 0)


def tests(options):
    return on_bench(options, globals())
