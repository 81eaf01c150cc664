// SPDX-License-Identifier: MIT
#pragma once

// Forks a process that keeps the rights the test was started with, and looks things up in /proc for
// it. It ends with its socket.
void inspector_fork(void);
