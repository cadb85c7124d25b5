// SPDX-License-Identifier: Apache-2.0
// The library `redis`, which is `server` as well.
#include "interpreter.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

void nt_sha1hex(nt_bytes bytes, char digits[40]) {
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    unsigned int size = 0;
    EVP_Digest(bytes.start, bytes.count, digest, &size, EVP_sha1(), NULL);
    for (int i = 0; i < 20; i++) {
        digits[i * 2] = "0123456789abcdef"[digest[i] >> 4];
        digits[i * 2 + 1] = "0123456789abcdef"[digest[i] & 15];
    }
}

static int fail(lua_State *L, const char *text, int raises) {
    nt_push_error(L, text, strlen(text));
    return raises ? lua_error(L) : 1;
}

static int call_command(lua_State *L, int raises) {
    nt_lua *lua = nt_of(L);
    int count = lua_gettop(L);
    if (!lua->is_running || lua->is_loading)
        return fail(L, "ERR redis.call/pcall can only be called from a running script", raises);
    if (count == 0) return fail(L, "ERR Please specify at least one argument for this redis.call() call", raises);
    nt_bytes few[16];
    nt_bytes *args = few;
    if (count > 16) args = lua_newuserdata(L, sizeof(nt_bytes) * (size_t)count);
    for (int i = 0; i < count; i++) {
        int type = lua_type(L, i + 1);
        if (type == LUA_TNUMBER) {
            char text[48];
            double number = lua_tonumber(L, i + 1);
            int length = number == (double)(int64_t)(number > -9e15 && number < 9e15 ? number : 0.5)
                ? snprintf(text, sizeof text, "%lld", (long long)number)
                : snprintf(text, sizeof text, "%.17g", number);
            lua_pushlstring(L, text, (size_t)length);
            lua_replace(L, i + 1);
        } else if (type != LUA_TSTRING) {
            return fail(L, "ERR Lua redis lib command arguments must be strings or integers", raises);
        }
        args[i].start = lua_tolstring(L, i + 1, &args[i].count);
    }
    int is_counted = 0;
    nt_bytes reply = lua->host.call(lua->host.context, args, (size_t)count, lua->resp3, &is_counted);
    int is_error = reply.count && reply.start[0] == '-';
    nt_push_reply(L, reply.start, reply.start + reply.count, lua->resp3);
    if (is_error && is_counted) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "ignore_error_stats_update");
    }
    nt_look(L);
    if (raises && is_error) return lua_error(L);
    return 1;
}

static int redis_call(lua_State *L) { return call_command(L, 1); }
static int redis_pcall(lua_State *L) { return call_command(L, 0); }

static int error_reply(lua_State *L) {
    if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TSTRING) return fail(L, "ERR wrong number or type of arguments", 0);
    size_t count;
    const char *text = lua_tolstring(L, 1, &count);
    nt_push_error(L, text, count);
    return 1;
}

static int status_reply(lua_State *L) {
    if (lua_gettop(L) != 1 || lua_type(L, 1) != LUA_TSTRING) return fail(L, "ERR wrong number or type of arguments", 0);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "ok");
    return 1;
}

static int sha1hex(lua_State *L) {
    if (lua_gettop(L) != 1) return fail(L, "ERR wrong number of arguments", 1);
    nt_bytes text;
    char digits[40];
    text.start = lua_tolstring(L, 1, &text.count);
    if (!text.start) text = (nt_bytes){"", 0};
    nt_sha1hex(text, digits);
    lua_pushlstring(L, digits, 40);
    return 1;
}

static int write_log(lua_State *L) {
    nt_lua *lua = nt_of(L);
    int count = lua_gettop(L);
    if (count < 2) return fail(L, "ERR redis.log() requires two arguments or more.", 1);
    if (!lua_isnumber(L, 1)) return fail(L, "ERR First argument must be a number (log level).", 1);
    double level = lua_tonumber(L, 1);
    if (!(level >= 0 && level <= 3)) return fail(L, "ERR Invalid log level.", 1);
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    for (int i = 2; i <= count; i++) {
        if (!lua_isstring(L, i)) continue;
        if (i > 2) luaL_addchar(&buffer, ' ');
        lua_pushvalue(L, i);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    nt_bytes text;
    text.start = lua_tolstring(L, -1, &text.count);
    if (lua->is_running) lua->host.log(lua->host.context, (int)level, text);
    return 0;
}

static int set_protocol(lua_State *L) {
    if (lua_gettop(L) != 1) return fail(L, "ERR redis.setresp() requires one argument.", 1);
    double version = lua_tonumber(L, 1);
    if (version != 2 && version != 3) return fail(L, "ERR RESP version must be 2 or 3.", 1);
    nt_of(L)->resp3 = version == 3;
    return 0;
}

static int set_replication(lua_State *L) {
    if (lua_gettop(L) != 1) return fail(L, "ERR redis.set_repl() requires one argument.", 1);
    double flags = lua_tonumber(L, 1);
    if (!(flags >= 0 && flags <= 3))
        return fail(L, "ERR Invalid replication flags. Please use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.", 1);
    if (flags != 3) return fail(L, "ERR Commands of a script are always propagated: only REPL_ALL is supported.", 1);
    return 0;
}

static int replicate_commands(lua_State *L) {
    lua_pushboolean(L, 1);
    return 1;
}

static int check_access(lua_State *L) {
    nt_lua *lua = nt_of(L);
    int count = lua_gettop(L);
    if (!count) return fail(L, "ERR Please specify at least one argument for this redis.acl_check_cmd() call", 1);
    nt_bytes *args = lua_newuserdata(L, sizeof(nt_bytes) * (size_t)count);
    for (int i = 0; i < count; i++) {
        args[i].start = lua_tolstring(L, i + 1, &args[i].count);
        if (!args[i].start) return fail(L, "ERR redis.acl_check_cmd() require all arguments to be strings or integers", 1);
    }
    int answer = lua->is_running ? lua->host.may_run(lua->host.context, args, (size_t)count) : -1;
    if (answer < 0) return fail(L, "ERR Invalid command passed to redis.acl_check_cmd()", 1);
    lua_pushboolean(L, answer);
    return 1;
}

static void set_number(lua_State *L, const char *name, double value) {
    lua_pushnumber(L, value);
    lua_setfield(L, -2, name);
}

void nt_push_constants(lua_State *L, nt_lua *lua) {
    lua_pushcfunction(L, write_log);
    lua_setfield(L, -2, "log");
    set_number(L, "LOG_DEBUG", 0);
    set_number(L, "LOG_VERBOSE", 1);
    set_number(L, "LOG_NOTICE", 2);
    set_number(L, "LOG_WARNING", 3);
    lua_pushstring(L, lua->version);
    lua_setfield(L, -2, "REDIS_VERSION");
    set_number(L, "REDIS_VERSION_NUM", lua->version_number);
}

void nt_open_redis(lua_State *L, nt_lua *lua) {
    const luaL_Reg functions[] = {
        {"call", redis_call}, {"pcall", redis_pcall}, {"error_reply", error_reply}, {"status_reply", status_reply},
        {"sha1hex", sha1hex}, {"setresp", set_protocol}, {"set_repl", set_replication},
        {"acl_check_cmd", check_access}, {NULL, NULL},
    };
    lua_newtable(L);
    for (const luaL_Reg *entry = functions; entry->name; entry++) {
        lua_pushcfunction(L, entry->func);
        lua_setfield(L, -2, entry->name);
    }
    if (!lua->is_for_functions) {
        lua_pushcfunction(L, replicate_commands);
        lua_setfield(L, -2, "replicate_commands");
    }
    nt_push_constants(L, lua);
    set_number(L, "REPL_NONE", 0);
    set_number(L, "REPL_AOF", 1);
    set_number(L, "REPL_SLAVE", 2);
    set_number(L, "REPL_REPLICA", 2);
    set_number(L, "REPL_ALL", 3);
    nt_seal(L, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_GLOBALSINDEX, "server");
    lua_setfield(L, LUA_GLOBALSINDEX, "redis");
}
