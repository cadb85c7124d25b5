// SPDX-License-Identifier: Apache-2.0
// The library `cmsgpack`: values as MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) and back.
#include "interpreter.h"
#include <math.h>
#include <string.h>

// What is nested deeper is packed as nil.
enum { nesting_max = 16 };

// MARK: Packing

// Bytes under way, in a block of Lua's that stands at `place` on the stack: an error frees it with all others.
typedef struct {
    lua_State *L;
    int place;
    char *bytes;
    size_t count, room;
    unsigned steps;
} draft;

static void put(draft *out, const void *bytes, size_t count) {
    if (out->room - out->count < count) {
        size_t room = (out->count + count) * 2;
        char *larger = lua_newuserdata(out->L, room);
        memcpy(larger, out->bytes, out->count);
        lua_replace(out->L, out->place);
        out->bytes = larger;
        out->room = room;
    }
    memcpy(out->bytes + out->count, bytes, count);
    out->count += count;
}

// A first byte, and a number of so many bytes with the highest first.
static void put_number(draft *out, int first, uint64_t number, int size) {
    unsigned char bytes[9] = {(unsigned char)first};
    for (int i = size; i > 0; i--) {
        bytes[i] = (unsigned char)number;
        number >>= 8;
    }
    put(out, bytes, (size_t)size + 1);
}

static void put_integer(draft *out, int64_t number) {
    if (number >= 0) {
        if (number <= 127) put_number(out, (int)number, 0, 0);
        else if (number <= 0xff) put_number(out, 0xcc, (uint64_t)number, 1);
        else if (number <= 0xffff) put_number(out, 0xcd, (uint64_t)number, 2);
        else if (number <= 0xffffffffLL) put_number(out, 0xce, (uint64_t)number, 4);
        else put_number(out, 0xcf, (uint64_t)number, 8);
        return;
    }
    if (number >= -32) put_number(out, (int)(number & 0xff), 0, 0);
    else if (number >= -128) put_number(out, 0xd0, (uint64_t)number, 1);
    else if (number >= -32768) put_number(out, 0xd1, (uint64_t)number, 2);
    else if (number >= INT32_MIN) put_number(out, 0xd2, (uint64_t)number, 4);
    else put_number(out, 0xd3, (uint64_t)number, 8);
}

static void put_double(draft *out, double number) {
    if (number >= -9223372036854775808.0 && number < 9223372036854775808.0 && floor(number) == number)
        return put_integer(out, (int64_t)number);
    float narrow = (float)number;
    if ((double)narrow == number) {
        uint32_t bits;
        memcpy(&bits, &narrow, sizeof bits);
        return put_number(out, 0xca, bits, 4);
    }
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    put_number(out, 0xcb, bits, 8);
}

static void put_string(draft *out) {
    size_t count;
    const char *text = lua_tolstring(out->L, -1, &count);
    if (count < 32) put_number(out, 0xa0 | (int)count, 0, 0);
    else if (count <= 0xff) put_number(out, 0xd9, count, 1);
    else if (count <= 0xffff) put_number(out, 0xda, count, 2);
    else put_number(out, 0xdb, count, 4);
    put(out, text, count);
}

static void step(lua_State *L, unsigned *steps) {
    if (++*steps % nt_steps == 0) nt_look(L);
}

// How many entries the table on top has, and whether their keys are the numbers from 1 on.
static size_t count_entries(draft *out, int *is_array) {
    lua_State *L = out->L;
    size_t count = 0;
    double largest = 0;
    *is_array = 1;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        step(L, &out->steps);
        lua_pop(L, 1);
        count++;
        double key = lua_type(L, -1) == LUA_TNUMBER ? lua_tonumber(L, -1) : 0;
        if (!(key > 0) || floor(key) != key) *is_array = 0;
        if (key > largest) largest = key;
    }
    if (largest != (double)count) *is_array = 0;
    return count;
}

static void put_value(draft *out, int depth);

static void put_table(draft *out, int depth) {
    lua_State *L = out->L;
    int is_array;
    size_t count = count_entries(out, &is_array);
    if (count <= 15) put_number(out, (is_array ? 0x90 : 0x80) | (int)count, 0, 0);
    else if (count <= 0xffff) put_number(out, is_array ? 0xdc : 0xde, count, 2);
    else put_number(out, is_array ? 0xdd : 0xdf, count, 4);
    if (is_array) {
        for (size_t i = 1; i <= count; i++) {
            lua_rawgeti(L, -1, (int)i);
            put_value(out, depth + 1);
        }
        return;
    }
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pushvalue(L, -2);
        put_value(out, depth + 1);
        put_value(out, depth + 1);
    }
}

// Packs the value on top of the stack and pops it.
static void put_value(draft *out, int depth) {
    lua_State *L = out->L;
    step(L, &out->steps);
    luaL_checkstack(L, 6, "in function cmsgpack.pack");
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: put_string(out); break;
    case LUA_TBOOLEAN: put_number(out, lua_toboolean(L, -1) ? 0xc3 : 0xc2, 0, 0); break;
    case LUA_TNUMBER: put_double(out, lua_tonumber(L, -1)); break;
    case LUA_TTABLE:
        if (depth < nesting_max) put_table(out, depth);
        else put_number(out, 0xc0, 0, 0);
        break;
    default: put_number(out, 0xc0, 0, 0);
    }
    lua_pop(L, 1);
}

static int pack(lua_State *L) {
    int count = lua_gettop(L);
    if (count == 0) return luaL_argerror(L, 0, "MessagePack pack needs input.");
    draft out = {.L = L, .place = count + 1, .room = 256};
    luaL_checkstack(L, 4, "too many arguments for MessagePack pack");
    out.bytes = lua_newuserdata(L, out.room);
    for (int i = 1; i <= count; i++) {
        lua_pushvalue(L, i);
        put_value(&out, 0);
    }
    lua_pushlstring(L, out.bytes, out.count);
    return 1;
}

// MARK: Unpacking

typedef struct {
    lua_State *L;
    const unsigned char *at, *end;
    unsigned steps;
} source;

static void need(source *in, uint64_t count) {
    if (count > (uint64_t)(in->end - in->at)) luaL_error(in->L, "Missing bytes in input.");
}

static uint64_t take(source *in, int size) {
    need(in, (uint64_t)size);
    uint64_t number = 0;
    for (int i = 0; i < size; i++) number = number << 8 | *in->at++;
    return number;
}

static void push_value(source *in);

static void push_string(source *in, uint64_t count) {
    need(in, count);
    lua_pushlstring(in->L, (const char *)in->at, (size_t)count);
    in->at += count;
}

static void push_array(source *in, uint64_t count) {
    // Each element takes a byte at least, so that what is announced has to be there.
    need(in, count);
    lua_newtable(in->L);
    for (uint64_t i = 1; i <= count; i++) {
        push_value(in);
        lua_rawseti(in->L, -2, (int)i);
    }
}

static void push_map(source *in, uint64_t count) {
    need(in, count * 2);
    lua_newtable(in->L);
    for (uint64_t i = 0; i < count; i++) {
        push_value(in);
        push_value(in);
        if (lua_isnil(in->L, -2)) luaL_error(in->L, "table index is nil");
        lua_settable(in->L, -3);
    }
}

static void push_float(source *in, int size) {
    uint64_t bits = take(in, size);
    double number;
    if (size == 8) {
        memcpy(&number, &bits, sizeof number);
    } else {
        uint32_t half = (uint32_t)bits;
        float narrow;
        memcpy(&narrow, &half, sizeof narrow);
        number = narrow;
    }
    lua_pushnumber(in->L, number);
}

static void push_long(source *in, int first) {
    lua_State *L = in->L;
    switch (first) {
    case 0xc0: lua_pushnil(L); break;
    case 0xc2: lua_pushboolean(L, 0); break;
    case 0xc3: lua_pushboolean(L, 1); break;
    case 0xc4: case 0xd9: push_string(in, take(in, 1)); break;
    case 0xc5: case 0xda: push_string(in, take(in, 2)); break;
    case 0xc6: case 0xdb: push_string(in, take(in, 4)); break;
    case 0xca: push_float(in, 4); break;
    case 0xcb: push_float(in, 8); break;
    case 0xcc: lua_pushnumber(L, (double)take(in, 1)); break;
    case 0xcd: lua_pushnumber(L, (double)take(in, 2)); break;
    case 0xce: lua_pushnumber(L, (double)take(in, 4)); break;
    case 0xcf: lua_pushnumber(L, (double)take(in, 8)); break;
    case 0xd0: lua_pushnumber(L, (double)(int8_t)take(in, 1)); break;
    case 0xd1: lua_pushnumber(L, (double)(int16_t)take(in, 2)); break;
    case 0xd2: lua_pushnumber(L, (double)(int32_t)take(in, 4)); break;
    case 0xd3: lua_pushnumber(L, (double)(int64_t)take(in, 8)); break;
    case 0xdc: push_array(in, take(in, 2)); break;
    case 0xdd: push_array(in, take(in, 4)); break;
    case 0xde: push_map(in, take(in, 2)); break;
    case 0xdf: push_map(in, take(in, 4)); break;
    default: luaL_error(L, "Bad data format in input.");
    }
}

static void push_value(source *in) {
    luaL_checkstack(in->L, 4, "too many return values at once; use unpack_one or unpack_limit instead.");
    step(in->L, &in->steps);
    int first = (int)take(in, 1);
    if (first < 0x80) lua_pushnumber(in->L, first);
    else if (first < 0x90) push_map(in, first & 15);
    else if (first < 0xa0) push_array(in, first & 15);
    else if (first < 0xc0) push_string(in, first & 31);
    else if (first >= 0xe0) lua_pushnumber(in->L, (int8_t)first);
    else push_long(in, first);
}

// Unpacks up to `limit` values from an offset on, 0: all from the beginning. In front of those of a part goes where the
// next one begins, -1 at the end.
static int unpack_from(lua_State *L, int limit, int offset) {
    size_t count;
    const char *data = luaL_checklstring(L, 1, &count);
    if (offset < 0 || limit < 0)
        return luaL_error(L, "Invalid request to unpack with offset of %d and limit of %d.", offset, limit);
    if ((size_t)offset > count)
        return luaL_error(L, "Start offset %d greater than input length %d.", offset, (int)count);
    int is_all = limit == 0 && offset == 0;
    if (is_all) limit = INT32_MAX;
    source in = {.L = L, .at = (const unsigned char *)data + offset, .end = (const unsigned char *)data + count};
    lua_settop(L, 1);
    int values = 0;
    for (; in.at < in.end && values < limit; values++) push_value(&in);
    if (is_all) return values;
    lua_pushinteger(L, in.at == in.end ? -1 : (lua_Integer)(in.at - (const unsigned char *)data));
    lua_insert(L, 2);
    return values + 1;
}

static int unpack(lua_State *L) { return unpack_from(L, 0, 0); }
static int unpack_one(lua_State *L) { return unpack_from(L, 1, luaL_optint(L, 2, 0)); }
static int unpack_limit(lua_State *L) { return unpack_from(L, luaL_checkint(L, 2), luaL_optint(L, 3, 0)); }

int nt_open_cmsgpack(lua_State *L) {
    const luaL_Reg own[] = {
        {"pack", pack}, {"unpack", unpack}, {"unpack_one", unpack_one}, {"unpack_limit", unpack_limit}, {NULL, NULL},
    };
    lua_newtable(L);
    for (const luaL_Reg *entry = own; entry->name; entry++) {
        lua_pushcfunction(L, entry->func);
        lua_setfield(L, -2, entry->name);
    }
    lua_pushliteral(L, "cmsgpack");
    lua_setfield(L, -2, "_NAME");
    lua_pushliteral(L, "lua-cmsgpack 0.4.0");
    lua_setfield(L, -2, "_VERSION");
    return 1;
}
