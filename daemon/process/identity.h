// SPDX-License-Identifier: MIT
#pragma once

// Whom the processes of an app become when mpyd is started as root: two unprivileged ids of its
// own, from the range that Debian policy leaves to dynamically allocated users (as systemd's
// DynamicUser= does), chosen by the app's name so that they are the same every time. Whether
// somebody else has them is not asked: that would be a question to the network on some machines,
// asked as root. mpyd(8) says so; a service is started under ids that the service manager has found
// free.

#include <sys/types.h>

#define IDENTITY_MIN 61184u
#define IDENTITY_MAX 65519u

void identity_of(const char *name, uid_t *ret_supervisor, uid_t *ret_worker);
