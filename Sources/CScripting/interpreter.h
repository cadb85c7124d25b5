// SPDX-License-Identifier: Apache-2.0
#ifndef NEEDLETAIL_INTERPRETER_H
#define NEEDLETAIL_INTERPRETER_H

#include "CScripting.h"
#include "fiber.h"
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/// Functions that a library registers while it is loaded.
typedef struct { nt_function *items; size_t count, room; } nt_functions;

struct nt_lua {
    lua_State *state;
    /// The state whose code runs: `state`, or a coroutine.
    lua_State *current;
    size_t bytes;
    /// Bytes of large blocks that it holds.
    size_t large_bytes;
    /// How much of them was left when they were last collected before their time.
    size_t large_kept;
    /// The reply or error that was made last. What is beyond its limit is dropped, and `is_output_full` says so.
    char *output;
    size_t output_count, output_room;
    int is_output_full;
    /// What the running script was started with.
    nt_start start;
    nt_host host;
    nt_bytes name;
    char *name_room;
    int number;
    int resp3;        // of replies that the script sees
    int client_resp3; // of the reply that it returns
    int is_running, is_loading, has_ended, has_failed, is_counted;
    /// Where it runs, and until when.
    nt_fiber *fiber;
    nt_slice slice;
    /// Steps of loops that look at the clock from time to time.
    unsigned steps;
    int ends_with_slice;
    /// Why it must end; NULL as long as it may go on.
    const char *kill_text;
    int is_for_functions;
    nt_functions functions;
    uint64_t random;
    const char *version;
    int version_number;
};

/// The interpreter of a state.
nt_lua *nt_of(lua_State *L);
/// Looks at the clock: when the slice is over, goes back to whoever runs the script; raises when the script is to end.
/// To be called in everything that may take long.
void nt_look(lua_State *L);
/// How many steps of a loop pass between two looks.
enum { nt_steps = 1024 };

/// Pushes the table of compiled scripts and functions by their numbers.
void nt_push_scripts(lua_State *L);

// Output
void nt_put(nt_lua *lua, const char *bytes, size_t count);
void nt_put_text(nt_lua *lua, const char *text);
/// Writes the value on top of the stack as a reply and pops it.
void nt_put_value(nt_lua *lua, lua_State *L);
/// Writes the error on top of the stack, with the place where it happened.
void nt_put_failure(nt_lua *lua, lua_State *L);

// Conversions
/// Pushes the value of a reply; returns where it ends.
const char *nt_push_reply(lua_State *L, const char *at, const char *end, int resp3);
/// Pushes a table for an error text, its code first.
void nt_push_error(lua_State *L, const char *text, size_t count);
/// A message handler: makes a table of any error, with the place where it happened.
int nt_handle_error(lua_State *L);

// Libraries
void nt_open_sandbox(lua_State *L);
void nt_open_redis(lua_State *L, nt_lua *lua);
/// Sets what scripts and libraries under way both find in `redis`, in the table on top of the stack.
void nt_push_constants(lua_State *L, nt_lua *lua);
/// Makes what libraries find while they are loaded.
void nt_open_functions(lua_State *L, nt_lua *lua);
/// Shows the globals of a library under way, or those of functions.
/// Replaces those of Lua's own functions that could hold the server for long.
void nt_open_patterns(lua_State *L);
void nt_open_tables(lua_State *L);
void nt_open_coroutines(lua_State *L);
int nt_open_cmsgpack(lua_State *L);
int nt_open_struct(lua_State *L);
/// Seals the table on top of the stack: what replaces it there can be read, not changed.
void nt_seal(lua_State *L, int is_globals);

#endif
