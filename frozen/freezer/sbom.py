# SPDX-License-Identifier: MIT
"""What is inside an image, as an SPDX 2.3 document in JSON: the app's files with their hashes, and
what every image has of others, with its licence. Whose the app's files are, they may say themselves,
in a line with SPDX-License-Identifier.
"""

import datetime
import hashlib
import json
import re
import uuid

from . import epoch

LICENCE = re.compile(rb'SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]*[A-Za-z0-9.+)])')
UNKNOWN = 'NOASSERTION'
PUBLIC_DOMAIN = {'licenseId': 'LicenseRef-public-domain',
                 'extractedText': 'This code is released into the public domain.'}


def _created():
    when = datetime.datetime.fromtimestamp(epoch.now(), datetime.timezone.utc)
    return when.strftime('%Y-%m-%dT%H:%M:%SZ')


def _file(number, path, data, kind, licence=None):
    found = LICENCE.search(data[:4096])
    licence = licence or (found[1].decode() if found else UNKNOWN)
    return {
        'SPDXID': f'SPDXRef-File-{number}',
        'fileName': f'./{path}',
        'fileTypes': [kind],
        'checksums': [{'algorithm': name.upper(), 'checksumValue': hashlib.new(name, data).hexdigest()}
                      for name in ('sha1', 'sha256')],
        'licenseConcluded': UNKNOWN,
        'licenseInfoInFiles': [licence],
        'copyrightText': UNKNOWN,
    }


def _files(app):
    """Every file that went into the image."""
    given = [(module.path, module.data, 'SOURCE') for module in app.modules]
    given += [(f'res/{path}', data, 'OTHER') for path, data in app.contents]
    files = [_file(number, *one) for number, one in enumerate(given)]
    return files + [_file(number, module.path, module.data, 'SOURCE', 'MIT')
                    for number, module in enumerate(app.builtin, len(files))]


def _package(identifier, name, version, licence, **more):
    package = {'SPDXID': identifier, 'name': name, 'downloadLocation': UNKNOWN,
               'filesAnalyzed': False, 'licenseConcluded': UNKNOWN, 'licenseDeclared': licence,
               'copyrightText': UNKNOWN, **more}
    return {**package, 'versionInfo': version} if version else package


def _relation(element, kind, other):
    return {'spdxElementId': element, 'relationshipType': kind, 'relatedSpdxElement': other}


def describe(kit, app, image, file, version):
    """The text of the document. APP: build.App; IMAGE: the bytes of its image, to be written to
    FILE; VERSION: of mpyfreeze."""
    manifest = app.manifest
    digest = hashlib.sha256(image).hexdigest()
    files = _files(app)
    parts = [_package(f'SPDXRef-Package-{part["name"].replace("_", "-")}', part['name'],
                      part['version'], part['licence']) for part in kit.parts]
    whole = _package('SPDXRef-Image', manifest.name, manifest.version, UNKNOWN,
                     packageFileName=file.name, primaryPackagePurpose='APPLICATION',
                     checksums=[{'algorithm': 'SHA256', 'checksumValue': digest}])
    relations = [_relation('SPDXRef-DOCUMENT', 'DESCRIBES', 'SPDXRef-Image')]
    relations += [_relation('SPDXRef-Image', 'STATIC_LINK', part['SPDXID']) for part in parts]
    relations += [_relation('SPDXRef-Image', 'GENERATED_FROM', one['SPDXID']) for one in files]
    name = f'{manifest.name}-{manifest.version}'
    document = {
        'spdxVersion': 'SPDX-2.3',
        'dataLicense': 'CC0-1.0',
        'SPDXID': 'SPDXRef-DOCUMENT',
        'name': name,
        'documentNamespace': f'https://spdx.org/spdxdocs/{name}-'
                             f'{uuid.uuid5(uuid.NAMESPACE_URL, f"mpyd:{digest}")}',
        'creationInfo': {'created': _created(), 'creators': [f'Tool: mpyfreeze-{version}'],
                         'comment': 'Built with ' + ', '.join(kit.tools)},
        'packages': [whole, *parts],
        'files': files,
        'relationships': relations,
        'hasExtractedLicensingInfos': [PUBLIC_DOMAIN],
    }
    return json.dumps(document, indent=2) + '\n'
