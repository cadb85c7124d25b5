// SPDX-License-Identifier: Apache-2.0
// Libraries of functions: what they find while they are loaded, and how they register functions.
#include "interpreter.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const flag_names[] = {
    "no-writes", "allow-oom", "allow-stale", "no-cluster", "allow-cross-slot-keys", NULL};

static int fail(lua_State *L, const char *text) {
    nt_push_error(L, text, strlen(text));
    return lua_error(L);
}

// A copy that outlives the value of Lua; without memory the process ends, as it would elsewhere.
static nt_bytes copy(const char *text, size_t count) {
    char *room = malloc(count + 1);
    if (!room) abort();
    memcpy(room, text, count);
    room[count] = 0;
    return (nt_bytes){room, count};
}

static int is_name(const char *text, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_') return 0;
    return count > 0;
}

static unsigned read_flags(lua_State *L, int index) {
    unsigned flags = 0;
    for (int i = 1;; i++) {
        lua_rawgeti(L, index, i);
        if (lua_isnil(L, -1)) break;
        int bit = 0;
        const char *name = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
        while (flag_names[bit] && strcmp(flag_names[bit], name) != 0) bit++;
        if (!flag_names[bit]) fail(L, "ERR unknown flag given");
        flags |= 1u << bit;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return flags;
}

// What is registered: places of its parts on the stack, 0 where there is none.
typedef struct { int name, description, callback; unsigned flags; } registration;

static void read_entry(lua_State *L, registration *it, const char *key) {
    int value = lua_gettop(L);
    if (strcasecmp(key, "function_name") == 0) {
        if (lua_type(L, value) != LUA_TSTRING)
            fail(L, "ERR function_name argument given to redis.register_function must be a string");
        lua_pushvalue(L, value);
        lua_replace(L, it->name = 2);
    } else if (strcasecmp(key, "description") == 0) {
        if (lua_type(L, value) != LUA_TSTRING)
            fail(L, "ERR description argument given to redis.register_function must be a string");
        lua_pushvalue(L, value);
        lua_replace(L, it->description = 3);
    } else if (strcasecmp(key, "callback") == 0) {
        if (lua_type(L, value) != LUA_TFUNCTION)
            fail(L, "ERR callback argument given to redis.register_function must be a function");
        lua_pushvalue(L, value);
        lua_replace(L, it->callback = 4);
    } else if (strcasecmp(key, "flags") == 0) {
        if (lua_type(L, value) != LUA_TTABLE)
            fail(L, "ERR flags argument to redis.register_function must be a table representing function flags");
        it->flags = read_flags(L, value);
    } else {
        fail(L, "ERR unknown argument given to redis.register_function");
    }
}

static registration read_named(lua_State *L) {
    registration it = {0};
    if (!lua_istable(L, 1))
        fail(L, "ERR calling redis.register_function with a single argument is only applicable to Lua table "
                "(representing named arguments).");
    lua_settop(L, 4);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            fail(L, "ERR named argument key given to redis.register_function is not a string");
        read_entry(L, &it, lua_tostring(L, -2));
        lua_pop(L, 1);
    }
    if (!it.name) fail(L, "ERR redis.register_function must get a function name argument");
    if (!it.callback) fail(L, "ERR redis.register_function must get a callback argument");
    return it;
}

static registration read_registration(lua_State *L) {
    int count = lua_gettop(L);
    if (count < 1 || count > 2) fail(L, "ERR wrong number of arguments to redis.register_function");
    if (count == 1) return read_named(L);
    if (lua_type(L, 1) != LUA_TSTRING) fail(L, "ERR first argument to redis.register_function must be a string");
    if (lua_type(L, 2) != LUA_TFUNCTION)
        fail(L, "ERR second argument to redis.register_function must be a function");
    return (registration){.name = 1, .callback = 2};
}

static int register_function(lua_State *L) {
    nt_lua *lua = nt_of(L);
    if (!lua->is_loading) return fail(L, "ERR redis.register_function can only be called on FUNCTION LOAD command");
    registration it = read_registration(L);
    size_t count;
    const char *name = lua_tolstring(L, it.name, &count);
    if (!is_name(name, count))
        return fail(L, "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least "
                       "one character long");
    nt_functions *all = &lua->functions;
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].name.count == count && strcasecmp(all->items[i].name.start, name) == 0)
            return fail(L, "ERR Function already exists in the library");
    nt_push_scripts(L);
    lua_pushvalue(L, it.callback);
    int number = luaL_ref(L, -2);
    if (all->count == all->room) {
        all->room = all->room ? all->room * 2 : 8;
        all->items = realloc(all->items, all->room * sizeof *all->items);
        if (!all->items) abort();
    }
    nt_function function = {.name = copy(name, count), .flags = it.flags, .number = number};
    if (it.description) {
        const char *text = lua_tolstring(L, it.description, &count);
        function.description = copy(text, count);
        function.has_description = 1;
    }
    all->items[all->count++] = function;
    return 0;
}

void nt_open_functions(lua_State *L, nt_lua *lua) {
    // Whatever else a library asks for while it is loaded is an error.
    lua_newtable(L);
    lua_newtable(L);
    lua_pushcfunction(L, register_function);
    lua_setfield(L, -2, "register_function");
    nt_push_constants(L, lua);
    nt_seal(L, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "server");
    lua_setfield(L, -2, "redis");
    nt_seal(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "globals of loading");
}
