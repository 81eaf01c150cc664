// SPDX-License-Identifier: MIT

// The calls about the channel itself: a worker's start, sleep and end.

#include <string.h>

#include "call/stubs.h"
#include "daemon/handler.h"

int handle_channel_nop(struct call *call) {
    return 0;
}

// How many CALLS there were when the image was built is for the trace. Which of them it makes
// stands in its note, and was found here; any other ends in ENOSYS.
int handle_channel_start(struct call *call, uint32_t abi, uint32_t calls) {
    return app_introduce(call_app(call), abi);
}

int handle_channel_wait(struct call *call, uint32_t generation, int64_t timeout_usec,
                        int64_t *ret_result) {
    return call_wait(call, generation, timeout_usec, ret_result);
}

int handle_channel_cancel(struct call *call, uint32_t tag) {
    return app_cancel(call_app(call), tag);
}

int handle_channel_explain(struct call *call, struct window reason, int64_t *ret_result) {
    const char *text = app_refusal(call_app(call));
    size_t size = strlen(text);

    if (size > reason.size) {
        size = reason.size;
    }
    memcpy(reason.data, text, size);
    *ret_result = (int64_t)size;
    return 0;
}

int handle_channel_exit(struct call *call, uint32_t kind, int64_t status) {
    app_announce_exit(call_app(call), kind, (uint32_t)status);
    return 0;
}
