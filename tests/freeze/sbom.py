# SPDX-License-Identifier: MIT
"""The SPDX document beside an image: by the rules of SPDX 2.3 that can be checked here, and true."""

import hashlib
import json
import re
from collections import Counter

import tap
from builds import MANIFEST, ROOT, on_bench

KINDS = {'DESCRIBES', 'STATIC_LINK', 'GENERATED_FROM'}  # those of the specification that we use
LICENCES = {'MIT', 'BSD-3-Clause', 'Zlib', 'GPL-3.0-or-later WITH GCC-exception-3.1', 'Apache-2.0',
            'MIT OR Apache-2.0', 'LicenseRef-public-domain', 'NOASSERTION'}
SIZES = {'SHA1': 40, 'SHA256': 64}
APP = {
    'main.py': '# SPDX-License-Identifier: Apache-2.0\nprint(1)\n',
    'a/b.py': '"""SPDX-License-Identifier: MIT OR Apache-2.0"""\n',
    'c.py': '',
    'www/index.html': 'text',
}


def built(bench):
    bench.built(bench.app(APP, MANIFEST + 'resources = "www"\n'))
    return json.loads(bench.image.with_suffix('.spdx.json').read_text())


def check_element(element, required):
    tap.equal(required - set(element), set(), f'{element["SPDXID"]} lacks')
    tap.true(re.fullmatch(r'SPDXRef-[A-Za-z0-9.-]+', element['SPDXID']), element['SPDXID'])
    for checksum in element.get('checksums', []):
        size = SIZES[checksum['algorithm']]
        tap.true(re.fullmatch(f'[0-9a-f]{{{size}}}', checksum['checksumValue']), str(checksum))


def check_rules(document):
    tap.equal((document['spdxVersion'], document['dataLicense'], document['SPDXID']),
              ('SPDX-2.3', 'CC0-1.0', 'SPDXRef-DOCUMENT'))
    tap.true(re.fullmatch(r'https://[A-Za-z0-9./+~-]+', document['documentNamespace']), 'namespace')
    created = document['creationInfo']['created']
    tap.true(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', created), created)
    version = re.search(r"version : '(.*?)'", (ROOT / 'meson.build').read_text())[1]
    tap.equal(document['creationInfo']['creators'], [f'Tool: mpyfreeze-{version}'])
    for package in document['packages']:
        check_element(package, {'name', 'downloadLocation', 'filesAnalyzed'})
        tap.true(package['licenseDeclared'] in LICENCES, package['licenseDeclared'])
        tap.equal(package['filesAnalyzed'], False, 'files are related to the image')
    for file in document['files']:
        check_element(file, {'fileName', 'checksums'})
        tap.true('SHA1' in {one['algorithm'] for one in file['checksums']}, 'SHA1 is mandatory')
        tap.true(file['fileName'].startswith('./'), 'relative names')
        tap.true(set(file['licenseInfoInFiles']) <= LICENCES, str(file['licenseInfoInFiles']))
    known = Counter([document['SPDXID']] + [one['SPDXID'] for one in
                                            document['packages'] + document['files']])
    tap.equal(max(known.values()), 1, 'identifiers are unique')
    for relation in document['relationships']:
        tap.true(relation['relationshipType'] in KINDS, relation['relationshipType'])
        tap.true({relation['spdxElementId'], relation['relatedSpdxElement']} <= set(known), 'ends')
    tap.equal({one['licenseId'] for one in document['hasExtractedLicensingInfos']},
              {'LicenseRef-public-domain'}, 'licences of its own are told')


def test_rules(bench):
    check_rules(built(bench))


def test_what_is_inside(bench):
    document = built(bench)
    whole = document['packages'][0]
    tap.equal((whole['name'], whole['versionInfo'], whole['packageFileName']),
              ('under-test', '1', 'app.mpyimg'))
    tap.equal(whole['checksums'][0]['checksumValue'],
              hashlib.sha256(bench.image.read_bytes()).hexdigest())
    versions = {one['name']: one.get('versionInfo', '') for one in document['packages'][1:]}
    tap.equal((set(versions), versions['MicroPython']),
              ({'mpyd', 'MicroPython', 're1.5', 'uzlib', 'crypto-algorithms', 'musl', 'libgcc'},
               '1.25.0'))
    tap.true(re.fullmatch(r'1\.2\.\d+', versions['musl']), versions['musl'])
    files = {one['fileName']: one for one in document['files']}
    for path, text, licence in (('a/b.py', APP['a/b.py'], 'MIT OR Apache-2.0'),
                                ('main.py', APP['main.py'], 'Apache-2.0'),
                                ('c.py', '', 'NOASSERTION'), ('res/index.html', 'text', 'NOASSERTION')):
        file = files[f'./{path}']
        tap.equal((file['checksums'][1]['checksumValue'], file['licenseInfoInFiles']),
                  (hashlib.sha256(text.encode()).hexdigest(), [licence]), path)
    tap.equal(files['./asyncio/core.py']['licenseInfoInFiles'], ['MIT'], 'modules of every image')
    ends = {one['relatedSpdxElement'] for one in document['relationships']}
    tap.equal({one['SPDXID'] for one in document['packages'] + document['files']} - ends, set(),
              'all is related')


def test_the_time_can_be_given(bench):
    app = bench.app(APP)
    done = bench.build(app, environment={'SOURCE_DATE_EPOCH': '86400'})
    tap.equal((done.returncode, done.stderr), (0, ''))
    document = json.loads(bench.image.with_suffix('.spdx.json').read_text())
    tap.equal(document['creationInfo']['created'], '1970-01-02T00:00:00Z')
    for text in ('soon', str(10 ** 20), ''):
        done = bench.build(app, environment={'SOURCE_DATE_EPOCH': text})
        tap.equal((done.returncode, done.stderr),
                  (1, f'mpyfreeze: SOURCE_DATE_EPOCH={text}: is no time in seconds\n'))


def tests(options):
    return on_bench(options, globals())
