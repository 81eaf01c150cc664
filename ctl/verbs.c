// SPDX-License-Identifier: MIT
#include "ctl/verbs.h"

#define APPS "Apps"
#define WATCH "What apps do"
#define HOST "This machine"
#define UPDATES "Updates"
#define IMAGES "Images, which are read and not run"

// group, name, operands, help, options, function
const struct verb verbs[] = {
    {APPS, "call", "APP NAME [ARGUMENT]", "Has a function of the app do something.", call_options,
     call_run},
    {APPS, "disable", "APP", "Has an app not started with the machine any more.", disable_options,
     disable_run},
    {APPS, "enable", "APP", "Has an app started with the machine, with what it is granted.",
     enable_options, enable_run},
    {APPS, "list", NULL, "Lists the apps that are running, installed or enabled.", list_options,
     list_run},
    {APPS, "reload", "APP...", "Has apps read their configuration again.", reload_options,
     reload_run},
    {APPS, "restart", "APP...", "Ends the worker and starts the next; state is kept.",
     restart_options, restart_run},
    {APPS, "start", "APP...", "Starts the units of apps.", start_options, start_run},
    {APPS, "status", "[APP...]", "Shows how apps are: all in a table, or each at length.",
     status_options, status_run},
    {APPS, "stop", "APP...", "Stops apps, or their units.", stop_options, stop_run},
    {WATCH, "crash", "[APP...]", "Tells how workers ended badly, and what they did last.",
     crash_options, crash_run},
    {WATCH, "logs", "[APP...]", "Shows what apps and their units said.", logs_options, logs_run},
    {WATCH, "metrics", "[APP...]", "Prints metrics for Prometheus.", metrics_options, metrics_run},
    {WATCH, "policy explain", "APP [ACTION] [ADDRESS]", "Tells what an app may do, and why.",
     policy_explain_options, policy_explain_run},
    {WATCH, "top", "[APP...]", "Shows what apps do, again and again.", top_options, top_run},
    {WATCH, "trace", "APP", "Prints the calls of an app live.", trace_options, trace_run},
    {UPDATES, "install", "IMAGE", "Puts an image into an app's free slot and tries it.",
     install_options, install_run},
    {UPDATES, "rollback", "APP", "Goes back to the image before.", rollback_options, rollback_run},
    {IMAGES, "inspect", "IMAGE", "Shows what an image is, holds and wants.", inspect_options,
     inspect_run},
    {IMAGES, "layout", "[IMAGE]",
     "Shows the map of an image's memory, or checks a list of regions.", layout_options,
     layout_run},
    {IMAGES, "symbolize", "CRASH", "Puts lines of the source into a traceback that has offsets.",
     symbolize_options, symbolize_run},
    {IMAGES, "verify", "IMAGE", "Tells whether an image is trusted here, by mpyd's own steps.",
     verify_options, verify_run},
    {HOST, "complete", "WORD...", "Tells shells what may follow these words.", complete_options,
     complete_run},
    {HOST, "config diff", "A B", "Compares the configurations of two apps, or two files.",
     config_diff_options, config_diff_run},
    {HOST, "config show", "APP", "Shows what an app's configuration comes to, and from where.",
     config_show_options, config_show_run},
    {HOST, "doctor", NULL, "Looks for what keeps apps from running, and says what to do.",
     doctor_options, doctor_run},
    {0},
};
