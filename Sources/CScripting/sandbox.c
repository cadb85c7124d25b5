// SPDX-License-Identifier: Apache-2.0
// What scripts see: the libraries without what could reach outside, sealed. Debian's Lua has no tables that can only
// be read, so that an empty table stands before each, whose metatable reads from the real one and refuses changes.
#include "interpreter.h"
#include <lua-bitop.h>
#include <lua-cjson.h>
#include <math.h>
#include <string.h>
#include <time.h>

static const char sealed_key = 0;

static int refuse_change(lua_State *L) { return luaL_error(L, "Attempt to modify a readonly table"); }

static int refuse_unknown(lua_State *L) {
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
    return luaL_error(L, "Script attempted to access nonexistent global variable '%s'", name);
}

static int is_sealed(lua_State *L, int index) {
    lua_pushlightuserdata(L, (void *)&sealed_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    int answer = lua_toboolean(L, -1);
    lua_pop(L, 2);
    return answer;
}

// What scripts are shown as the metatable of a sealed table: an empty table that cannot be changed.
static void push_shield(lua_State *L) { lua_getfield(L, LUA_REGISTRYINDEX, "shield"); }

static void make_shield(lua_State *L) {
    lua_newtable(L);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, refuse_change);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pushlightuserdata(L, (void *)&sealed_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, -2);
    lua_newtable(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "shield");
}

void nt_seal(lua_State *L, int is_globals) {
    int real = lua_gettop(L);
    if (is_globals) {
        lua_createtable(L, 0, 2);
        lua_pushcfunction(L, refuse_unknown);
        lua_setfield(L, -2, "__index");
        lua_setmetatable(L, real);
    }
    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, real);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_change);
    lua_setfield(L, -2, "__newindex");
    push_shield(L);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_pushlightuserdata(L, (void *)&sealed_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, real);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    lua_remove(L, real);
}

// MARK: Functions that could go round a seal

static int safe_rawset(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    if (is_sealed(L, 1)) return refuse_change(L);
    lua_settop(L, 3);
    lua_rawset(L, 1);
    return 1;
}

// Puts the real table in the place of a sealed one.
static void look_behind(lua_State *L, int index) {
    if (!lua_istable(L, index)) return;
    lua_pushlightuserdata(L, (void *)&sealed_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    if (lua_istable(L, -1)) lua_replace(L, index);
    else lua_pop(L, 1);
    lua_pop(L, 1);
}

static int safe_rawget(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    look_behind(L, 1);
    lua_rawget(L, 1);
    return 1;
}

static int safe_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    look_behind(L, 1);
    return lua_next(L, 1) ? 2 : (lua_pushnil(L), 1);
}

static int plain_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    return lua_next(L, 1) ? 2 : (lua_pushnil(L), 1);
}

static int safe_pairs(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushvalue(L, lua_upvalueindex(is_sealed(L, 1) ? 2 : 1));
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static int safe_setmetatable(lua_State *L) {
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argcheck(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table expected");
    if (is_sealed(L, 1)) return refuse_change(L);
    if (luaL_getmetafield(L, 1, "__metatable")) luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    // A finalizer of a table is never run in this version of Lua, one of newproxy's userdata would be.
    lua_setmetatable(L, 1);
    return 1;
}

typedef struct { const char *text; size_t count; } remaining;

// The parser gets the text in pieces, because it cannot be stopped in the middle of one.
static const char *next_piece(lua_State *L, void *context, size_t *count) {
    enum { piece = 16 << 10 };
    remaining *rest = context;
    nt_look(L);
    const char *start = rest->text;
    *count = rest->count < piece ? rest->count : piece;
    rest->text += *count;
    rest->count -= *count;
    return *count ? start : NULL;
}

static int compile_text(lua_State *L, const char *text, size_t count, const char *name) {
    if (count && *text == LUA_SIGNATURE[0]) {
        lua_pushnil(L);
        lua_pushliteral(L, "attempt to load chunk with wrong mode");
        return 2;
    }
    remaining rest = {text, count};
    if (lua_load(L, next_piece, &rest, name) == 0) return 1;
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
}

static int safe_loadstring(lua_State *L) {
    size_t count;
    const char *text = luaL_checklstring(L, 1, &count);
    return compile_text(L, text, count, luaL_optstring(L, 2, text));
}

static int safe_load(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    const char *name = luaL_optstring(L, 2, "=(load)");
    lua_settop(L, 2);
    lua_pushliteral(L, "");
    for (;;) {
        lua_pushvalue(L, 1);
        lua_call(L, 0, 1);
        if (lua_isnil(L, -1)) break;
        if (!lua_isstring(L, -1)) return luaL_error(L, "reader function must return a string");
        if (lua_objlen(L, -1) == 0) break;
        lua_concat(L, 2);
    }
    lua_pop(L, 1);
    size_t count;
    const char *text = lua_tolstring(L, 3, &count);
    return compile_text(L, text, count, name);
}

// The text of an error that a command has answered with, as scripts expect it of pcall.
static int safe_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    int failed = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    if (failed && lua_istable(L, -1)) {
        lua_pushliteral(L, "err");
        lua_rawget(L, -2);
        if (lua_isstring(L, -1)) lua_replace(L, -2);
        else lua_pop(L, 1);
    }
    lua_pushboolean(L, !failed);
    lua_insert(L, 1);
    return lua_gettop(L);
}

// A handler is called where the error is raised: within a hook, where no other hook would ever stop it. So none is called
// for a script that has to end.
static int handle_by_script(lua_State *L) {
    lua_settop(L, 1);
    if (nt_of(L)->kill_text) return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int safe_xpcall(lua_State *L) {
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    lua_pushcclosure(L, handle_by_script, 1);
    lua_insert(L, 1);
    int failed = lua_pcall(L, 0, LUA_MULTRET, 1);
    lua_pushboolean(L, !failed);
    lua_replace(L, 1);
    return lua_gettop(L);
}

// MARK: Numbers that seem random

static uint32_t next_random(nt_lua *lua) {
    lua->random = (lua->random * 0x5DEECE66DULL + 0xB) & 0xFFFFFFFFFFFFULL;
    return (uint32_t)(lua->random >> 17);
}

static int seeded_random(lua_State *L) {
    double r = (double)(next_random(nt_of(L)) % 0x7FFFFFFF) / (double)0x7FFFFFFF;
    int low = 1, high;
    switch (lua_gettop(L)) {
    case 0: lua_pushnumber(L, r); return 1;
    case 1: high = luaL_checkint(L, 1); break;
    case 2:
        low = luaL_checkint(L, 1);
        high = luaL_checkint(L, 2);
        break;
    default: return luaL_error(L, "wrong number of arguments");
    }
    luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
    lua_pushnumber(L, (double)low + (double)(int64_t)(r * ((double)high - (double)low + 1)));
    return 1;
}

static int seed_random(lua_State *L) {
    nt_of(L)->random = ((uint64_t)(uint32_t)luaL_checkint(L, 1) << 16) + 0x330E;
    return 0;
}

// The library's own writes beyond its buffer when the number of digits is the least integer.
static int to_hexadecimal(lua_State *L) {
    double number = luaL_checknumber(L, 1);
    // The lowest 32 bits of the number, rounded to an integer.
    double whole = fmod(nearbyint(number), 4294967296.0);
    uint32_t bits = whole == whole ? (uint32_t)(int64_t)whole : 0;
    double wanted = luaL_optnumber(L, 2, 8);
    const char *digits = wanted < 0 ? "0123456789ABCDEF" : "0123456789abcdef";
    if (wanted < 0) wanted = -wanted;
    int count = wanted < 8 ? (int)wanted : 8;
    char text[8];
    for (int i = count; i > 0; i--) {
        text[i - 1] = digits[bits & 15];
        bits >>= 4;
    }
    lua_pushlstring(L, text, (size_t)count);
    return 1;
}

// MARK: The encoder of JSON

// The library counts the bytes of what it writes in int, six for each of a string, and doubles its buffer: what could go
// beyond that is refused before it begins.
static const size_t encoded_max = ((size_t)1 << 30) / 6 - (1 << 20);
// What is written for a value beside the bytes of strings, at most.
static const size_t encoded_value = 40;
// The library's own limit is lower: its stack.
enum { encoded_depth = 8000 };

// Adds up what the value on top takes, and takes it from the stack.
static void measure(lua_State *L, size_t *bytes, int depth, unsigned *steps) {
    if (++*steps % nt_steps == 0) nt_look(L);
    *bytes += encoded_value;
    if (lua_type(L, -1) == LUA_TSTRING) *bytes += lua_objlen(L, -1);
    if (*bytes > encoded_max) luaL_error(L, "Cannot serialise, the value is too large");
    if (lua_type(L, -1) == LUA_TTABLE && depth < encoded_depth && lua_checkstack(L, 4)) {
        lua_pushnil(L);
        while (lua_next(L, -2)) {
            lua_pushvalue(L, -2);
            measure(L, bytes, encoded_depth, steps);
            measure(L, bytes, depth + 1, steps);
        }
    }
    lua_pop(L, 1);
}

static int encode_json(lua_State *L) {
    size_t bytes = 0;
    unsigned steps = 0;
    if (lua_gettop(L) == 1) {
        lua_pushvalue(L, 1);
        measure(L, &bytes, 0, &steps);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int new_json(lua_State *L);

// Puts what measures first in front of the encoder of the library on top.
static void guard_json(lua_State *L) {
    lua_getfield(L, -1, "encode");
    lua_pushcclosure(L, encode_json, 1);
    lua_setfield(L, -2, "encode");
    lua_getfield(L, -1, "new");
    lua_pushcclosure(L, new_json, 1);
    lua_setfield(L, -2, "new");
}

static int new_json(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_call(L, 0, 1);
    guard_json(L);
    return 1;
}

static int cpu_clock(lua_State *L) {
    lua_pushnumber(L, (double)clock() / CLOCKS_PER_SEC);
    return 1;
}

// MARK: Putting it together

static void open_library(lua_State *L, lua_CFunction open, const char *name) {
    lua_pushcfunction(L, open);
    lua_pushstring(L, name);
    lua_call(L, 1, 0);
}

static const char *const refused[] = {
    "dofile", "loadfile", "print", "setfenv", "getfenv", "newproxy", "module", "require", "package", NULL,
};

void nt_open_sandbox(lua_State *L) {
    lua_pushlightuserdata(L, (void *)&sealed_key);
    lua_newtable(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
    make_shield(L);
    open_library(L, luaopen_base, "");
    open_library(L, luaopen_table, LUA_TABLIBNAME);
    open_library(L, luaopen_string, LUA_STRLIBNAME);
    open_library(L, luaopen_math, LUA_MATHLIBNAME);
    lua_pushcfunction(L, luaopen_bit);
    lua_call(L, 0, 1);
    lua_pushcfunction(L, to_hexadecimal);
    lua_setfield(L, -2, "tohex");
    lua_setfield(L, LUA_GLOBALSINDEX, "bit");
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    guard_json(L);
    lua_setfield(L, LUA_GLOBALSINDEX, "cjson");
    for (int i = 0; refused[i]; i++) {
        lua_pushnil(L);
        lua_setfield(L, LUA_GLOBALSINDEX, refused[i]);
    }
    const luaL_Reg own[] = {
        {"rawset", safe_rawset}, {"rawget", safe_rawget},           {"next", safe_next},
        {"load", safe_load},     {"setmetatable", safe_setmetatable}, {"loadstring", safe_loadstring},
        {"pcall", safe_pcall}, {"xpcall", safe_xpcall},   {NULL, NULL},
    };
    for (const luaL_Reg *entry = own; entry->name; entry++) {
        lua_pushcfunction(L, entry->func);
        lua_setfield(L, LUA_GLOBALSINDEX, entry->name);
    }
    nt_open_patterns(L);
    nt_open_tables(L);
    nt_open_coroutines(L);
    lua_pushcfunction(L, nt_open_cmsgpack);
    lua_call(L, 0, 1);
    lua_setfield(L, LUA_GLOBALSINDEX, "cmsgpack");
    lua_pushcfunction(L, nt_open_struct);
    lua_call(L, 0, 1);
    lua_setfield(L, LUA_GLOBALSINDEX, "struct");
    lua_pushcfunction(L, plain_next);
    lua_pushcfunction(L, safe_next);
    lua_pushcclosure(L, safe_pairs, 2);
    lua_setfield(L, LUA_GLOBALSINDEX, "pairs");
    lua_getfield(L, LUA_GLOBALSINDEX, "math");
    lua_pushcfunction(L, seeded_random);
    lua_setfield(L, -2, "random");
    lua_pushcfunction(L, seed_random);
    lua_setfield(L, -2, "randomseed");
    lua_pop(L, 1);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, cpu_clock);
    lua_setfield(L, -2, "clock");
    lua_setfield(L, LUA_GLOBALSINDEX, "os");
    // Nobody gets at the metatable of strings.
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    push_shield(L);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}
