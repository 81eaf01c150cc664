// SPDX-License-Identifier: MIT
#pragma once

// The steps of a start after the drop: the image is checked, read and given to the spawner. In the
// order of run.c. Each returns 0 or the exit status (enum supervise_exit), having logged why.

struct running;

int load_image(struct running *running);
int load_check(struct running *running);
int load_check_sizes(struct running *running);
int load_make_policy(struct running *running);
int load_keep_secrets(struct running *running);
int load_keep_given(struct running *running);
int load_open_storage(struct running *running);
int load_confine_ports(struct running *running);
int load_size_app(struct running *running);
int load_open_crashes(struct running *running);
int load_configure_spawner(struct running *running);
