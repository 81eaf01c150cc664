// SPDX-License-Identifier: MIT
#include "ctl/refusal.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "ctl/exit.h"
#include "ctl/reply.h"

static const struct row {
    const char *error;
    int status;
    const char *words;
    const char *parameter; /* that follows the words; NULL: none */
} rows[] = {
    {"org.mpyd.App.NotRunning", CTL_NOT_RUNNING, "is in no state for that; it is ", "state"},
    {"org.mpyd.App.Refused", CTL_CONFIG, "", "why"},
    {"org.mpyd.App.NoSuchMessage", CTL_FAILED, "has no function for the message ", "name"},
    {"org.mpyd.App.MessageFailed", CTL_FAILED, "its function failed: ", "why"},
    {"org.mpyd.App.Timeout", CTL_FAILED, "gave no answer in time", NULL},
    {"org.mpyd.App.Busy", CTL_FAILED, "is asked too much at once; try again", NULL},
    {"org.varlink.service.PermissionDenied", CTL_DENIED,
     "may not be asked: that is for root, the group mpyd and who started it", NULL},
    {"org.varlink.service.MethodNotFound", CTL_FAILED,
     "its mpyd is older than this mpyctl and cannot do that: ", "method"},
    {"org.varlink.service.MethodNotImplemented", CTL_FAILED, "its mpyd cannot do that: ", "method"},
    {"org.varlink.service.InterfaceNotFound", CTL_FAILED, "is no app of mpyd: it has no ",
     "interface"},
    {"org.varlink.service.InvalidParameter", CTL_USAGE, "does not take the value of ", "parameter"},
};

// Parameters that are words of the command line, by what the supervisor calls them.
static const struct {
    const char *parameter, *words;
} named[] = {
    {"groups", "there is no such group of calls (-g); mpyd-calls(7) lists them"},
    {"calls", "there is no such call (-c); mpyd-calls(7) lists them"},
    {"errors", "no call fails with such an error (-e); mpyd-calls(7) lists them"},
};

// Returns whether it is one of those, having said what is wrong.
static bool tell_named(const char *app, const char *parameter) {
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        if (strcmp(named[i].parameter, parameter) == 0) {
            log_error("%s: %s", app, named[i].words);
            return true;
        }
    }
    return false;
}

int refusal_tell(const char *app, const char *error, struct json_object *parameters) {
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *row = &rows[i];

        if (strcmp(row->error, error) == 0) {
            const char *text = row->parameter ? reply_text_or(parameters, row->parameter, "?") : "";

            if (row->status != CTL_USAGE || !tell_named(app, text)) {
                log_error("%s: %s%s", app, row->words, text);
            }
            return row->status;
        }
    }
    log_error("%s: answered the error %s", app, error);
    return CTL_FAILED;
}
