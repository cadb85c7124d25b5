// SPDX-License-Identifier: Apache-2.0
#include "interpreter.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char lua_key = 0, scripts_key = 0, globals_key = 0;

// What scripts may hold together. Beyond it a script ends with an error.
static const size_t bytes_max = (size_t)1 << 30;
// How many instructions pass between two looks at the clock.
enum { instructions_between_looks = 100000 };

static void *allocate(void *context, void *block, size_t old_size, size_t size) {
    nt_lua *lua = context;
    if (!block) old_size = 0;
    if (size == 0) {
        lua->bytes -= old_size;
        free(block);
        return NULL;
    }
    if (size > old_size && lua->bytes - old_size + size > bytes_max) return NULL;
    void *moved = realloc(block, size);
    // Lua counts on room for a smaller block.
    if (!moved) return NULL;
    lua->bytes = lua->bytes - old_size + size;
    return moved;
}

nt_lua *nt_of(lua_State *L) {
    void *context = NULL;
    lua_getallocf(L, &context);
    return context;
}

static void look_at_clock(lua_State *L, lua_Debug *activation) {
    (void)activation;
    nt_lua *lua = nt_of(L);
    if (!lua->is_running || !lua->host.must_end(lua->host.context)) return;
    // Whatever catches the error is ended at its next instruction.
    lua_sethook(L, look_at_clock, LUA_MASKCOUNT, 1);
    luaL_error(L, "Script ran for too long and was ended");
}

static int set_up(lua_State *L) {
    nt_lua *lua = lua_touserdata(L, 1);
    lua_settop(L, 0);
    nt_open_sandbox(L);
    nt_open_redis(L, lua);
    static const char *const libraries[] = {"string", "table", "math", "bit", "cjson", "os", "coroutine", NULL};
    for (int i = 0; libraries[i]; i++) {
        lua_getfield(L, LUA_GLOBALSINDEX, libraries[i]);
        nt_seal(L, 0);
        lua_setfield(L, LUA_GLOBALSINDEX, libraries[i]);
    }
    // The real globals stay within reach of the host, scripts get the sealed ones.
    lua_pushlightuserdata(L, (void *)&globals_key);
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_pushlightuserdata(L, (void *)&scripts_key);
    lua_newtable(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    nt_seal(L, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_GLOBALSINDEX, "_G");
    lua_pushlightuserdata(L, (void *)&lua_key);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 0;
}

nt_lua *nt_lua_open(const char *version, int number) {
    nt_lua *lua = calloc(1, sizeof *lua);
    if (!lua) return NULL;
    lua->version = version;
    lua->version_number = number;
    lua->state = lua_newstate(allocate, lua);
    if (!lua->state || lua_cpcall(lua->state, set_up, lua) != 0) {
        nt_lua_close(lua);
        return NULL;
    }
    lua_State *L = lua->state;
    lua_pushlightuserdata(L, (void *)&lua_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_replace(L, LUA_GLOBALSINDEX);
    return lua;
}

void nt_lua_close(nt_lua *lua) {
    if (!lua) return;
    if (lua->state) lua_close(lua->state);
    free(lua->output);
    free(lua);
}

size_t nt_lua_bytes(const nt_lua *lua) { return lua->bytes + lua->output_room; }
nt_bytes nt_lua_output(const nt_lua *lua) { return (nt_bytes){lua->output, lua->output_count}; }

// MARK: Scripts

typedef struct {
    nt_bytes text, sha;
    int number;
    int failed;
    const nt_bytes *keys, *args;
    size_t key_count, arg_count;
} task;

static int compile(lua_State *L) {
    task *it = lua_touserdata(L, 1);
    if (it->text.count && it->text.start[0] == LUA_SIGNATURE[0]) return luaL_error(L, "user_script:1: bytecode is refused");
    if (luaL_loadbuffer(L, it->text.start, it->text.count, "@user_script") != 0) return lua_error(L);
    lua_pushlightuserdata(L, (void *)&scripts_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_insert(L, -2);
    it->number = luaL_ref(L, -2);
    return 0;
}

int nt_lua_compile(nt_lua *lua, nt_bytes text) {
    task it = {.text = text, .number = -1};
    lua->output_count = 0;
    if (lua_cpcall(lua->state, compile, &it) == 0) return it.number;
    size_t count = 0;
    const char *why = lua_tolstring(lua->state, -1, &count);
    nt_put_text(lua, "ERR Error compiling script (new function): ");
    if (why) nt_put(lua, why, count);
    lua_settop(lua->state, 0);
    return -1;
}

static int forget(lua_State *L) {
    task *it = lua_touserdata(L, 1);
    lua_pushlightuserdata(L, (void *)&scripts_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    luaL_unref(L, -1, it->number);
    return 0;
}

void nt_lua_forget(nt_lua *lua, int number) {
    task it = {.number = number};
    if (lua_cpcall(lua->state, forget, &it) != 0) lua_settop(lua->state, 0);
}

// Makes a table of any error, with the place where it happened.
static int handle_error(lua_State *L) {
    lua_Debug at;
    lua_settop(L, 1);
    if (!lua_istable(L, 1)) {
        size_t count = 0;
        const char *text = lua_tolstring(L, 1, &count);
        lua_createtable(L, 0, 3);
        lua_pushliteral(L, "ERR ");
        if (text) lua_pushlstring(L, text, count);
        else lua_pushstring(L, luaL_typename(L, 1));
        lua_concat(L, 2);
        lua_setfield(L, -2, "err");
    }
    for (int level = 1; level <= 2; level++) {
        if (!lua_getstack(L, level, &at)) break;
        lua_getinfo(L, "Sl", &at);
        if (at.currentline < 0) continue;
        lua_pushliteral(L, "source");
        lua_pushstring(L, at.source);
        lua_rawset(L, -3);
        lua_pushliteral(L, "line");
        lua_pushnumber(L, at.currentline);
        lua_rawset(L, -3);
        break;
    }
    return 1;
}

static void push_list(lua_State *L, const nt_bytes *items, size_t count, const char *name) {
    lua_createtable(L, count > 1 << 20 ? 1 << 20 : (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushlstring(L, items[i].start, items[i].count);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, name);
}

static void put_failure(nt_lua *lua, lua_State *L) {
    char line[32];
    size_t count;
    const char *text;
    size_t start = lua->output_count;
    lua_pushliteral(L, "err");
    lua_rawget(L, -2);
    text = lua_tolstring(L, -1, &count);
    if (!text) text = "ERR unknown error", count = strlen(text);
    if (count && *text == '-') text++, count--;
    nt_put_text(lua, "-");
    nt_put(lua, text, count);
    lua_pop(L, 1);
    nt_put_text(lua, " script: ");
    nt_put(lua, lua->sha.start, lua->sha.count);
    lua_pushliteral(L, "source");
    lua_rawget(L, -2);
    lua_pushliteral(L, "line");
    lua_rawget(L, -3);
    if (lua_isstring(L, -2) && lua_isnumber(L, -1)) {
        nt_put_text(lua, ", on ");
        nt_put_text(lua, lua_tostring(L, -2));
        snprintf(line, sizeof line, ":%d.", (int)lua_tonumber(L, -1));
        nt_put_text(lua, line);
    }
    lua_pop(L, 2);
    for (size_t i = start; i < lua->output_count; i++)
        if (lua->output[i] == '\r' || lua->output[i] == '\n') lua->output[i] = ' ';
    nt_put_text(lua, "\r\n");
}

static int run(lua_State *L) {
    task *it = lua_touserdata(L, 1);
    nt_lua *lua = nt_of(L);
    lua_settop(L, 0);
    lua_pushlightuserdata(L, (void *)&globals_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    push_list(L, it->keys, it->key_count, "KEYS");
    push_list(L, it->args, it->arg_count, "ARGV");
    lua_settop(L, 0);
    lua_pushcfunction(L, handle_error);
    lua_pushlightuserdata(L, (void *)&scripts_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_rawgeti(L, -1, it->number);
    it->failed = lua_pcall(L, 0, 1, 1) != 0;
    if (!it->failed) {
        nt_put_value(lua, L);
    } else if (lua_istable(L, -1)) {
        put_failure(lua, L);
    } else {
        nt_put_text(lua, "-ERR ");
        nt_put_text(lua, lua_isstring(L, -1) ? lua_tostring(L, -1) : "error in error handling");
        nt_put_text(lua, "\r\n");
    }
    return 0;
}

int nt_lua_run(
    nt_lua *lua, int number, nt_bytes sha, const nt_bytes *keys, size_t key_count, const nt_bytes *args,
    size_t arg_count, int resp3, nt_host host) {
    lua_State *L = lua->state;
    task it = {.number = number, .keys = keys, .args = args, .key_count = key_count, .arg_count = arg_count};
    lua->output_count = 0;
    lua->host = host;
    lua->sha = sha;
    lua->resp3 = 0;
    lua->client_resp3 = resp3;
    lua->random = 0x330E;
    lua->is_running = 1;
    lua_sethook(L, look_at_clock, LUA_MASKCOUNT, instructions_between_looks);
    if (lua_cpcall(L, run, &it) != 0) {
        lua->output_count = 0;
        nt_put_text(lua, "-ERR not enough memory for the script\r\n");
        it.failed = 1;
    }
    lua->is_running = 0;
    lua_sethook(L, NULL, 0, 0);
    lua_settop(L, 0);
    lua_gc(L, LUA_GCRESTART, 0);
    lua->host = (nt_host){0};
    lua->sha = (nt_bytes){0};
    return !it.failed;
}
