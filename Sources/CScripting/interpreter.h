// SPDX-License-Identifier: Apache-2.0
#ifndef NEEDLETAIL_INTERPRETER_H
#define NEEDLETAIL_INTERPRETER_H

#include "CScripting.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

struct nt_lua {
    lua_State *state;
    size_t bytes;
    /// The reply or error that was made last.
    char *output;
    size_t output_count, output_room;
    /// What the running script was started with.
    nt_host host;
    nt_bytes sha;
    int resp3;        // of replies that the script sees
    int client_resp3; // of the reply that it returns
    int is_running;
    uint64_t random;
    const char *version;
    int version_number;
};

/// The interpreter of a state.
nt_lua *nt_of(lua_State *L);

// Output
void nt_put(nt_lua *lua, const char *bytes, size_t count);
void nt_put_text(nt_lua *lua, const char *text);
/// Writes the value on top of the stack as a reply and pops it. Never raises.
void nt_put_value(nt_lua *lua, lua_State *L);

// Conversions
/// Pushes the value of a reply; returns where it ends.
const char *nt_push_reply(lua_State *L, const char *at, const char *end, int resp3);
/// Pushes a table for an error text, its code first.
void nt_push_error(lua_State *L, const char *text, size_t count);

// Libraries
void nt_open_sandbox(lua_State *L);
void nt_open_redis(lua_State *L, nt_lua *lua);
/// Seals the table on top of the stack: what replaces it there can be read, not changed.
void nt_seal(lua_State *L, int is_globals);

#endif
