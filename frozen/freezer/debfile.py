# SPDX-License-Identifier: MIT
"""Writes a Debian package: the same bytes from the same contents and $SOURCE_DATE_EPOCH, whoever
makes it, wherever."""

import dataclasses
import email.utils
import gzip
import hashlib
import os
import subprocess
from pathlib import Path

from . import epoch, output
from .errors import BuildError

TEMPLATES = Path(__file__).resolve().parent / 'debian'
SCRIPTS = ('preinst', 'postinst', 'prerm', 'postrm')
OURS = '# SPDX-License-Identifier: MIT\n'  # of the template, not of what becomes of it
NOBODY_SAYS = 'All rights reserved.'


@dataclasses.dataclass
class Package:
    name: str
    version: str
    architecture: str
    maintainer: str
    depends: str
    description: list  # the synopsis, further lines
    app: str
    app_version: str
    counter: int
    licence: str       # text; '': nobody says

    @property
    def file(self):
        return f'{self.name}_{self.version}_{self.architecture}.deb'


def _filled(package, name):
    text = (TEMPLATES / name).read_text().replace(OURS, '', 1)
    values = {'APP': package.app, 'COUNTER': str(package.counter), 'PACKAGE': package.name,
              'MAINTAINER': package.maintainer, 'LICENCE': package.licence or NOBODY_SAYS}
    for key, value in values.items():
        text = text.replace(f'@{key}@', value)
    return text


def _changelog(package):
    date = email.utils.formatdate(epoch.now())
    text = (f'{package.name} ({package.version}) stable; urgency=medium\n\n'
            f'  * Version {package.app_version} of the app {package.app}.\n\n'
            f' -- {package.maintainer}  {date}\n')
    return gzip.compress(text.encode(), mtime=0)


def _documents(package):
    place = f'usr/share/doc/{package.name}'
    log = 'changelog.Debian.gz' if '-' in package.version else 'changelog.gz'  # no revision: native
    return {f'{place}/copyright': _filled(package, 'copyright').encode(),
            f'{place}/{log}': _changelog(package),
            f'usr/share/lintian/overrides/{package.name}':
                _filled(package, 'lintian-overrides').encode()}


def _description(lines):
    return '\n'.join([lines[0], *(f' {line}' if line else ' .' for line in lines[1:])])


def _control(package, contents):
    # As dpkg-gencontrol(1) counts: files in KiB, each rounded up, and one for each directory.
    folders = {parent for path in contents for parent in Path(path).parents}
    size = sum(-(-len(data) // 1024) for data in contents.values()) + len(folders)
    return (f'Package: {package.name}\nVersion: {package.version}\n'
            f'Architecture: {package.architecture}\nMaintainer: {package.maintainer}\n'
            f'Installed-Size: {size}\nDepends: {package.depends}\nSection: misc\n'
            f'Priority: optional\nDescription: {_description(package.description)}\n')


def _write_all(root, contents, control):
    """Both below ROOT, with modes and times that depend on nothing."""
    now = epoch.now()
    everything = {path: (data, 0o644) for path, data in contents.items()}
    everything.update({f'DEBIAN/{name}': (data, 0o755 if name in SCRIPTS else 0o644)
                       for name, data in control.items()})
    for path, (data, mode) in everything.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        file.chmod(mode)
    for file in [*sorted(root.rglob('*'), reverse=True), root]:
        if file.is_dir():
            file.chmod(0o755)
        os.utime(file, (now, now))


def lay_out(package, contents, root):
    """PACKAGE with CONTENTS, {path: bytes}, below ROOT, as dpkg-deb(1) takes it."""
    contents = {path.replace('@PACKAGE@', package.name): data for path, data in contents.items()}
    contents.update(_documents(package))
    sums = ''.join(f'{hashlib.md5(data).hexdigest()}  {path}\n'
                   for path, data in sorted(contents.items()))
    control = {'control': _control(package, contents).encode(), 'md5sums': sums.encode(),
               **{name: _filled(package, name).encode() for name in SCRIPTS}}
    try:
        root.mkdir()
        _write_all(root, contents, control)
    except OSError as error:
        raise BuildError(f'{error.filename or root}: {error.strerror}') from None


def pack(root, file, work):
    """What lay_out() made below ROOT into FILE; WORK is where it is made."""
    output.check(file)
    command = ['dpkg-deb', '--root-owner-group', '-Zxz', '--threads-max=1', '--build', root, work]
    environment = {**os.environ, epoch.VARIABLE: str(epoch.now()), 'LC_ALL': 'C.UTF-8'}
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except OSError:
        raise BuildError('dpkg-deb: cannot be run; install dpkg') from None
    if done.returncode:
        raise BuildError(f'dpkg-deb: {done.stderr.strip().splitlines()[-1]}')
    output.write(file, work.read_bytes())
