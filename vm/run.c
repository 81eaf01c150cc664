// SPDX-License-Identifier: MIT
#include "vm/run.h"

#include <string.h>
#include <unistd.h>

#include "py/builtin.h"
#include "py/cstack.h"
#include "py/frozenmod.h"
#include "py/gc.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/runtime/gchelper.h"

#include "call/calls.h"
#include "call/proxies.h"
#include "call/wire.h"
#include "vm/app.h"
#include "vm/heap.h"
#include "vm/log.h"
#include "vm/modmpyd.h"
#include "vm/resources.h"
#include "vm/socket.h"
#include "vm/stop.h"
#include "vm/storage.h"
#include "vm/upcall.h"

#define APP_STATUS_MAX 119 /* of sys.exit(); above are enum wire_exit's */
#define PATH_SIZE 256u

extern const struct _mp_dummy_t mp_sys_stderr_obj;
static const mp_print_t print_stderr = {(void *)(uintptr_t)&mp_sys_stderr_obj,
                                        mp_stream_write_adaptor};

static void __attribute__((noreturn)) end_worker(int status) {
    upcall_end();
    if (status != WIRE_EXIT_ABORT) {
        socket_later_finish();
    }
    log_flush(&log_stdout);
    log_flush(&log_stderr);
    upcall_exit();
    (void)call_channel_exit(status <= APP_STATUS_MAX ? WIRE_EXIT_OK : (uint32_t)status, status);
    _exit(status);
}

// Tells the supervisor what of the app runs next.
static void enter(enum app_enter_phase phase) {
    struct heap_usage usage = heap_usage();

    (void)call_app_enter(phase, (int64_t)usage.size, (int64_t)usage.used);
}

// What sys.exit(value) means: nothing or None is 0, a number is itself (what is outside 0..119
// becomes 119), anything else is printed and 1.
static int exit_status(mp_obj_t exception) {
    mp_obj_t value = mp_obj_exception_get_value(exception);
    mp_int_t number = 0;

    if (value == mp_const_none) {
        return WIRE_EXIT_OK;
    }
    if (!mp_obj_is_int(value) && !mp_obj_is_bool(value)) {
        mp_obj_print_helper(&print_stderr, value, PRINT_STR);
        mp_print_str(&print_stderr, "\n");
        return 1;
    }
    if (!mp_obj_get_int_maybe(value, &number) || number < 0 || number > APP_STATUS_MAX) {
        return APP_STATUS_MAX;
    }
    return (int)number;
}

static bool is_a(mp_obj_t exception, const mp_obj_type_t *type) {
    return mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(exception)),
                                   MP_OBJ_FROM_PTR(type));
}

// Logs what nothing caught. Returns the worker's exit status.
static int judge(mp_obj_t exception) {
    if (stop_is_cause(MP_OBJ_TO_PTR(exception))) {
        return WIRE_EXIT_STOPPED;
    }
    if (is_a(exception, &mp_type_SystemExit)) {
        return exit_status(exception);
    }
    // From the next call on, what is written as an error is the traceback.
    log_flush(&log_stdout);
    log_flush(&log_stderr);
    enter(APP_ENTER_PHASE_FAILED);
    mp_obj_print_exception(&print_stderr, exception);
    return is_a(exception, &mp_type_MemoryError) ? WIRE_EXIT_HEAP : WIRE_EXIT_EXCEPTION;
}

// As judge(), for which printing may run code of the app that raises in turn.
static int judge_protected(mp_obj_t exception) {
    nlr_buf_t nlr;
    int status = WIRE_EXIT_EXCEPTION;

    if (nlr_push(&nlr) == 0) {
        status = judge(exception);
        nlr_pop();
    }
    return status;
}

// Calls FUNCTION. Returns WIRE_EXIT_OK, or how the exception that left it ends the worker.
static int run_protected(void (*function)(void)) {
    nlr_buf_t nlr = {0};

    if (nlr_push(&nlr) == 0) {
        nlr_set_abort(&nlr);
        function();
        // A stop that came with the last instruction is still a stop.
        mp_handle_pending(true);
        nlr_pop();
        return WIRE_EXIT_OK;
    }
    return nlr.ret_val == NULL ? WIRE_EXIT_ABORT : judge_protected(MP_OBJ_FROM_PTR(nlr.ret_val));
}

static bool module_exists(const char *name) {
    char path[PATH_SIZE];
    size_t length = strlen(name);

    if (length + sizeof(".py") > sizeof(path)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        path[i] = (char)(name[i] == '.' ? '/' : name[i]);
    }
    memcpy(path + length, ".py", sizeof(".py"));
    return mp_find_frozen_module(path, NULL, NULL) == MP_IMPORT_STAT_FILE;
}

static void prepare(void) {
    mp_obj_t frozen = MP_OBJ_NEW_QSTR(MP_QSTR__dot_frozen);

    mp_sys_path = mp_obj_new_list(1, &frozen);
    mp_obj_list_init(MP_OBJ_TO_PTR(mp_sys_argv), 0);
    mp_obj_list_append(mp_sys_argv, mp_obj_new_str_from_cstr(app_image.name));
    for (const char *const *argument = app_image.arguments; *argument != NULL; argument++) {
        mp_obj_list_append(mp_sys_argv, mp_obj_new_str_from_cstr(*argument));
    }
    modmpyd_start();
    resources_mount(app_image.resources, app_image.resources_size);
    storage_mount();
    gc_collect();
}

static void run_boot(void) {
    if (app_image.boot != NULL) {
        enter(APP_ENTER_PHASE_BOOT);
        (void)mp_import_name(qstr_from_str(app_image.boot), mp_const_none, MP_OBJ_NEW_SMALL_INT(0));
        gc_collect();
    }
}

static void run_entry(void) {
    enter(APP_ENTER_PHASE_ENTRY);
    // False as the list of names asks the importer to make it __main__.
    mp_obj_t args[] = {mp_obj_new_str_from_cstr(app_image.entry), mp_const_none, mp_const_none,
                       mp_const_false};

    mp_builtin___import__(MP_ARRAY_SIZE(args), args);
}

static void run_atexit(void) {
    mp_obj_t function = MP_STATE_VM(sys_exitfunc);

    MP_STATE_VM(sys_exitfunc) = mp_const_none;
    if (mp_obj_is_callable(function)) {
        enter(APP_ENTER_PHASE_EXIT);
        mp_call_function_0(function);
    }
}

void run_app(void) {
    static void (*const steps[])(void) = {prepare, run_boot, run_entry};
    int status = WIRE_EXIT_OK;

    mp_cstack_init_with_top(__builtin_frame_address(0), app_image.stack_size);
    gc_init(app_image.heap, app_image.heap + app_image.heap_size);
    mp_init();
    upcall_start();
    if (!module_exists(app_image.entry) ||
        (app_image.boot != NULL && !module_exists(app_image.boot))) {
        end_worker(WIRE_EXIT_IMAGE);
    }
    for (size_t i = 0; status == WIRE_EXIT_OK && i < MP_ARRAY_SIZE(steps); i++) {
        status = run_protected(steps[i]);
    }
    if (status != WIRE_EXIT_ABORT) {
        int atexit_status = run_protected(run_atexit);

        status =
            status == WIRE_EXIT_OK || atexit_status == WIRE_EXIT_ABORT ? atexit_status : status;
    }
    end_worker(status);
}

void gc_collect(void) {
    gc_collect_start();
    gc_helper_collect_regs_and_stack();
    gc_collect_end();
}

// An exception with no handler left: every path of ours has one, so this is a bug of ours.
void nlr_jump_fail(void *exception) {
    (void)exception;
    end_worker(WIRE_EXIT_NLR);
}
