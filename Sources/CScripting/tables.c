// SPDX-License-Identifier: Apache-2.0
// Functions of the library `table` that take long with large tables, and string.rep: Lua's own cannot be stopped.
#include "interpreter.h"
#include <string.h>

// No string of a script is longer, in bytes.
static const size_t string_bytes_max = (size_t)512 << 20;

// As many values as Lua's stack of a C function takes.
enum { unpacked_max = 8000 };

static void step(lua_State *L, unsigned count) {
    if (count % nt_steps == nt_steps - 1) nt_look(L);
}

static int count_of(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    return (int)lua_objlen(L, 1);
}

static int insert(lua_State *L) {
    int end = count_of(L) + 1;
    int position = end;
    switch (lua_gettop(L)) {
    case 2: break;
    case 3:
        position = luaL_checkint(L, 2);
        if (position > end) end = position;
        for (int i = end; i > position; i--) {
            step(L, (unsigned)i);
            lua_rawgeti(L, 1, i - 1);
            lua_rawseti(L, 1, i);
        }
        break;
    default: return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_rawseti(L, 1, position);
    return 0;
}

static int take_out(lua_State *L) {
    int end = count_of(L);
    int position = luaL_optint(L, 2, end);
    if (position < 1 || position > end) return 0;
    lua_rawgeti(L, 1, position);
    for (; position < end; position++) {
        step(L, (unsigned)position);
        lua_rawgeti(L, 1, position + 1);
        lua_rawseti(L, 1, position);
    }
    lua_pushnil(L);
    lua_rawseti(L, 1, end);
    return 1;
}

static int largest_key(lua_State *L) {
    double largest = 0;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushnil(L);
    for (unsigned i = 0; lua_next(L, 1); i++) {
        step(L, i);
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TNUMBER && lua_tonumber(L, -1) > largest) largest = lua_tonumber(L, -1);
    }
    lua_pushnumber(L, largest);
    return 1;
}

static int concatenate(lua_State *L) {
    size_t count;
    const char *separator = luaL_optlstring(L, 2, "", &count);
    luaL_checktype(L, 1, LUA_TTABLE);
    int from = luaL_optint(L, 3, 1);
    int to = lua_isnoneornil(L, 4) ? (int)lua_objlen(L, 1) : luaL_checkint(L, 4);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (int i = from; i <= to; i++) {
        step(L, (unsigned)i);
        lua_rawgeti(L, 1, i);
        if (!lua_isstring(L, -1))
            luaL_error(L, "invalid value (%s) at index %d in table for 'concat'", luaL_typename(L, -1), i);
        luaL_addvalue(&out);
        if (i == to) break;
        luaL_addlstring(&out, separator, count);
    }
    luaL_pushresult(&out);
    return 1;
}

// MARK: Sorting

static int is_less(lua_State *L, int a, int b) {
    if (lua_isnil(L, 2)) return lua_lessthan(L, a, b);
    lua_pushvalue(L, 2);
    // Negative places are counted from the top, which has moved.
    lua_pushvalue(L, a < 0 ? a - 1 : a);
    lua_pushvalue(L, b < 0 ? b - 2 : b);
    lua_call(L, 2, 1);
    int answer = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return answer;
}

static void exchange(lua_State *L, int a, int b) {
    lua_rawgeti(L, 1, a);
    lua_rawgeti(L, 1, b);
    lua_rawseti(L, 1, a);
    lua_rawseti(L, 1, b);
}

static void put_in_order(lua_State *L, int a, int b) {
    lua_rawgeti(L, 1, a);
    lua_rawgeti(L, 1, b);
    int is_wrong = is_less(L, -1, -2);
    lua_pop(L, 2);
    if (is_wrong) exchange(L, a, b);
}

// Quicksort around the median of three. An order that contradicts itself leads out of the range and is refused.
static void sort_range(lua_State *L, int low, int high, unsigned *steps) {
    while (low < high) {
        int middle = low + (high - low) / 2;
        put_in_order(L, low, middle);
        put_in_order(L, low, high);
        put_in_order(L, middle, high);
        if (high - low <= 2) return;
        lua_rawgeti(L, 1, middle);
        int pivot = lua_gettop(L);
        exchange(L, middle, high - 1);
        int up = low, down = high - 1;
        for (;;) {
            int goes_on;
            do {
                step(L, ++*steps);
                if (++up > high) luaL_error(L, "invalid order function for sorting");
                lua_rawgeti(L, 1, up);
                goes_on = is_less(L, -1, pivot);
                lua_pop(L, 1);
            } while (goes_on);
            do {
                step(L, ++*steps);
                if (--down < low) luaL_error(L, "invalid order function for sorting");
                lua_rawgeti(L, 1, down);
                goes_on = is_less(L, pivot, -1);
                lua_pop(L, 1);
            } while (goes_on);
            if (down < up) break;
            exchange(L, up, down);
        }
        exchange(L, high - 1, up);
        lua_pop(L, 1);
        // The smaller half first, so that the stack stays flat.
        if (up - low < high - up) {
            sort_range(L, low, up - 1, steps);
            low = up + 1;
        } else {
            sort_range(L, up + 1, high, steps);
            high = up - 1;
        }
    }
}

static int sort(lua_State *L) {
    int count = count_of(L);
    unsigned steps = 0;
    if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    luaL_checkstack(L, 200, "");
    sort_range(L, 1, count, &steps);
    return 0;
}

// MARK: Strings

static int repeat(lua_State *L) {
    size_t count;
    const char *text = luaL_checklstring(L, 1, &count);
    double times = luaL_checknumber(L, 2);
    if (!(times >= 1) || count == 0) return lua_pushliteral(L, ""), 1;
    if (times > (double)(string_bytes_max / count)) return luaL_error(L, "resulting string too large");
    size_t total = count * (size_t)times;
    char *room = lua_newuserdata(L, total);
    memcpy(room, text, count);
    for (size_t done = count; done < total;) {
        // What stands there already is copied behind itself, in pieces.
        size_t piece = done < total - done ? done : total - done;
        size_t most = (size_t)1 << 20;
        if (piece > most) piece = most / count ? most / count * count : count;
        if (piece > total - done) piece = total - done;
        memcpy(room + done, room, piece);
        done += piece;
        nt_look(L);
    }
    lua_pushlstring(L, room, total);
    return 1;
}

// MARK: Unpacking

// Lua's own counts in int: with ends far apart the count wraps, and it writes beyond its stack.
static int unpack_table(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    int64_t from = luaL_optint(L, 2, 1);
    int64_t to = lua_isnoneornil(L, 3) ? (int64_t)lua_objlen(L, 1) : luaL_checkint(L, 3);
    if (from > to) return 0;
    int64_t count = to - from + 1;
    if (count >= unpacked_max || !lua_checkstack(L, (int)count)) return luaL_error(L, "too many results to unpack");
    for (int64_t i = from; i <= to; i++) lua_rawgeti(L, 1, (int)i);
    return (int)count;
}

// MARK: Garbage

// What a script sets here would hold for all behind it: only collecting and counting do anything.
static int collect_garbage(lua_State *L) {
    static const char *const options[] = {
        "collect", "count", "step", "stop", "restart", "setpause", "setstepmul", NULL};
    switch (luaL_checkoption(L, 1, "collect", options)) {
    case 0:
        while (!lua_gc(L, LUA_GCSTEP, 256)) nt_look(L);
        lua_pushinteger(L, 0);
        return 1;
    case 1: lua_pushnumber(L, lua_gc(L, LUA_GCCOUNT, 0) + lua_gc(L, LUA_GCCOUNTB, 0) / 1024.0); return 1;
    case 2: lua_pushboolean(L, lua_gc(L, LUA_GCSTEP, 256)); return 1;
    case 5:
    case 6: lua_pushinteger(L, 200); return 1;
    default: lua_pushinteger(L, 0); return 1;
    }
}

static void set_functions(lua_State *L, const char *library, const luaL_Reg *entry) {
    lua_getfield(L, LUA_GLOBALSINDEX, library);
    for (; entry->name; entry++) {
        lua_pushcfunction(L, entry->func);
        lua_setfield(L, -2, entry->name);
    }
    lua_pop(L, 1);
}

void nt_open_tables(lua_State *L) {
    const luaL_Reg tables[] = {
        {"insert", insert},    {"remove", take_out}, {"maxn", largest_key},
        {"concat", concatenate}, {"sort", sort},     {NULL, NULL},
    };
    const luaL_Reg strings[] = {{"rep", repeat}, {NULL, NULL}};
    set_functions(L, "table", tables);
    set_functions(L, "string", strings);
    lua_pushcfunction(L, collect_garbage);
    lua_setfield(L, LUA_GLOBALSINDEX, "collectgarbage");
    lua_pushcfunction(L, unpack_table);
    lua_setfield(L, LUA_GLOBALSINDEX, "unpack");
}
