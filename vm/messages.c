// SPDX-License-Identifier: MIT
#include "vm/messages.h"

#include <errno.h>
#include <string.h>

#include "py/objgenerator.h"
#include "py/objlist.h"
#include "py/runtime.h"

#include "call/calls.h"
#include "call/proxies.h"
#include "call/wire.h"
#include "vm/callback.h"
#include "vm/stop.h"

#define EXCEPTION_MAX 1024 /* bytes of one as text */

// A message being answered.
struct answering {
    uint32_t number;
    const char *argument;
    size_t argument_size;
    mp_obj_t function;
};

MP_REGISTER_ROOT_POINTER(mp_obj_t message_functions);  // a dict by name, or NULL
MP_REGISTER_ROOT_POINTER(mp_obj_t message_coroutines); // a list of (number, coroutine), or NULL

static bool has_loop;
static bool is_answering; /* a function of the app runs for a message, ... */
static bool is_unlocked;  /* ... and the scheduler is unlocked for it */

void messages_set_function(mp_obj_t name, mp_obj_t function) {
    mp_obj_t functions = MP_STATE_VM(message_functions);

    if (functions == MP_OBJ_NULL) {
        functions = mp_obj_new_dict(1);
        MP_STATE_VM(message_functions) = functions;
    }
    if (function != mp_const_none) {
        mp_obj_dict_store(functions, name, function);
    } else {
        (void)mp_map_lookup(mp_obj_dict_get_map(functions), name, MP_MAP_LOOKUP_REMOVE_IF_FOUND);
    }
}

bool messages_are_wanted(void) {
    return MP_STATE_VM(message_functions) != MP_OBJ_NULL;
}

mp_obj_t messages_take_coroutines(void) {
    mp_obj_t coroutines = MP_STATE_VM(message_coroutines);

    MP_STATE_VM(message_coroutines) = MP_OBJ_NULL;
    return coroutines;
}

void messages_set_loop(bool runs) {
    has_loop = runs;
}

// -- replies -------------------------------------------------------------------------------------

// That nobody waits any more is nothing to the app.
static void reply(uint32_t number, uint32_t outcome, const char *text, size_t size) {
    static const char unfit[] = "its answer is no text of at most 16384 bytes";

    int64_t r = call_app_reply(number, outcome, text, size);

    if (r < 0 && r != -ENOENT) {
        (void)call_app_reply(number, APP_REPLY_OUTCOME_FAILED, unfit, sizeof(unfit) - 1);
    }
}

// Where an exception is printed to, which may be there for want of heap.
static struct {
    char text[EXCEPTION_MAX];
    size_t size;
} printed;

static void print_part(void *data, const char *text, size_t size) {
    size_t room = sizeof(printed.text) - printed.size;

    (void)data;
    size = size < room ? size : room;
    memcpy(printed.text + printed.size, text, size);
    printed.size += size;
}

static void print_exception(void *exception) {
    static const mp_print_t print = {NULL, print_part};

    mp_obj_print_helper(&print, MP_OBJ_FROM_PTR(exception), PRINT_EXC);
}

// A character that was cut off at the end would make all of it no text.
static void drop_unfinished(void) {
    if (printed.size < sizeof(printed.text)) {
        return;
    }
    while (printed.size > 0 && (printed.text[printed.size - 1] & 0xc0) == 0x80) {
        printed.size--;
    }
    if (printed.size > 0 && (printed.text[printed.size - 1] & 0x80) != 0) {
        printed.size--;
    }
}

void messages_reply_exception(uint32_t number, mp_obj_t exception) {
    printed.size = 0;
    if (callback_try(print_exception, MP_OBJ_TO_PTR(exception)) != MP_OBJ_NULL) {
        // It cannot be printed, for want of stack say: its type has to do.
        qstr type = (qstr)mp_obj_get_type(exception)->name;

        printed.size = 0;
        print_part(NULL, qstr_str(type), qstr_len(type));
    }
    drop_unfinished();
    reply(number, APP_REPLY_OUTCOME_FAILED, printed.text, printed.size);
}

void messages_reply_result(uint32_t number, mp_obj_t result) {
    mp_buffer_info_t text = {0};

    if (result != mp_const_none && !mp_get_buffer(result, &text, MP_BUFFER_READ)) {
        mp_raise_TypeError(MP_ERROR_TEXT("answer must be str, bytes or None"));
    }
    reply(number, APP_REPLY_OUTCOME_REPLIED, text.buf, text.len);
}

// -- messages ------------------------------------------------------------------------------------

static void keep_coroutine(uint32_t number, mp_obj_t coroutine) {
    mp_obj_t items[] = {mp_obj_new_int_from_uint(number), coroutine};

    if (!has_loop) {
        mp_raise_TypeError(MP_ERROR_TEXT("coroutine without an event loop"));
    }
    if (MP_STATE_VM(message_coroutines) == MP_OBJ_NULL) {
        MP_STATE_VM(message_coroutines) = mp_obj_new_list(0, NULL);
    }
    mp_obj_list_append(MP_STATE_VM(message_coroutines), mp_obj_new_tuple(2, items));
}

static void call(void *context) {
    struct answering *answering = context;
    mp_obj_t argument = mp_obj_new_str(answering->argument, answering->argument_size);
    mp_obj_t result = mp_call_function_1(answering->function, argument);

    if (mp_obj_get_type(result) == &mp_type_gen_instance) {
        keep_coroutine(answering->number, result);
    } else {
        messages_reply_result(answering->number, result);
    }
}

// Without making a string of the name: it may be anybody's.
static mp_obj_t find_function(const char *name, size_t size) {
    const mp_obj_dict_t *functions = MP_OBJ_TO_PTR(MP_STATE_VM(message_functions));

    for (size_t i = 0; functions != NULL && i < functions->map.alloc; i++) {
        if (mp_map_slot_is_filled(&functions->map, i)) {
            size_t length = 0;
            const char *text = mp_obj_str_get_data(functions->map.table[i].key, &length);

            if (length == size && memcmp(text, name, size) == 0) {
                return functions->map.table[i].value;
            }
        }
    }
    return MP_OBJ_NULL;
}

void messages_let_stop(void) {
    if (is_answering && !is_unlocked) {
        is_unlocked = true;
        mp_sched_unlock();
    }
}

// Calls the function, which a stop interrupts. Until then the scheduler stays locked, so that
// nothing else of the app runs meanwhile.
static mp_obj_t run(struct answering *answering) {
    mp_obj_t exception = MP_OBJ_NULL;

    is_answering = true;
    if (stop_is_under_way()) {
        messages_let_stop();
    }
    exception = callback_protect(call, answering);
    is_answering = false;
    if (is_unlocked) {
        is_unlocked = false;
        mp_sched_lock();
        stop_insist();
    }
    return exception;
}

static void answer(const char *message, size_t size) {
    struct wire_message head;
    struct answering answering = {0};
    mp_obj_t exception = MP_OBJ_NULL;

    memcpy(&head, message, sizeof(head));
    answering.number = head.number;
    answering.function = find_function(message + sizeof(head), head.name_size);
    if (answering.function == MP_OBJ_NULL) {
        reply(head.number, APP_REPLY_OUTCOME_NO_SUCH, NULL, 0);
        return;
    }
    answering.argument = message + sizeof(head) + head.name_size;
    answering.argument_size = size - sizeof(head) - head.name_size;
    exception = run(&answering);
    if (exception != MP_OBJ_NULL) {
        messages_reply_exception(head.number, exception);
    }
}

void messages_run(void) {
    static char message[WIRE_MESSAGE_MAX]; // touched by apps that get some

    // What comes while one is answered is taken after it.
    while (!is_answering && !stop_is_under_way()) {
        int64_t size = call_app_take(message, sizeof(message));

        if (size < (int64_t)sizeof(struct wire_message)) {
            return;
        }
        answer(message, (size_t)size);
    }
}
