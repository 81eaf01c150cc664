// SPDX-License-Identifier: MIT
#pragma once

// Where systemd finds the credentials of apps, "mpyd.APP.NAME" in its stores: systemd.exec(5).

enum credential_place {
    CREDENTIAL_ABSENT,
    CREDENTIAL_UNKNOWN,   /* a store that this user may not look into might have it */
    CREDENTIAL_PLAIN,     /* for LoadCredential=, and none is encrypted */
    CREDENTIAL_ENCRYPTED, /* for LoadCredentialEncrypted= */
};

#define CREDENTIAL_STORE "/etc/credstore" /* an administrator's */

// Where the credential NAME of the app APP is. Of two an encrypted one counts: systemd 257 finds it
// for LoadCredential=, too, and does not decrypt it then.
enum credential_place credential_find(const char *app, const char *name);
