// SPDX-License-Identifier: Apache-2.0
// The interpreter of scripts. Lua raises errors by longjmp, which must not cross Swift frames: everything that may
// raise is here, and Swift is called only by functions that return.
#ifndef NEEDLETAIL_CSCRIPTING_H
#define NEEDLETAIL_CSCRIPTING_H

#include <stddef.h>
#include <stdint.h>

/// Borrowed bytes.
typedef struct { const char *start; size_t count; } nt_bytes;

/// An interpreter with its sealed globals.
typedef struct nt_lua nt_lua;

/// What a script may ask of the server. None of these may raise; replies live until the next call.
typedef struct {
    void *context;
    /// Runs a command and returns its reply in protocol form.
    nt_bytes (*call)(void *context, const nt_bytes *args, size_t count, int resp3);
    /// Writes to the log: 0 debug, 1 verbose, 2 notice, 3 warning.
    void (*log)(void *context, int level, nt_bytes text);
    /// Whether the user may run the command: 1 yes, 0 no, -1 there is none.
    int (*may_run)(void *context, const nt_bytes *args, size_t count);
    /// Asked now and then while a script runs: nonzero ends it.
    int (*must_end)(void *context);
} nt_host;

/// A new interpreter; NULL without memory.
/// The version is what redis.REDIS_VERSION tells, as text and as number.
nt_lua *nt_lua_open(const char *version, int number);
void nt_lua_close(nt_lua *lua);
/// Bytes that the interpreter holds.
size_t nt_lua_bytes(const nt_lua *lua);
/// Compiles a script: its number, or -1 with the error in the output.
int nt_lua_compile(nt_lua *lua, nt_bytes text);
/// Forgets a compiled script.
void nt_lua_forget(nt_lua *lua, int number);
/// Runs a compiled script; its reply in protocol form is in the output.
/// - Returns: whether it ended without an error.
int nt_lua_run(
    nt_lua *lua, int number, nt_bytes sha, const nt_bytes *keys, size_t key_count, const nt_bytes *args,
    size_t arg_count, int resp3, nt_host host);
/// The bytes of the last compilation or run; valid until the next.
nt_bytes nt_lua_output(const nt_lua *lua);
/// The SHA-1 digest of bytes as 40 hexadecimal digits.
void nt_sha1hex(nt_bytes bytes, char digits[40]);

#endif
