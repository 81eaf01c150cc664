// SPDX-License-Identifier: MIT

#include "call/stubs.h"
#include "daemon/handler.h"

int handle_log_write(struct call *call, uint32_t level, const char *text) {
    app_write_log(call_app(call), (int)level, text);
    return 0;
}
