// SPDX-License-Identifier: Apache-2.0
// The library `struct`: numbers and texts as bytes, by a format.
//   < > !n   byte order, alignment     b B h H l L T in In   integers     f d   floats
//   s        a text and a zero         cn                    n bytes; c0: as many as the number before says
//   x        a zero                    blank                 nothing
#include "interpreter.h"
#include <ctype.h>
#include <limits.h>
#include <string.h>

enum { integer_bytes_max = 32, native_alignment = 8 };

typedef struct {
    lua_State *L;
    const char *at;
    int is_little;
    size_t alignment;
} format;

typedef struct { char kind; size_t size; } option;

static size_t read_number(format *it, size_t otherwise) {
    if (!isdigit((unsigned char)*it->at)) return otherwise;
    size_t number = 0;
    while (isdigit((unsigned char)*it->at)) {
        number = number * 10 + (size_t)(*it->at++ - '0');
        if (number > INT_MAX) luaL_error(it->L, "integral size overflow");
    }
    return number;
}

static void control(format *it, char kind) {
    switch (kind) {
    case ' ': return;
    case '>': it->is_little = 0; return;
    case '<': it->is_little = 1; return;
    case '!': {
        size_t alignment = read_number(it, native_alignment);
        if (alignment == 0 || (alignment & (alignment - 1)) != 0)
            luaL_error(it->L, "alignment is not a power of 2");
        it->alignment = alignment;
        return;
    }
    default: luaL_error(it->L, "invalid format option '%c'", kind);
    }
}

// The next option that stands for something; `kind` is 0 at the end.
static option next_option(format *it) {
    while (*it->at) {
        char kind = *it->at++;
        switch (kind) {
        case 'b': case 'B': return (option){kind, 1};
        case 'h': case 'H': return (option){kind, sizeof(short)};
        case 'l': case 'L': return (option){kind, sizeof(long)};
        case 'T': return (option){kind, sizeof(size_t)};
        case 'f': return (option){kind, sizeof(float)};
        case 'd': return (option){kind, sizeof(double)};
        case 'x': return (option){kind, 1};
        case 's': return (option){kind, 0};
        case 'c': return (option){kind, read_number(it, 1)};
        case 'i': case 'I': {
            size_t size = read_number(it, sizeof(int));
            if (size > integer_bytes_max)
                luaL_error(it->L, "integral size %d is larger than limit of %d", (int)size, integer_bytes_max);
            return (option){kind, size};
        }
        default: control(it, kind);
        }
    }
    return (option){0, 0};
}

// How many bytes go before an option that comes at `offset`.
static size_t padding(const format *it, option what, size_t offset) {
    size_t size = what.size;
    if (size == 0 || what.kind == 'c') return 0;
    if (size > it->alignment) size = it->alignment;
    return size > 1 ? (size - (offset & (size - 1))) & (size - 1) : 0;
}

static format begin(lua_State *L, const char *text) {
    return (format){L, text, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, 1};
}

static void copy_in_order(void *to, const void *from, size_t size, int is_little) {
    int is_same = is_little == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    for (size_t i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[is_same ? i : size - 1 - i];
}

// MARK: Packing

static uint64_t bits_of(double number) {
    if (number != number) return 0;
    if (number < 0) return number < -9223372036854775808.0 ? (uint64_t)INT64_MIN : (uint64_t)(int64_t)number;
    return number >= 18446744073709551616.0 ? 0 : (uint64_t)number;
}

static void pack_integer(luaL_Buffer *out, double number, size_t size, int is_little) {
    char bytes[integer_bytes_max];
    uint64_t value = bits_of(number);
    for (size_t i = 0; i < size; i++) {
        bytes[is_little ? i : size - 1 - i] = (char)(value & 255);
        value >>= 8;
    }
    luaL_addlstring(out, bytes, size);
}

static size_t pack_text(lua_State *L, luaL_Buffer *out, int argument, option what) {
    size_t count;
    const char *text = luaL_checklstring(L, argument, &count);
    if (what.size == 0) what.size = count;
    luaL_argcheck(L, count >= what.size, argument, "string too short");
    luaL_addlstring(out, text, what.size);
    if (what.kind == 's') luaL_addchar(out, 0);
    return what.size + (what.kind == 's');
}

static void pack_bytes(luaL_Buffer *out, const void *number, size_t size, int is_little) {
    char bytes[sizeof(double)];
    copy_in_order(bytes, number, size, is_little);
    luaL_addlstring(out, bytes, size);
}

static int pack(lua_State *L) {
    format it = begin(L, luaL_checkstring(L, 1));
    int argument = 2;
    size_t total = 0;
    luaL_Buffer out;
    // What is added stands behind the arguments, none of which may be missing then.
    lua_pushnil(L);
    luaL_buffinit(L, &out);
    for (option what = next_option(&it); what.kind; what = next_option(&it)) {
        size_t fill = padding(&it, what, total);
        total += fill + what.size;
        while (fill-- > 0) luaL_addchar(&out, 0);
        switch (what.kind) {
        case 'x': luaL_addchar(&out, 0); break;
        case 's': case 'c': total += pack_text(L, &out, argument++, what) - what.size; break;
        case 'f': {
            float number = (float)luaL_checknumber(L, argument++);
            pack_bytes(&out, &number, sizeof number, it.is_little);
            break;
        }
        case 'd': {
            double number = luaL_checknumber(L, argument++);
            pack_bytes(&out, &number, sizeof number, it.is_little);
            break;
        }
        default: pack_integer(&out, luaL_checknumber(L, argument++), what.size, it.is_little);
        }
        nt_look(L);
    }
    luaL_pushresult(&out);
    return 1;
}

// MARK: Unpacking

static double unpack_integer(const char *bytes, size_t size, int is_little, int is_signed) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) value = value << 8 | (unsigned char)bytes[is_little ? size - 1 - i : i];
    if (!is_signed) return (double)value;
    if (size > 0 && size < 8 && value >> (size * 8 - 1)) value |= ~(uint64_t)0 << (size * 8);
    return (double)(int64_t)value;
}

// Pushes what an option stands for; returns how many bytes that took.
static size_t push_value(const format *it, option what, const char *bytes, size_t left, int is_first) {
    lua_State *L = it->L;
    switch (what.kind) {
    case 'x': return 1;
    case 's': {
        const char *end = memchr(bytes, 0, left);
        if (!end) luaL_error(L, "unfinished string in data");
        lua_pushlstring(L, bytes, (size_t)(end - bytes));
        return (size_t)(end - bytes) + 1;
    }
    case 'c': {
        size_t size = what.size;
        if (size == 0) {
            if (is_first || !lua_isnumber(L, -1)) luaL_error(L, "format 'c0' needs a previous size");
            double number = lua_tonumber(L, -1);
            luaL_argcheck(L, number >= 0 && number <= (double)left, 2, "data string too short");
            size = (size_t)number;
            lua_pop(L, 1);
        }
        lua_pushlstring(L, bytes, size);
        return size;
    }
    case 'f': {
        float number;
        copy_in_order(&number, bytes, sizeof number, it->is_little);
        lua_pushnumber(L, number);
        return sizeof number;
    }
    case 'd': {
        double number;
        copy_in_order(&number, bytes, sizeof number, it->is_little);
        lua_pushnumber(L, number);
        return sizeof number;
    }
    default:
        lua_pushnumber(L, unpack_integer(bytes, what.size, it->is_little, islower((unsigned char)what.kind)));
        return what.size;
    }
}

static int unpack(lua_State *L) {
    size_t count;
    format it = begin(L, luaL_checkstring(L, 1));
    const char *data = luaL_checklstring(L, 2, &count);
    double from = luaL_optnumber(L, 3, 1);
    luaL_argcheck(L, from >= 1, 3, "offset must be 1 or greater");
    luaL_argcheck(L, from <= (double)count + 1, 2, "data string too short");
    size_t at = (size_t)from - 1;
    lua_settop(L, 2);
    for (option what = next_option(&it); what.kind; what = next_option(&it)) {
        size_t fill = padding(&it, what, at);
        luaL_argcheck(L, fill <= count - at && what.size <= count - at - fill, 2, "data string too short");
        at += fill;
        luaL_checkstack(L, 2, "too many results");
        at += push_value(&it, what, data + at, count - at, lua_gettop(L) == 2);
        nt_look(L);
    }
    lua_pushinteger(L, (lua_Integer)at + 1);
    return lua_gettop(L) - 2;
}

static int size(lua_State *L) {
    format it = begin(L, luaL_checkstring(L, 1));
    size_t total = 0;
    for (option what = next_option(&it); what.kind; what = next_option(&it)) {
        total += padding(&it, what, total);
        if (what.kind == 's') return luaL_argerror(L, 1, "variable-size format in method 'size'");
        if (what.kind == 'c' && what.size == 0) return luaL_argerror(L, 1, "variable-length format");
        if (what.size > INT_MAX - total) return luaL_argerror(L, 1, "format result too large");
        total += what.size;
    }
    lua_pushinteger(L, (lua_Integer)total);
    return 1;
}

int nt_open_struct(lua_State *L) {
    const luaL_Reg own[] = {{"pack", pack}, {"unpack", unpack}, {"size", size}, {NULL, NULL}};
    lua_newtable(L);
    for (const luaL_Reg *entry = own; entry->name; entry++) {
        lua_pushcfunction(L, entry->func);
        lua_setfield(L, -2, entry->name);
    }
    return 1;
}
