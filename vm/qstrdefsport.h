// SPDX-License-Identifier: MIT
// Names the qstr scan cannot find: those that no C file spells as MP_QSTR_x. Not C.
// clang-format off
Q(/)
Q(/data)
Q(/res)
Q(.frozen)
