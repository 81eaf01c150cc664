// SPDX-License-Identifier: MIT
#pragma once

// Events that an administrator may look for: "journalctl MESSAGE_ID=..." finds all of a kind, and
// systemd/mpyd.catalog, which must have an entry for each, says what to do ("journalctl -x"). An id
// is never changed and never used again.

#define MESSAGE_ID_CRASH "dde119cfdddb4c1b93ea7869dec9992c"
#define MESSAGE_ID_GAVE_UP "8bf17210eef14a23923b92850ea113d2"
#define MESSAGE_ID_CORRUPT "245c3ac281514b96b771dad59317e67a"
#define MESSAGE_ID_DEGRADED "105a2bcefd5f4805ae178155a0377e77"
#define MESSAGE_ID_UNTRUSTED "ef0603421a984cd7ab5f13bba94bef7d"
#define MESSAGE_ID_LOCKED "29907bd17b8a47dbb71d379d9b351e3b"
#define MESSAGE_ID_REFUSED_CLIENT "103626ab62594fb28b7bb66a028fdadf"
#define MESSAGE_ID_DROPPED "64abbf94c552424fb3b8657f11a49688"
#define MESSAGE_ID_UPDATE_CONFIRMED "ccd4934625304bf3b18ab3d3b5978565"
#define MESSAGE_ID_ROLLED_BACK "e8e3b860aa10413ab081bf02f4ac6723"
