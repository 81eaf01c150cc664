# SPDX-License-Identifier: MIT
"""module.c: the MicroPython module "calls", one function for each call flagged "python"."""

from . import arguments, proxies, text

RESULTS = {'none': 'mp_const_none', 'bool': 'mp_obj_new_bool((int)result)'}

HELPERS = '''\
static int64_t get_integer(mp_obj_t object, int64_t min, int64_t max) {
    int64_t value = mp_obj_get_int(object);

    if (value < min || value > max) {
        mp_raise_ValueError(MP_ERROR_TEXT("argument out of range"));
    }
    return value;
}

static const char *get_text(mp_obj_t object, size_t *ret_size) {
    if (!mp_obj_is_str(object)) {
        mp_raise_TypeError(MP_ERROR_TEXT("argument must be str"));
    }
    return mp_obj_str_get_data(object, ret_size);
}'''


def python_rows(rows):
    return [row for row in rows if 'python' in row.flags]


def local(arg):
    """The lines that make the C value of one argument of the Python function."""
    given = f'{arg.name}_in'
    if arg.kind in arguments.INTEGERS or arg.kind in ('enum', 'handle'):
        ctype = proxies.VALUES[arg.kind].strip()
        low, high = ('INT64_MIN', 'INT64_MAX') if arg.kind == 'i64' else ('0', 'UINT32_MAX')
        cast = '' if arg.kind == 'i64' else '(uint32_t)'
        return [f'    {ctype} {arg.name} = {cast}get_integer({given}, {low}, {high});']
    if arg.kind == 'bool':
        return [f'    bool {arg.name} = mp_obj_is_true({given});']
    if arg.kind == 'f64':
        return [f'    double {arg.name} = mp_obj_get_float({given});']
    if arg.kind == 'str':
        return [f'    size_t {arg.name}_size = 0;',
                f'    const char *{arg.name} = get_text({given}, &{arg.name}_size);']
    if arg.kind == 'bytes':
        return [f'    mp_buffer_info_t {arg.name};']
    return [f'    size_t {arg.name}_size = (size_t)get_integer({given}, 0, {arg.maximum});',
            '    vstr_t vstr;']


def prepare(arg):
    """The lines that follow the declarations."""
    if arg.kind == 'bytes':
        return [f'    mp_get_buffer_raise({arg.name}_in, &{arg.name}, MP_BUFFER_READ);']
    if arg.kind == 'out':
        return [f'    vstr_init_len(&vstr, {arg.name}_size);']
    return []


def given(row):
    """What the proxy is called with."""
    items = []
    for arg in row.args:
        if arg.kind == 'bytes':
            items += [f'{arg.name}.buf', f'{arg.name}.len']
        elif arg.kind == 'out':
            items += ['vstr.buf', f'{arg.name}_size']
        elif arg.kind == 'str':
            items += [arg.name, f'{arg.name}_size']
        else:
            items.append(arg.name)
    return items


def finish(row):
    """The lines that make the Python result."""
    if any(arg.kind == 'out' for arg in row.args):
        shrink = ['    vstr.len = (size_t)result;'] if row.result == 'length' else []
        return shrink + ['    return mp_obj_new_bytes_from_vstr(&vstr);']
    return [f'    return {RESULTS.get(row.result, "mp_obj_new_int_from_ll(result)")};']


def object_line(row):
    name, function_name = f'calls_{row.stem}_object', f'calls_{row.stem}'
    count = len(row.args)
    if count <= 3:
        return f'static MP_DEFINE_CONST_FUN_OBJ_{count}({name}, {function_name});'
    return f'static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN({name}, {count}, {count}, {function_name});'


def function(row):
    many = len(row.args) > 3
    parameters = [f'mp_obj_t {arg.name}_in' for arg in row.args]
    if many:
        parameters = ['size_t n_arguments', 'const mp_obj_t *arguments']
    lines = [text.comment(f'calls.{row.stem}(): {row.summary}'),
             text.prototype('static mp_obj_t', f'calls_{row.stem}', parameters, ' {')]
    if many:
        lines += [f'    mp_obj_t {arg.name}_in = arguments[{arg.index}];' for arg in row.args]
    for arg in row.args:
        lines += local(arg)
    lines += ['    int64_t result = 0;', '']
    for arg in row.args:
        lines += prepare(arg)
    lines.append(text.wrap(f'    result = call_{row.stem}', given(row), ';'))
    lines += ['    if (result < 0) {',
              f'        mpyd_raise_call_error({row.constant}, (int)-result);', '    }']
    return '\n'.join(lines + finish(row) + ['}', object_line(row)])


def globals_table(rows):
    entries = [('__name__', 'MP_ROM_QSTR(MP_QSTR_calls)')]
    entries += [(row.stem, f'MP_ROM_PTR(&calls_{row.stem}_object)') for row in rows]
    lines = [f'    {{MP_ROM_QSTR(MP_QSTR_{name}), {value}}},' for name, value in entries]
    return '\n'.join(['static const mp_rom_map_elem_t calls_globals_table[] = {'] + lines + ['};'])


MODULE = '''\
static MP_DEFINE_CONST_DICT(calls_globals, calls_globals_table);

extern const mp_obj_module_t calls_module;

const mp_obj_module_t calls_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&calls_globals,
};

MP_REGISTER_MODULE(MP_QSTR_calls, calls_module);'''


def helpers(rows):
    """The helpers that some function uses: an unused static one would be a warning."""
    kinds = {arg.kind for row in rows for arg in row.args}
    integer, string = HELPERS.split('\n\nstatic const', 1)
    used = [integer] if kinds & {*arguments.INTEGERS, 'enum', 'handle', 'out'} else []
    return used + ([f'static const{string}'] if 'str' in kinds else [])


def source(rows):
    rows = python_rows(rows)
    includes = ['"py/obj.h"', '"py/objstr.h"', '"py/runtime.h"', '"call/calls.h"',
                '"call/proxies.h"', '"vm/error.h"']
    parts = helpers(rows) + [function(row) for row in rows] + [globals_table(rows), MODULE]
    return text.file(includes, parts)
