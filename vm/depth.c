// SPDX-License-Identifier: MIT

// Bounds the two recursions of the core that upstream does not: comparing and hashing what is
// nested deeply would run into the end of the stack. vm/Makefile renames upstream's functions in
// the objects that define them, so that all others call these.

#include "py/cstack.h"
#include "py/obj.h"
#include "py/runtime.h"

bool mp_obj_equal_upstream(mp_obj_t left, mp_obj_t right);
mp_obj_t mp_unary_op_upstream(mp_unary_op_t op, mp_obj_t operand);

bool mp_obj_equal(mp_obj_t left, mp_obj_t right) {
    mp_cstack_check();
    return mp_obj_equal_upstream(left, right);
}

mp_obj_t mp_unary_op(mp_unary_op_t op, mp_obj_t operand) {
    if (op == MP_UNARY_OP_HASH) {
        mp_cstack_check();
    }
    return mp_unary_op_upstream(op, operand);
}
