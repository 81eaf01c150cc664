// SPDX-License-Identifier: MIT
#include "vm/run.h"
#include "vm/start.h"

int main(void) {
    start_worker();
    run_app();
}
