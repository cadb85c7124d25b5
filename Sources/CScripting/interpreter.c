// SPDX-License-Identifier: Apache-2.0
// The interpreter runs on a stack of its own. Whatever takes long looks at the clock now and then (nt_look) and leaves
// that stack when its time is over; whoever started the script goes on with it later. Only C and Lua stand on the stack
// then: Swift is called for commands, which return before Lua goes on.
#include "interpreter.h"
#include <CShims.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char scripts_key = 0, globals_key = 0;

// What scripts may hold together. Beyond it a script ends with an error.
static const size_t bytes_max = (size_t)1 << 30;
// How many instructions pass between two looks at the clock.
enum { instructions_between_looks = 1000 };
// Blocks of so many bytes are large: an instruction that copies one takes time. Between two looks so many bytes of them
// may be copied, were each instruction to copy all.
static const size_t large_block = 1 << 20, copied_between_looks = 100 << 20;

// With no more than this beside large blocks, collecting all garbage takes a millisecond.
static const size_t small_bytes_max = 4 << 20;

static void look_by_hook(lua_State *L, lua_Debug *activation);

static void *allocate(void *context, void *block, size_t old_size, size_t size) {
    nt_lua *lua = context;
    if (!block) old_size = 0;
    if (size == 0) {
        lua->bytes -= old_size;
        if (old_size >= large_block) lua->large_bytes -= old_size;
        free(block);
        return NULL;
    }
    if (size > old_size && lua->bytes - old_size + size > bytes_max) return NULL;
    void *moved = realloc(block, size);
    // Lua counts on room for a smaller block.
    if (!moved) return NULL;
    lua->bytes = lua->bytes - old_size + size;
    if (old_size >= large_block) lua->large_bytes -= old_size;
    if (size >= large_block) {
        lua->large_bytes += size;
        if (lua->is_running) lua_sethook(lua->current, look_by_hook, LUA_MASKCOUNT, 1);
    }
    return moved;
}

nt_lua *nt_of(lua_State *L) {
    void *context = NULL;
    lua_getallocf(L, &context);
    return context;
}

// MARK: Time

static void end_script(nt_lua *lua, lua_State *L) {
    // Whatever catches the error is ended at its next instruction.
    lua_sethook(L, look_by_hook, LUA_MASKCOUNT, 1);
    lua_sethook(lua->state, look_by_hook, LUA_MASKCOUNT, 1);
    nt_push_error(L, lua->kill_text, strlen(lua->kill_text));
    lua_error(L);
}

static int is_over(nt_lua *lua) {
    if (lua->slice.until) return (int64_t)(nt_ticks() - lua->slice.until) >= 0;
    if (lua->slice.looks) lua->slice.looks--;
    return lua->slice.looks == 0;
}

void nt_look(lua_State *L) {
    nt_lua *lua = nt_of(L);
    if (!lua->is_running) return;
    if (!lua->kill_text && is_over(lua)) {
        if (lua->ends_with_slice) lua->kill_text = "ERR FUNCTION LOAD timeout";
        else nt_fiber_leave(lua->fiber);
    }
    if (lua->kill_text) end_script(lua, L);
}

// Garbage of long texts grows faster than the collector, which counts small things, takes it away.
static void collect_early(nt_lua *lua, lua_State *L) {
    if (lua->large_bytes < bytes_max / 4) return;
    if (lua->large_bytes - lua->large_kept < bytes_max / 4 && lua->large_bytes >= lua->large_kept) return;
    if (lua->bytes - lua->large_bytes > small_bytes_max) return;
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua->large_kept = lua->large_bytes;
}

static void look_by_hook(lua_State *L, lua_Debug *activation) {
    (void)activation;
    size_t large = nt_of(L)->large_bytes;
    collect_early(nt_of(L), L);
    int count = instructions_between_looks;
    if (large > copied_between_looks / instructions_between_looks) {
        count = (int)(copied_between_looks / large);
        if (count == 0) count = 1;
    }
    if (lua_gethookcount(L) != count) lua_sethook(L, look_by_hook, LUA_MASKCOUNT, count);
    nt_look(L);
}

// MARK: Opening

static void run_on_fiber(void *context);

static int set_up(lua_State *L) {
    nt_lua *lua = lua_touserdata(L, 1);
    lua_settop(L, 0);
    nt_open_sandbox(L);
    if (lua->is_for_functions) nt_open_functions(L, lua);
    nt_open_redis(L, lua);
    static const char *const libraries[] = {
        "string", "table", "math", "bit", "cjson", "cmsgpack", "struct", "os", "coroutine", NULL};
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
    lua_replace(L, LUA_GLOBALSINDEX);
    return 0;
}

nt_lua *nt_lua_open(const char *version, int number, int is_for_functions, uint64_t seed) {
    nt_lua *lua = calloc(1, sizeof *lua);
    if (!lua) return NULL;
    lua->version = version;
    lua->version_number = number;
    lua->is_for_functions = is_for_functions;
    lua->random = seed & 0xFFFFFFFFFFFFULL;
    lua->fiber = nt_fiber_new(run_on_fiber, lua);
    lua->state = lua_newstate(allocate, lua);
    lua->current = lua->state;
    if (!lua->fiber || !lua->state || lua_cpcall(lua->state, set_up, lua) != 0) {
        nt_lua_close(lua);
        return NULL;
    }
    return lua;
}

static void forget_functions(nt_lua *lua) {
    for (size_t i = 0; i < lua->functions.count; i++) {
        free((void *)lua->functions.items[i].name.start);
        free((void *)lua->functions.items[i].description.start);
    }
    lua->functions.count = 0;
}

void nt_lua_close(nt_lua *lua) {
    if (!lua) return;
    lua->is_running = 0;
    if (lua->state) lua_close(lua->state);
    nt_fiber_free(lua->fiber);
    forget_functions(lua);
    free(lua->functions.items);
    free(lua->output);
    free(lua->name_room);
    free(lua);
}

size_t nt_lua_bytes(const nt_lua *lua) { return lua->bytes + lua->output_room; }
nt_bytes nt_lua_output(const nt_lua *lua) { return (nt_bytes){lua->output, lua->output_count}; }

static void empty_output(nt_lua *lua) {
    lua->output_count = 0;
    lua->is_output_full = 0;
    if (lua->output_room < 1 << 20) return;
    free(lua->output);
    lua->output = NULL;
    lua->output_room = 0;
}

// MARK: Compiling

typedef struct { nt_bytes text; const char *name; int number; } unit;

void nt_push_scripts(lua_State *L) {
    lua_pushlightuserdata(L, (void *)&scripts_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

static void load_text(lua_State *L, const unit *it) {
    if (it->text.count && it->text.start[0] == LUA_SIGNATURE[0])
        luaL_error(L, "%s:1: bytecode is refused", it->name + 1);
    if (luaL_loadbuffer(L, it->text.start, it->text.count, it->name) != 0) lua_error(L);
}

static int compile(lua_State *L) {
    unit *it = lua_touserdata(L, 1);
    load_text(L, it);
    nt_push_scripts(L);
    lua_insert(L, -2);
    it->number = luaL_ref(L, -2);
    return 0;
}

static void put_top(nt_lua *lua) {
    size_t count = 0;
    const char *why = lua_tolstring(lua->state, -1, &count);
    if (why) nt_put(lua, why, count);
    lua_settop(lua->state, 0);
}

int nt_lua_compile(nt_lua *lua, nt_bytes text) {
    unit it = {text, "@user_script", -1};
    empty_output(lua);
    if (lua_cpcall(lua->state, compile, &it) == 0) return it.number;
    nt_put_text(lua, "ERR Error compiling script (new function): ");
    put_top(lua);
    return -1;
}

static int forget(lua_State *L) {
    unit *it = lua_touserdata(L, 1);
    nt_push_scripts(L);
    luaL_unref(L, -1, it->number);
    return 0;
}

void nt_lua_forget(nt_lua *lua, int number) {
    unit it = {.number = number};
    if (lua_cpcall(lua->state, forget, &it) != 0) lua_settop(lua->state, 0);
}

// MARK: Running

static void push_list(lua_State *L, const nt_bytes *items, size_t count) {
    lua_createtable(L, count > 1 << 20 ? 1 << 20 : (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushlstring(L, items[i].start, items[i].count);
        lua_rawseti(L, -2, (int)i + 1);
    }
}

static void set_globals(lua_State *L, const nt_start *start) {
    lua_pushlightuserdata(L, (void *)&globals_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushliteral(L, "KEYS");
    push_list(L, start->keys, start->key_count);
    lua_rawset(L, -3);
    lua_pushliteral(L, "ARGV");
    push_list(L, start->args, start->arg_count);
    lua_rawset(L, -3);
    lua_settop(L, 0);
}

static int run(lua_State *L) {
    nt_lua *lua = lua_touserdata(L, 1);
    lua_settop(L, 0);
    if (!lua->start.is_function) set_globals(L, &lua->start);
    lua_pushcfunction(L, nt_handle_error);
    nt_push_scripts(L);
    lua_rawgeti(L, -1, lua->number);
    lua_remove(L, -2);
    if (lua->start.is_function) {
        push_list(L, lua->start.keys, lua->start.key_count);
        push_list(L, lua->start.args, lua->start.arg_count);
    }
    lua->has_failed = lua_pcall(L, lua->start.is_function ? 2 : 0, 1, 1) != 0;
    if (lua->has_failed) nt_put_failure(lua, L);
    else nt_put_value(lua, L);
    return 0;
}

// A library under way finds other globals than its functions do later. Both have the same table, which stays empty.
static void show_globals(lua_State *L, int is_loading) {
    lua_getmetatable(L, LUA_GLOBALSINDEX);
    lua_pushliteral(L, "__index");
    if (is_loading) {
        lua_getfield(L, LUA_REGISTRYINDEX, "globals of loading");
    } else {
        lua_pushlightuserdata(L, (void *)&globals_key);
        lua_rawget(L, LUA_REGISTRYINDEX);
    }
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

static void compile_library(lua_State *L, nt_lua *lua) {
    unit it = {lua->start.name, "@user_function", -1};
    load_text(L, &it);
    lua->has_failed = lua_pcall(L, 0, 0, 1) != 0;
}

static int load(lua_State *L) {
    nt_lua *lua = lua_touserdata(L, 1);
    lua_settop(L, 0);
    lua_pushcfunction(L, nt_handle_error);
    show_globals(L, 1);
    compile_library(L, lua);
    if (!lua->has_failed) return 0;
    lua_pushliteral(L, "err");
    if (lua_istable(L, -2)) lua_rawget(L, -2);
    size_t count = 0;
    const char *text = lua_tolstring(L, -1, &count);
    nt_put_text(lua, "Error registering functions: ");
    if (text) nt_put(lua, text, count);
    return 0;
}

static void perform(nt_lua *lua) {
    lua_State *L = lua->state;
    lua->has_failed = 0;
    lua->is_counted = 0;
    if (lua_cpcall(L, lua->is_loading ? load : run, lua) != 0) {
        lua->has_failed = 1;
        lua->output_count = 0;
        size_t count = 0;
        const char *why = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &count) : NULL;
        if (lua->is_loading) {
            nt_put_text(lua, "Error compiling function: ");
            if (why) nt_put(lua, why, count);
        } else if (lua->kill_text) {
            nt_put_text(lua, "-");
            nt_put_text(lua, lua->kill_text);
            nt_put_text(lua, "\r\n");
        } else {
            nt_put_text(lua, "-ERR not enough memory for the script\r\n");
        }
    }
    lua_settop(L, 0);
    if (lua->is_loading) show_globals(L, 0);
    if (!lua->is_output_full) return;
    empty_output(lua);
    nt_put_text(lua, "-ERR the reply of the script is too large\r\n");
}

static void run_on_fiber(void *context) {
    nt_lua *lua = context;
    for (;;) {
        perform(lua);
        lua->has_ended = 1;
        nt_fiber_leave(lua->fiber);
    }
}

static int go_on(nt_lua *lua, nt_slice slice) {
    lua->slice = slice;
    nt_fiber_enter(lua->fiber);
    return lua->has_ended;
}

static int begin(nt_lua *lua, nt_slice slice) {
    empty_output(lua);
    lua->host = lua->start.host;
    lua->resp3 = 0;
    lua->client_resp3 = lua->start.resp3;
    lua->kill_text = NULL;
    lua->has_ended = 0;
    lua->current = lua->state;
    lua_sethook(lua->state, look_by_hook, LUA_MASKCOUNT, instructions_between_looks);
    lua->is_running = 1;
    return go_on(lua, slice);
}

// Large blocks go at once where little else has to be looked at. The room where texts were put together halves each time.
static void collect_large(nt_lua *lua) {
    for (int i = 0; i < 12 && lua->large_bytes && lua->bytes - lua->large_bytes < small_bytes_max; i++)
        lua_gc(lua->state, LUA_GCCOLLECT, 0);
}

static int ended(nt_lua *lua) {
    lua->is_running = 0;
    lua->host = (nt_host){0};
    lua->name = (nt_bytes){0};
    lua_sethook(lua->state, NULL, 0, 0);
    collect_large(lua);
    return 1;
}

int nt_lua_run(nt_lua *lua, int number, const nt_start *start, nt_slice slice) {
    lua->number = number;
    lua->start = *start;
    // The script may outlive what it was called with; keys and arguments are its own before it can stop.
    char *room = realloc(lua->name_room, start->name.count + 1);
    if (!room) abort();
    memcpy(room, start->name.start, start->name.count);
    lua->name_room = room;
    lua->name = (nt_bytes){room, start->name.count};
    return begin(lua, slice) ? ended(lua) : 0;
}

int nt_lua_go_on(nt_lua *lua, nt_slice slice) { return go_on(lua, slice) ? ended(lua) : 0; }

int nt_lua_is_counted(const nt_lua *lua) { return lua->is_counted; }

void nt_lua_kill(nt_lua *lua, const char *text) { lua->kill_text = text; }

int nt_lua_load(nt_lua *lua, nt_bytes text, nt_slice limit) {
    forget_functions(lua);
    lua->start = (nt_start){.name = text};
    lua->is_loading = 1;
    lua->ends_with_slice = 1;
    begin(lua, limit);
    ended(lua);
    lua->is_loading = 0;
    lua->ends_with_slice = 0;
    if (!lua->has_failed) return (int)lua->functions.count;
    for (size_t i = 0; i < lua->functions.count; i++) nt_lua_forget(lua, lua->functions.items[i].number);
    forget_functions(lua);
    return -1;
}

nt_function nt_lua_function(const nt_lua *lua, int index) { return lua->functions.items[index]; }
