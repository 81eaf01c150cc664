// SPDX-License-Identifier: MIT
#pragma once

// mpyctl doctor: what is checked, a file of checks for each area.

enum doctor_level {
    DOCTOR_GOOD,
    DOCTOR_NOTE,    /* works, and could be better */
    DOCTOR_PROBLEM, /* apps do not run, or not safely */
};

struct doctor; /* what was found so far */

// Notes a finding; REMEDY says what to do, and is NULL only of what is good. Copies are kept.
void doctor_find(struct doctor *doctor, enum doctor_level level, const char *remedy,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

// The checks. Each finds something, good or bad.
void doctor_check_kernel(struct doctor *doctor);
void doctor_check_layers(struct doctor *doctor);
void doctor_check_keys(struct doctor *doctor);
void doctor_check_units(struct doctor *doctor);
void doctor_check_apps(struct doctor *doctor);
void doctor_check_storage(struct doctor *doctor);
void doctor_check_clock(struct doctor *doctor);
