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
    /// Runs a command and returns its reply in protocol form, and whether an error in it was counted.
    nt_bytes (*call)(void *context, const nt_bytes *args, size_t count, int resp3, int *is_counted);
    /// Writes to the log: 0 debug, 1 verbose, 2 notice, 3 warning.
    void (*log)(void *context, int level, nt_bytes text);
    /// Whether the user may run the command: 1 yes, 0 no, -1 there is none.
    int (*may_run)(void *context, const nt_bytes *args, size_t count);
} nt_host;

/// How long a script runs before it goes back to whoever started it: until a moment by nt_ticks, or, where that is 0, for
/// so many looks at the clock.
typedef struct { uint64_t until; uint32_t looks; } nt_slice;

/// What a script is run with.
typedef struct {
    /// What errors call it: the digest of a script, or the name of a function.
    nt_bytes name;
    const nt_bytes *keys;
    size_t key_count;
    const nt_bytes *args;
    size_t arg_count;
    /// They are handed over as arguments, not as the globals KEYS and ARGV.
    int is_function;
    /// Of the client that gets the reply.
    int resp3;
    nt_host host;
} nt_start;

/// A function that a library has registered.
typedef struct {
    nt_bytes name, description;
    int has_description;
    /// Bits: 1 no-writes, 2 allow-oom, 4 allow-stale, 8 no-cluster, 16 allow-cross-slot-keys.
    unsigned flags;
    /// What runs it, as a script's.
    int number;
} nt_function;

/// A new interpreter; NULL without memory.
/// The version is what redis.REDIS_VERSION tells, as text and as number; the seed is that of math.random.
nt_lua *nt_lua_open(const char *version, int number, int is_for_functions, uint64_t seed);
/// Closes it, whatever runs there. It may be done on another thread.
void nt_lua_close(nt_lua *lua);
/// Bytes that the interpreter holds.
size_t nt_lua_bytes(const nt_lua *lua);
/// Compiles a script: its number, or -1 with the error in the output.
int nt_lua_compile(nt_lua *lua, nt_bytes text);
/// Forgets a compiled script or a function.
void nt_lua_forget(nt_lua *lua, int number);
/// Runs the text of a library, which registers its functions: how many there are, or -1 with the error in the output. All
/// of them are forgotten then.
int nt_lua_load(nt_lua *lua, nt_bytes text, nt_slice limit);
/// A function that the last library has registered; valid until the next is loaded.
nt_function nt_lua_function(const nt_lua *lua, int index);
/// Begins to run a compiled script or a function.
/// - Returns: whether it has ended: its reply in protocol form is in the output. Otherwise it stopped in the middle.
int nt_lua_run(nt_lua *lua, int number, const nt_start *start, nt_slice slice);
/// Goes on with the script that stopped; as nt_lua_run.
int nt_lua_go_on(nt_lua *lua, nt_slice slice);
/// The script that stopped ends with this error when it goes on, whatever it does.
void nt_lua_kill(nt_lua *lua, const char *text);
/// Whether the error that the last run ended with was counted where it happened.
int nt_lua_is_counted(const nt_lua *lua);
/// The bytes of the last compilation or run; valid until the next.
nt_bytes nt_lua_output(const nt_lua *lua);
/// The SHA-1 digest of bytes as 40 hexadecimal digits.
void nt_sha1hex(nt_bytes bytes, char digits[40]);

#endif
