# SPDX-License-Identifier: MIT
"""mpyfreeze deb: a Debian package of an app's image, its signature and the vendor's public key. What
its maintainer scripts do is the machine's mpyd's to know: mpyd-package(8)."""

import dataclasses
import json
import os
import re
import tempfile
from pathlib import Path

from . import build, debfile, envelope, files, judge, manifest, minisign, notes, sdk, sign
from .errors import BuildError, RefusedError
from .messages import say, warn_of_readers

PACKAGE = re.compile(r'[a-z0-9][a-z0-9+.-]+', re.ASCII)
VERSION = re.compile(r'[0-9][0-9A-Za-z.+~]*(-[0-9A-Za-z.+~]+)*', re.ASCII)
MAINTAINER = re.compile(r'[^<>,"()\\]+ <[^<>@\s]+@[^<>@\s]+>')
ARCHITECTURES = {62: 'amd64', 183: 'arm64'}  # e_machine of ELF
PREFIX = 'mpyd-app-'
OURS = re.compile(r'mpyd(-(?!app-).*)?')  # what mpyd's own packages are called, or may be one day
CONFIG_MAX = 64 << 10   # bytes
OF_ALL = 'A frozen MicroPython app, which mpyd(8) runs as a locked-down service.'
TEXT_MAX = 1 << 20      # bytes of a licence


@dataclasses.dataclass
class Image:
    """What is to be packed."""
    data: bytes
    about: dict        # its manifest
    target: tuple      # as of notes.target()
    beside: Path       # where it is, or was built
    licence: str       # of the app; '': nobody says


def _licence(given, directory):
    """The text of the app's licence: the file GIVEN, or what stands in its DIRECTORY."""
    places = [given] if given else [directory / name for name in ('LICENSE', 'LICENCE', 'COPYING')]
    for place in places:
        if given or place.is_file():
            return files.read(place, TEXT_MAX).decode('utf-8', 'replace').strip()
    return ''


def _describe(file, data, licence):
    """The Image in the bytes DATA of FILE, as far as it is one."""
    if data.startswith(envelope.MAGIC):
        raise BuildError(f'{file}: is encrypted, which hides what the package has to say; name the '
                         'app\'s directory, and the key with --encrypt')
    try:
        about = json.loads(notes.contents(data)[notes.MANIFEST])
        target = notes.target(data)
        name, version = about['name'], about['version']
        texts = (name, version, about.get('description', ''))
        counter = about.get('counter', 0)
    except (KeyError, TypeError, ValueError):
        raise BuildError(f'{file}: has no manifest that could be read; build it again') from None
    if not (all(isinstance(text, str) for text in texts) and manifest.NAME.fullmatch(name)
            and manifest.VERSION.fullmatch(version)):
        raise BuildError(f'{file}: its manifest has no name, version and description as apps have them')
    judge.check_name(file, name)
    # It goes into a script that root runs.
    if type(counter) is not int or not 0 <= counter <= manifest.COUNTER_MAX:
        raise BuildError(f'{file}: the counter in its manifest is none')
    return Image(data, about, target, Path(file), licence)


def _build(given, work):
    """The image of the app in the directory that is GIVEN."""
    file = work / f'{manifest.read(given.what).name}.mpyimg'
    _, data = build.build(sdk.load(given.sdk), given.what, file, given.version)
    return _describe(file, data, _licence(given.copyright, given.what))


def _load(given):
    data = envelope.read_image(given.what)
    return _describe(given.what, data, _licence(given.copyright, given.what.parent)
                     if given.copyright else '')


def _signed(given, image):
    """(bytes of the image, bytes of its signature, the public key)."""
    data, name = image.data, image.about['name']
    if given.encrypt:
        warn_of_readers(given.encrypt)
        data = envelope.seal(data, envelope.read_key(given.encrypt))
    if given.key and given.public:
        raise BuildError('--key signs, --public is of an image that is signed already: name one of them')
    if given.key:
        key = minisign.read_secret_key(given.key, lambda: sign.password(given.password_file))
        warn_of_readers(given.key)
        comment = given.comment or f'{name} {image.about["version"]}'
        return data, minisign.sign(key, data, comment), key.public
    signature = image.beside.with_name(image.beside.name + sign.SUFFIX)
    if given.what.is_dir():
        raise BuildError('nobody has signed it: name the secret key with --key; what is signed elsewhere '
                         'is an image, made by "mpyfreeze build"')
    if not given.public:
        raise BuildError('nobody has signed it: name the secret key with --key, or the public one of '
                         f'{signature} with --public')
    key = minisign.read_public_key(given.public)
    text = files.read(signature, minisign.FILE_MAX + minisign.COMMENT_MAX)
    minisign.check(signature, text, data, key)
    return data, text, key


def _maintainer(given):
    name, mail = os.environ.get('DEBFULLNAME'), os.environ.get('DEBEMAIL')
    text = given.maintainer or (f'{name} <{mail}>' if name and mail else mail)
    if not text:
        raise BuildError('whose package is it? Say so with --maintainer "NAME <ADDRESS>", or in '
                         '$DEBFULLNAME and $DEBEMAIL')
    if not MAINTAINER.fullmatch(text) or not text.isprintable():
        raise BuildError(f'{text[:80]!a}: is not of the form NAME <ADDRESS>; name another with '
                         '--maintainer')
    return text


def _matching(pattern, text, what):
    if not pattern.fullmatch(text):
        raise BuildError(what.format(text))
    return text


def _name(given, image):
    name = _matching(PACKAGE, given.package or PREFIX + image.about['name'],
                     '--package {!a}: is no name for a package')
    if OURS.fullmatch(name) and not given.tree:  # a source package says what its packages are called
        raise RefusedError(f'--package "{name}": is reserved for mpyd\'s own packages; one of an app is '
                           f'called {PREFIX}..., or as you like without mpyd in front')
    return name


def _architecture(image):
    machine = image.target[1]
    if machine not in ARCHITECTURES:
        raise BuildError(f'{image.beside}: is for machine {machine} of ELF, for which there are no '
                         'packages')
    return ARCHITECTURES[machine]


def _description(given, image):
    """The synopsis and further lines."""
    text = given.description or image.about.get('description') or ''
    lines = [line.strip() for line in text.strip().splitlines()]
    if any(not line.isprintable() for line in lines):
        raise BuildError('the description has to be printable')
    lines = lines or [f'app {image.about["name"]}']
    return lines if len(lines) > 1 else [*lines, OF_ALL]


def _package(given, image):
    """The debfile.Package of IMAGE but for its files."""
    about = image.about
    return debfile.Package(
        name=_name(given, image),
        version=_matching(VERSION, given.package_version or about['version'],
                          'the version {!a} is none that dpkg orders: a digit, then letters, digits '
                          'and . + ~ -, which is not the last; name another with --package-version'),
        architecture=_architecture(image), maintainer=_maintainer(given),
        depends=f'mpyd, mpyd-abi-{image.target[0]}', description=_description(given, image),
        app=about['name'], app_version=about['version'], counter=about.get('counter', 0),
        licence=image.licence)


def _key_file(app, key):
    return (f'# Who signs the app {app}: a machine that has its package runs what this key signed, '
            f'as {app}.\n[key]\npublic = {key.text}\napps = {app}\n').encode()


def _defaults(given, image):
    """The bytes of the vendor's configuration."""
    text = files.read(given.config, CONFIG_MAX)
    try:
        root = sdk.find(given.sdk)
    except BuildError:
        root = None  # an image that was built already needs none
    judge.check_config(given.config, text, image, root)
    return text


def _contents(given, image):
    """{path: bytes} of what is the app's in the package."""
    app = image.about['name']
    data, signature, key = _signed(given, image)
    place = f'usr/lib/mpyd/images/{app}.mpyimg'
    found = {place: data, place + sign.SUFFIX: signature,
             f'usr/lib/mpyd/keys.d/{app}.key': _key_file(app, key)}
    for number, file in enumerate(given.trust, 1):
        found[f'usr/lib/mpyd/keys.d/{app}.{number}.key'] = _key_file(
            app, minisign.read_public_key(file))
    if given.config:
        found[f'usr/lib/mpyd/{app}.conf'] = _defaults(given, image)
    bill = build.beside(image.beside, '.spdx.json')
    if bill.is_file():
        found[f'usr/share/doc/@PACKAGE@/{app}.spdx.json'] = files.read(bill, envelope.FILE_MAX)
    return found


def arguments(parser):
    parser.add_argument('what', metavar='DIR', type=Path,
                        help='the app, or an image that was built already')
    parser.add_argument('-k', '--key', metavar='FILE', type=Path,
                        help='the secret key to sign the image with, made by "minisign -G"')
    parser.add_argument('-p', '--password-file', metavar='FILE', type=Path,
                        help='its first line is the password of the key; otherwise it is asked for')
    parser.add_argument('-P', '--public', metavar='FILE', type=Path,
                        help='of an image that is signed already: the public key')
    parser.add_argument('--trust', metavar='FILE', type=Path, action='append', default=[],
                        help='another public key that is to be good for the app: the former, or the '
                        'next; can be given several times')
    parser.add_argument('-c', '--comment', metavar='TEXT', help='what is signed with the image')
    parser.add_argument('--encrypt', metavar='FILE', type=Path,
                        help='encrypt the image with this key, made by "mpyfreeze keygen"')
    parser.add_argument('-m', '--maintainer', metavar='TEXT',
                        help='"NAME <ADDRESS>" (else of $DEBFULLNAME and $DEBEMAIL)')
    parser.add_argument('--package', metavar='NAME', help=f'(default: {PREFIX}APP)')
    parser.add_argument('--package-version', metavar='VERSION', help='(default: the app\'s)')
    parser.add_argument('--description', metavar='TEXT', help='(default: the manifest\'s)')
    parser.add_argument('--copyright', metavar='FILE', type=Path,
                        help='the app\'s licence (default: LICENSE or COPYING in DIR)')
    parser.add_argument('--config', metavar='FILE', type=Path,
                        help='the vendor\'s defaults, mpyd.conf(5)')
    parser.add_argument('-o', '--output', metavar='FILE', type=Path,
                        help='the package, or a directory for it (default: here)')
    parser.add_argument('--tree', metavar='DIR', type=Path,
                        help='lay the package out below DIR, which must not be there, and make none')
    sdk.argument(parser)


def run(given):
    with tempfile.TemporaryDirectory(prefix='mpyfreeze-') as name:
        work = Path(name)
        if not given.what.is_dir() and given.encrypt:
            raise BuildError(f'{given.what}: name the app\'s directory to have it encrypted')
        image = _build(given, work) if given.what.is_dir() else _load(given)
        package = _package(given, image)
        output = given.output or Path()
        if output.is_dir():
            output /= package.file
        tree = given.tree or work / 'package'
        debfile.lay_out(package, _contents(given, image), tree)
        if given.tree:
            return
        debfile.pack(tree, output, work / 'package.deb')
    say(f'{output}: {package.name} {package.version}, {package.architecture}')
