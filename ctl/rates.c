// SPDX-License-Identifier: MIT
#include "ctl/rates.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/reply.h"

#define CALLS "mpyd_calls"
#define FAILURES "mpyd_call_failures"
#define DURATIONS "mpyd_call_duration_seconds"
#define BUCKETS_MAX 64u

// Whether SAMPLE is of SUFFIX, of the group GROUP ("": of any) and, unless that is NULL, of LE.
static bool is_sample(struct json_object *sample, const char *suffix, const char *group,
                      const char *le) {
    struct json_object *labels = reply_object(sample, "labels");

    return strcmp(reply_text_or(sample, "suffix", ""), suffix) == 0 &&
           (!group[0] || strcmp(reply_text_or(labels, "group", ""), group) == 0) &&
           (!le || strcmp(reply_text_or(labels, "le", ""), le) == 0);
}

static double sum(struct json_object *reply, const char *name, const char *suffix,
                  const char *group, const char *le) {
    struct json_object *family = reply_find(reply, "families", "name", name), *sample;
    double value = 0;

    for (size_t i = 0; (sample = reply_member(family, "samples", i)); i++) {
        value += is_sample(sample, suffix, group, le) ? reply_value(sample, "value") : 0;
    }
    return value;
}

// By how much a counter grew; one that fell began anew.
static double growth(struct json_object *before, struct json_object *after, const char *name,
                     const char *suffix, const char *group, const char *le) {
    double now = sum(after, name, suffix, group, le), then = sum(before, name, suffix, group, le);

    return now >= then ? now - then : now;
}

// -- how long calls took -------------------------------------------------------------------------

struct bucket {
    double end, n; /* so many took at most so many seconds */
};

// The buckets of the first group stand for all: they are the same for each.
static size_t read_buckets(struct json_object *before, struct json_object *after, const char *group,
                           struct bucket buckets[BUCKETS_MAX]) {
    struct json_object *family = reply_find(after, "families", "name", DURATIONS), *sample;
    const char *first = NULL;
    size_t n = 0;

    for (size_t i = 0; (sample = reply_member(family, "samples", i)) && n < BUCKETS_MAX; i++) {
        struct json_object *labels = reply_object(sample, "labels");
        const char *of = reply_text_or(labels, "group", ""), *le = reply_text(labels, "le");

        if (!le || !is_sample(sample, "_bucket", group, NULL)) {
            continue;
        }
        first = first ? first : of;
        if (strcmp(of, first) == 0) {
            buckets[n].end = strtod(le, NULL);
            buckets[n++].n = growth(before, after, DURATIONS, "_bucket", group, le);
        }
    }
    return n;
}

static bool is_empty(const struct bucket *buckets, size_t n) {
    return n == 0 || buckets[n - 1].n <= 0;
}

// The end of the bucket below which PART of all calls ended.
static double quantile(const struct bucket *buckets, size_t n_buckets, double part) {
    double all = n_buckets > 0 ? buckets[n_buckets - 1].n : 0;

    for (size_t i = 0; i < n_buckets && all > 0; i++) {
        if (buckets[i].n >= part * all) {
            return buckets[i].end;
        }
    }
    return -1;
}

// -- all of it -----------------------------------------------------------------------------------

static void fill(struct json_object *before, struct json_object *after, double seconds,
                 struct rates *rates) {
    struct bucket buckets[BUCKETS_MAX];
    size_t n = read_buckets(before, after, rates->group, buckets);

    if (is_empty(buckets, n)) {
        n = read_buckets(NULL, after, rates->group, buckets);
        rates->is_since_start = true;
    }
    rates->calls = growth(before, after, CALLS, "_total", rates->group, NULL) / seconds;
    rates->failures = growth(before, after, FAILURES, "_total", rates->group, NULL) / seconds;
    rates->median = quantile(buckets, n, 0.5);
    rates->slow = quantile(buckets, n, 0.99);
}

size_t rates_of(struct json_object *before, struct json_object *after, double seconds,
                struct rates rates[RATES_GROUPS_MAX + 1]) {
    struct json_object *family = reply_find(after, "families", "name", CALLS), *sample;
    size_t n = 1;

    rates[0] = (struct rates){0};
    fill(before, after, seconds, &rates[0]);
    for (size_t i = 0; (sample = reply_member(family, "samples", i)) && n <= RATES_GROUPS_MAX;
         i++) {
        const char *group = reply_text_or(reply_object(sample, "labels"), "group", "");

        if (!is_sample(sample, "_total", "", NULL) || !group[0]) {
            continue;
        }
        rates[n] = (struct rates){0};
        (void)snprintf(rates[n].group, sizeof(rates[n].group), "%s", group);
        fill(before, after, seconds, &rates[n]);
        n += rates[n].calls > 0;
    }
    return n;
}
