// SPDX-License-Identifier: MIT
#pragma once

// The steps of a start up to the drop of every privilege: files are opened, and of what they hold
// only what the administrator wrote is read. In the order of run.c. Each returns 0 or the exit
// status (enum supervise_exit), having logged why.

struct running;

int prepare_check_pages(struct running *running);
int prepare_choose_name(struct running *running);
int prepare_open_image(struct running *running);
int prepare_open_signature(struct running *running);
int prepare_read_config(struct running *running);
int prepare_choose_cpu(struct running *running);
int prepare_make_channel(struct running *running);
int prepare_fork_spawner(struct running *running);
int prepare_read_trust(struct running *running);
int prepare_make_app(struct running *running);
int prepare_make_control(struct running *running);
int prepare_open_given(struct running *running);
int prepare_open_state(struct running *running);
int prepare_read_secrets(struct running *running);
int prepare_confine(struct running *running);
