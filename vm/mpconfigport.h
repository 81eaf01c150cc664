// SPDX-License-Identifier: MIT
#pragma once

// What this MicroPython is made of: everything upstream offers, less what a frozen app must not
// have. Options that are left out have upstream's default for the level below.

#include <alloca.h>
#include <errno.h>
#include <stdint.h>

#include "vm/stop.h"

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EVERYTHING)

// No source code reaches a worker: no compiler, parser, prompt, eval, and no way to load bytecode
// that was not verified with the image.
#define MICROPY_ENABLE_COMPILER (0)
#define MICROPY_PY_BUILTINS_COMPILE (0)
#define MICROPY_PY_BUILTINS_EVAL_EXEC (0)
#define MICROPY_PY_BUILTINS_EXECFILE (0)
#define MICROPY_PERSISTENT_CODE_LOAD (0)
#define MICROPY_PERSISTENT_CODE_SAVE (0)
#define MICROPY_PY_MARSHAL (0)
#define MICROPY_PY_FUNCTION_ATTRS_CODE (1) /* without marshal, __code__ is only what is frozen */
#define MICROPY_PY_BUILTINS_CODE (MICROPY_PY_BUILTINS_CODE_BASIC)
#define MICROPY_HELPER_REPL (0)
#define MICROPY_PY_SYS_PS1_PS2 (0)
#define MICROPY_PY_BUILTINS_INPUT (0) /* vm/stdio.c: a service has no standard input */
#define MICROPY_PY_BUILTINS_HELP (0)  /* for people at a prompt */
#define MICROPY_READER_POSIX (0)
#define MICROPY_READER_VFS (0)
#define MICROPY_PY_SYS_EXECUTABLE (0) /* nothing to name: the image is a sealed memfd */
#define MICROPY_PY_SYS_EXC_INFO (1)   /* frozen/boot/logging.py: the traceback of what is handled */

// Modules come frozen in the image, and only so: vm/run.c sets sys.path, whose default also holds
// '', which would let a file shadow a frozen module.
#define MICROPY_MODULE_FROZEN_MPY (1)
#define MICROPY_MODULE_FROZEN_STR (0)
#define MICROPY_QSTR_EXTRA_POOL mp_qstr_frozen_const_pool
#define MICROPY_ENABLE_EXTERNAL_IMPORT (1)
#define MICROPY_PY_SYS_PATH_ARGV_DEFAULTS (0)
#define MICROPY_MODULE_OVERRIDE_MAIN_IMPORT (1) /* the entry runs as __main__ */

// Must agree with what frozen/mpyfreeze passes to mpy-cross and mpy-tool (sdk.json).
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MPZ_DIG_SIZE (32)
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_DOUBLE)
#if defined(__x86_64__)
#define MICROPY_EMIT_X64 (1) /* runs frozen @native and @viper; without a compiler no emitter */
#endif

// Speed: worth 1.6 times upstream's standard build together with -O2 -flto.
#define MICROPY_OPT_COMPUTED_GOTO (1)
#define MICROPY_OPT_MAP_LOOKUP_CACHE_SIZE (1024)

// One heap of fixed size, inside the image (vm/app.h).
#define MICROPY_ENABLE_GC (1)
#define MICROPY_MEM_STATS (1) /* micropython.mem_total() and the like */
#define MICROPY_MALLOC_USES_ALLOCATED_SIZE (1)

// A worker that runs out must still be able to say so.
#define MICROPY_ENABLE_EMERGENCY_EXCEPTION_BUF (1)
#define MICROPY_EMERGENCY_EXCEPTION_BUF_SIZE (256)
#define MICROPY_STACK_CHECK (1)
#define MICROPY_STACK_CHECK_MARGIN (8192) /* C code between two checks, a call included */
#define MICROPY_ERROR_REPORTING (MICROPY_ERROR_REPORTING_DETAILED)
#define MICROPY_WARNINGS (1)      /* where upstream does less than Python */
#define MICROPY_GCREGS_SETJMP (1) /* registers read by name are only a guess under LTO */

// Stopping: the loop polls the control word (vm/stop.h).
#define MICROPY_VM_HOOK_LOOP stop_poll();
#define MICROPY_KBD_EXCEPTION (1)
#define MICROPY_ENABLE_VM_ABORT (1)
#define MICROPY_ENABLE_SCHEDULER (1)
#define MICROPY_SCHEDULER_STATIC_NODES (1) /* vm/upcall.c: an app cannot fill their queue */

// Waiting: one call, never a poll loop. MICROPY_EVENT_POLL_HOOK stays undefined for it.
#define MICROPY_INTERNAL_WFE(timeout_ms) wait_for_event(timeout_ms)
#define MICROPY_PY_SELECT (1)
#define MICROPY_PY_SELECT_POSIX_OPTIMISATIONS (0) /* would poll() descriptors */

// Time: one clock (vm/clock.c), Unix epoch, libc's calendar.
#define MICROPY_PY_TIME (1)
#define MICROPY_PY_TIME_INCLUDEFILE "vm/modtime.c"
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (0)
#define MICROPY_PY_TIME_EXTRA_GLOBALS                                                              \
    {MP_ROM_QSTR(MP_QSTR_gmtime), MP_ROM_PTR(&time_gmtime_obj)},                                   \
        {MP_ROM_QSTR(MP_QSTR_localtime), MP_ROM_PTR(&time_gmtime_obj)},                            \
        {MP_ROM_QSTR(MP_QSTR_mktime), MP_ROM_PTR(&time_mktime_obj)},
#define MICROPY_PY_TIME_TIME_TIME_NS (1)
#define MICROPY_PY_TIME_CUSTOM_SLEEP (1) /* microseconds, and no undefined behaviour below zero */
#define MICROPY_EPOCH_IS_1970 (1)

// Randomness: the supervisor's, through a call.
#define MICROPY_PY_OS_INCLUDEFILE "vm/modos.c"
#define MICROPY_PY_OS_URANDOM (1)
#define MICROPY_PY_OS_SYNC (1)
#define MICROPY_PY_OS_UNAME (1)
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC (random_seed())
uint32_t random_seed(void); /* vm/random.h, which extmod/modrandom.c does not include */

// Files: the image's resources, read in place (vm/resources.c), the app's storage (vm/storage.c),
// and what an app mounts, which are objects of its own. None is ever imported from.
#define MICROPY_VFS (1)
#define MICROPY_VFS_ROM (1)
#define MICROPY_VFS_ROM_IOCTL (0)
#define MICROPY_PY_VFS (1)

// sys
#define MICROPY_PY_SYS_PLATFORM "mpyd"
#define MICROPY_PY_SYS_ATEXIT (1)
#define MICROPY_PY_SYS_EXC_INFO (1)
#define MICROPY_PY_SYS_STDFILES (1)
#define MICROPY_HW_BOARD_NAME "mpyd"
#define MICROPY_HW_MCU_NAME MICROPY_PLATFORM_ARCH

// Modules that are ours, or that make no sense in a worker.
#define MICROPY_PY_SOCKET (0) /* vm/modsocket.c: IPv6 too, over calls */
#define MICROPY_PY_MACHINE (0)
#define MICROPY_PY_NETWORK (0)
#define MICROPY_PY_WEBSOCKET (1)
#define MICROPY_PY_THREAD (0) /* a worker cannot make one */
#define MICROPY_PY_UCTYPES_NATIVE_C_TYPES (1)

// Denials have a type of their own (vm/error.c); input() is at its end (vm/stdio.c).
#define MICROPY_PORT_BUILTINS                                                                      \
    {MP_ROM_QSTR(MP_QSTR_PermissionError), MP_ROM_PTR(&mp_type_PermissionError)},                  \
        {MP_ROM_QSTR(MP_QSTR_input), MP_ROM_PTR(&stdio_input_obj)},
extern const struct _mp_obj_type_t mp_type_PermissionError;
extern const struct _mp_obj_fun_builtin_var_t stdio_input_obj;

// The errors that calls and files give, by name; upstream's list has fewer.
// clang-format off
#define MICROPY_PY_ERRNO_LIST                                                                      \
    X(EPERM) X(ENOENT) X(EIO) X(EBADF) X(EAGAIN) X(ENOMEM) X(EACCES) X(EBUSY) X(EEXIST) X(ENODEV)  \
    X(ENOTDIR) X(EISDIR) X(EINVAL) X(ENFILE) X(EMFILE) X(ENOSPC) X(EROFS) X(EPIPE) X(ERANGE)       \
    X(ENOSYS) X(EPROTO) X(EDESTADDRREQ) X(EMSGSIZE) X(ENOPROTOOPT) X(EOPNOTSUPP) X(EAFNOSUPPORT)   \
    X(EADDRINUSE) X(EADDRNOTAVAIL) X(ENETUNREACH) X(ECONNABORTED) X(ECONNRESET) X(ENOBUFS)         \
    X(EISCONN) X(ENOTCONN) X(ETIMEDOUT) X(ECONNREFUSED) X(EHOSTUNREACH) X(EALREADY)                \
    X(EINPROGRESS) X(ECANCELED) X(EXDEV) X(ENAMETOOLONG) X(ENOTEMPTY)
// clang-format on
#define MP_ENOSYS ENOSYS
#define MP_EPROTO EPROTO
#define MP_EDESTADDRREQ EDESTADDRREQ
#define MP_EMSGSIZE EMSGSIZE
#define MP_ENOPROTOOPT ENOPROTOOPT
#define MP_EXDEV EXDEV
#define MP_ENAMETOOLONG ENAMETOOLONG
#define MP_ENOTEMPTY ENOTEMPTY
#define MP_EADDRNOTAVAIL EADDRNOTAVAIL
#define MP_ENETUNREACH ENETUNREACH

// Without stdio: printf and friends of upstream go where print() goes.
#define MICROPY_USE_INTERNAL_PRINTF (1)
#define MP_PLAT_PRINT_STRN(text, size) mp_hal_stdout_tx_strn_cooked(text, size)

#define MICROPY_MPHALPORT_H "vm/mphalport.h"
#define MP_STATE_PORT MP_STATE_VM
#define MP_SSIZE_MAX INT64_MAX

typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef long mp_off_t;
