// SPDX-License-Identifier: MIT
#pragma once

// What the answer of an app's supervisor to Status (org.mpyd.App) says about a trial.

#define HEALTH_WHY_SIZE 120 /* bytes of a reason, NUL included */

struct json_object;

enum health {
    HEALTH_UNKNOWN, /* nothing is known against it yet */
    HEALTH_GOOD,    /* it runs, is ready and has not failed */
    HEALTH_BAD,
};

// Judges STATUS, for the trial of IMAGE (as of struct image). An answer that is not of the form, or
// of another image, says nothing. Writes WHY, a few words, if it is bad.
enum health health_judge(struct json_object *status, const char *image, char why[HEALTH_WHY_SIZE]);
