# SPDX-License-Identifier: MIT
#
# Builds upstream's mpy-cross with exact float literals. Run by vm/make-sdk in upstream's mpy-cross/
# directory, to which nothing is written, with
#
#   ROOT=DIR    this source tree
#   BUILD=DIR   where everything goes

include Makefile

CFLAGS += $(CPPFLAGS) # upstream takes the other flags of the environment only
# It hashes what is stripped afterwards, paths of this build among it, and there is nothing to find by it.
LDFLAGS += -Wl,--build-id=none

NUMBER_O = $(addprefix $(BUILD)/, number-format.o number-parse.o)
vpath number-%.c $(ROOT)/vm

# As vm/Makefile has it.
$(BUILD)/py/formatfloat.o: CFLAGS += -Dmp_format_float=mp_format_float_upstream
$(BUILD)/py/parsenum.o: CFLAGS += -Dmp_parse_num_decimal=mp_parse_num_decimal_upstream
$(BUILD)/py/objfloat.o $(BUILD)/py/objcomplex.o: CFLAGS += -Dmp_format_float=number_format_repr
$(NUMBER_O): CFLAGS += -I$(ROOT)

$(NUMBER_O): | $(HEADER_BUILD)/qstrdefs.generated.h $(HEADER_BUILD)/mpversion.h $(OBJ_EXTRA_ORDER_DEPS)
$(BUILD)/$(PROG): $(NUMBER_O)
