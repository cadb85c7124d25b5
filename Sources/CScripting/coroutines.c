// SPDX-License-Identifier: Apache-2.0
// Coroutines, resumed so that the interpreter knows which of them runs: hooks belong to one.
#include "interpreter.h"

static const char *state_of(lua_State *L, lua_State *routine) {
    lua_Debug activation;
    if (L == routine) return "running";
    switch (lua_status(routine)) {
    case LUA_YIELD: return "suspended";
    case 0:
        if (lua_getstack(routine, 0, &activation) > 0) return "normal";
        return lua_gettop(routine) == 0 ? "dead" : "suspended";
    default: return "dead";
    }
}

// Runs a coroutine with the arguments on top of the stack, which its results replace: how many there are, or -1 with an
// error on top.
static int run(lua_State *L, lua_State *routine, int count) {
    const char *state = state_of(L, routine);
    if (*state != 's') {
        lua_pushfstring(L, "cannot resume %s coroutine", state);
        return -1;
    }
    if (!lua_checkstack(routine, count)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    nt_lua *lua = nt_of(L);
    lua_xmove(L, routine, count);
    lua_setlevel(L, routine);
    lua->current = routine;
    int status = lua_resume(routine, count);
    lua->current = L;
    if (status != 0 && status != LUA_YIELD) {
        lua_xmove(routine, L, 1);
        return -1;
    }
    int results = lua_gettop(routine);
    if (!lua_checkstack(L, results + 1)) {
        lua_settop(routine, 0);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(routine, L, results);
    return results;
}

static int resume(lua_State *L) {
    lua_State *routine = lua_tothread(L, 1);
    luaL_argcheck(L, routine, 1, "coroutine expected");
    int count = run(L, routine, lua_gettop(L) - 1);
    lua_pushboolean(L, count >= 0);
    lua_insert(L, count >= 0 ? -count - 1 : -2);
    return count >= 0 ? count + 1 : 2;
}

static int resume_wrapped(lua_State *L) {
    lua_State *routine = lua_tothread(L, lua_upvalueindex(1));
    int count = run(L, routine, lua_gettop(L));
    if (count >= 0) return count;
    // An error that is a text tells where it was caught, too.
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int wrap(lua_State *L) {
    luaL_argcheck(L, lua_isfunction(L, 1) && !lua_iscfunction(L, 1), 1, "Lua function expected");
    lua_State *routine = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, routine, 1);
    lua_pushcclosure(L, resume_wrapped, 1);
    return 1;
}

static int status(lua_State *L) {
    lua_State *routine = lua_tothread(L, 1);
    luaL_argcheck(L, routine, 1, "coroutine expected");
    lua_pushstring(L, state_of(L, routine));
    return 1;
}

void nt_open_coroutines(lua_State *L) {
    const luaL_Reg own[] = {{"resume", resume}, {"wrap", wrap}, {"status", status}, {NULL, NULL}};
    lua_getfield(L, LUA_GLOBALSINDEX, "coroutine");
    for (const luaL_Reg *entry = own; entry->name; entry++) {
        lua_pushcfunction(L, entry->func);
        lua_setfield(L, -2, entry->name);
    }
    lua_pop(L, 1);
}
