// SPDX-License-Identifier: MIT
#pragma once

// All that mpyctl can do, a file VERB.c each.

#include "ctl/verb.h"

// A row each, group by group, ascending by name within each; ends with a NULL name.
extern const struct verb verbs[];

extern const struct verb_option call_options[];
int call_run(const struct verb_arguments *arguments);

extern const struct verb_option disable_options[];
int disable_run(const struct verb_arguments *arguments);
extern const struct verb_option enable_options[];
int enable_run(const struct verb_arguments *arguments);
extern const struct verb_option install_options[];
int install_run(const struct verb_arguments *arguments);

extern const struct verb_option rollback_options[];
int rollback_run(const struct verb_arguments *arguments);

extern const struct verb_option inspect_options[];
int inspect_run(const struct verb_arguments *arguments);

extern const struct verb_option layout_options[];
int layout_run(const struct verb_arguments *arguments);

extern const struct verb_option list_options[];
int list_run(const struct verb_arguments *arguments);

extern const struct verb_option reload_options[];
int reload_run(const struct verb_arguments *arguments);

extern const struct verb_option restart_options[];
int restart_run(const struct verb_arguments *arguments);

extern const struct verb_option start_options[];
int start_run(const struct verb_arguments *arguments);

extern const struct verb_option status_options[];
int status_run(const struct verb_arguments *arguments);

extern const struct verb_option stop_options[];
int stop_run(const struct verb_arguments *arguments);

extern const struct verb_option symbolize_options[];
int symbolize_run(const struct verb_arguments *arguments);

extern const struct verb_option verify_options[];
int verify_run(const struct verb_arguments *arguments);

extern const struct verb_option crash_options[];
int crash_run(const struct verb_arguments *arguments);

extern const struct verb_option logs_options[];
int logs_run(const struct verb_arguments *arguments);

extern const struct verb_option metrics_options[];
int metrics_run(const struct verb_arguments *arguments);

extern const struct verb_option policy_explain_options[];
int policy_explain_run(const struct verb_arguments *arguments);

extern const struct verb_option trace_options[];
int trace_run(const struct verb_arguments *arguments);

extern const struct verb_option top_options[];
int top_run(const struct verb_arguments *arguments);

extern const struct verb_option complete_options[];
int complete_run(const struct verb_arguments *arguments);

extern const struct verb_option config_diff_options[];
int config_diff_run(const struct verb_arguments *arguments);

extern const struct verb_option config_show_options[];
int config_show_run(const struct verb_arguments *arguments);

extern const struct verb_option doctor_options[];
int doctor_run(const struct verb_arguments *arguments);
