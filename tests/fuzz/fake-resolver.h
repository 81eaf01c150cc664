// SPDX-License-Identifier: MIT
#pragma once

// A resolver in place of daemon/network/resolver.c: who asks is answered when the input says so,
// and what.

#include <stdbool.h>
#include <stdint.h>

struct input;
struct resolver;

struct resolver *fake_resolver_new(void);

// Answers lookup number WHICH of those under way (modulo) as INPUT says. False: there are none.
bool fake_resolver_answer(struct resolver *resolver, uint32_t which, struct input *input);

// The next lookup is answered before resolver_ask() returns, as from the hosts file.
void fake_resolver_answer_next(struct resolver *resolver, struct input *input);
