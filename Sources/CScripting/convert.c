// SPDX-License-Identifier: Apache-2.0
// Values of Lua and replies of the protocol, both ways.
#include "interpreter.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A reply is not longer, in bytes: a table may name one long string again and again.
static const size_t output_max = (size_t)1 << 30;

void nt_put(nt_lua *lua, const char *bytes, size_t count) {
    if (lua->is_output_full) return;
    if (count > output_max - lua->output_count) {
        lua->is_output_full = 1;
        return;
    }
    if (lua->output_count + count > lua->output_room) {
        size_t room = (lua->output_count + count) * 2;
        char *larger = realloc(lua->output, room);
        if (!larger) abort();
        lua->output = larger;
        lua->output_room = room;
    }
    memcpy(lua->output + lua->output_count, bytes, count);
    lua->output_count += count;
}

void nt_put_text(nt_lua *lua, const char *text) { nt_put(lua, text, strlen(text)); }

static void put_header(nt_lua *lua, char sigil, long long number) {
    char line[32];
    nt_put(lua, line, (size_t)snprintf(line, sizeof line, "%c%lld\r\n", sigil, number));
}

// A line must not be ended by what a script put into it.
static void put_line(nt_lua *lua, const char *sigil, const char *text, size_t count) {
    nt_put_text(lua, sigil);
    size_t start = lua->output_count;
    nt_put(lua, text, count);
    for (size_t i = start; i < lua->output_count; i++)
        if (lua->output[i] == '\r' || lua->output[i] == '\n') lua->output[i] = ' ';
    nt_put_text(lua, "\r\n");
}

static void put_bulk(nt_lua *lua, const char *text, size_t count) {
    put_header(lua, '$', (long long)count);
    nt_put(lua, text, count);
    nt_put_text(lua, "\r\n");
}

// The same for what is a line in the other protocol: clients of both get the same text.
static void put_plain_bulk(nt_lua *lua, const char *text, size_t count) {
    put_header(lua, '$', (long long)count);
    put_line(lua, "", text, count);
}

static long long cut(double number) {
    if (number != number) return INT64_MIN;
    if (number >= 9223372036854775808.0 || number < -9223372036854775808.0) return INT64_MIN;
    return (long long)number;
}

// Pushes a field without asking metatables.
static int raw_field(lua_State *L, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    return lua_type(L, -1);
}

static void step(nt_lua *lua, lua_State *L) {
    if (++lua->steps % nt_steps == 0) nt_look(L);
}

static void put_pairs(nt_lua *lua, lua_State *L, int has_values) {
    long long count = 0;
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        step(lua, L);
        count++;
        lua_pop(L, 1);
    }
    int doubles = has_values && !lua->client_resp3;
    char sigil = lua->client_resp3 ? (has_values ? '%' : '~') : '*';
    put_header(lua, sigil, doubles ? count * 2 : count);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (has_values) {
            lua_pushvalue(L, -2);
            nt_put_value(lua, L);
            nt_put_value(lua, L);
        } else {
            lua_pop(L, 1);
            lua_pushvalue(L, -1);
            nt_put_value(lua, L);
        }
    }
}

// Puts the table on top of the stack and leaves it there.
static void put_table(nt_lua *lua, lua_State *L) {
    size_t count;
    const char *text;
    if (raw_field(L, "err") == LUA_TSTRING) {
        if (lua->output_count == 0) {
            lua_pushliteral(L, "ignore_error_stats_update");
            lua_rawget(L, -3);
            lua->is_counted = lua_toboolean(L, -1);
            lua_pop(L, 1);
        }
        text = lua_tolstring(L, -1, &count);
        put_line(lua, count && *text == '-' ? "" : "-", text, count);
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    if (raw_field(L, "ok") == LUA_TSTRING) {
        text = lua_tolstring(L, -1, &count);
        put_line(lua, "+", text, count);
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    if (raw_field(L, "double") == LUA_TNUMBER) {
        char number[64];
        double value = lua_tonumber(L, -1);
        int length = isnan(value) ? snprintf(number, sizeof number, "nan")
                                  : snprintf(number, sizeof number, "%.17g", value);
        if (lua->client_resp3) put_line(lua, ",", number, (size_t)length);
        else put_bulk(lua, number, (size_t)length);
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    if (raw_field(L, "map") == LUA_TTABLE) {
        put_pairs(lua, L, 1);
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    if (raw_field(L, "set") == LUA_TTABLE) {
        put_pairs(lua, L, 0);
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    if (raw_field(L, "big_number") == LUA_TSTRING) {
        text = lua_tolstring(L, -1, &count);
        if (lua->client_resp3) put_line(lua, "(", text, count);
        else put_plain_bulk(lua, text, count);
        lua_pop(L, 1);
        return;
    }
    lua_pop(L, 1);
    if (raw_field(L, "verbatim_string") == LUA_TTABLE) {
        int has_format = raw_field(L, "format") == LUA_TSTRING;
        lua_pop(L, 1);
        if (has_format && raw_field(L, "string") == LUA_TSTRING) {
            text = lua_tolstring(L, -1, &count);
            if (lua->client_resp3) {
                lua_pushstring(L, "format");
                lua_rawget(L, -3);
                const char *format = lua_tostring(L, -1);
                char three[5] = "txt:";
                for (int i = 0; i < 3 && format[i]; i++) three[i] = format[i];
                put_header(lua, '=', (long long)count + 4);
                nt_put(lua, three, 4);
                nt_put(lua, text, count);
                nt_put_text(lua, "\r\n");
                lua_pop(L, 1);
            } else {
                put_bulk(lua, text, count);
            }
            lua_pop(L, 2);
            return;
        }
        if (has_format) lua_pop(L, 1);
    }
    lua_pop(L, 1);
    int length = 0;
    for (;;) {
        step(lua, L);
        lua_rawgeti(L, -1, length + 1);
        int is_end = lua_isnil(L, -1);
        lua_pop(L, 1);
        if (is_end) break;
        length++;
    }
    put_header(lua, '*', length);
    for (int i = 1; i <= length; i++) {
        lua_rawgeti(L, -1, i);
        nt_put_value(lua, L);
    }
}

void nt_put_value(nt_lua *lua, lua_State *L) {
    size_t count;
    const char *text;
    step(lua, L);
    if (lua->is_output_full) {
        lua_pop(L, 1);
        return;
    }
    if (!lua_checkstack(L, 6)) {
        nt_put_text(lua, "-ERR reached lua stack limit\r\n");
        lua_pop(L, 1);
        return;
    }
    switch (lua_type(L, -1)) {
    case LUA_TSTRING:
        text = lua_tolstring(L, -1, &count);
        put_bulk(lua, text, count);
        break;
    case LUA_TNUMBER: put_header(lua, ':', cut(lua_tonumber(L, -1))); break;
    case LUA_TBOOLEAN:
        if (lua->resp3 && lua->client_resp3) nt_put_text(lua, lua_toboolean(L, -1) ? "#t\r\n" : "#f\r\n");
        else if (lua_toboolean(L, -1)) nt_put_text(lua, ":1\r\n");
        else nt_put_text(lua, lua->client_resp3 ? "_\r\n" : "$-1\r\n");
        break;
    case LUA_TTABLE: put_table(lua, L); break;
    default: nt_put_text(lua, lua->client_resp3 ? "_\r\n" : "$-1\r\n");
    }
    lua_pop(L, 1);
}

// MARK: Replies

static const char *line_end(const char *at, const char *end) {
    const char *found = memchr(at, '\r', (size_t)(end - at));
    return found ? found : end;
}

static void push_field(lua_State *L, const char *name, const char *text, size_t count) {
    lua_createtable(L, 0, 1);
    lua_pushlstring(L, text, count);
    lua_setfield(L, -2, name);
}

static const char *push_pairs(lua_State *L, const char *at, const char *end, int resp3, long long count, int has_values) {
    lua_createtable(L, 0, 1);
    lua_newtable(L);
    for (long long i = 0; i < count; i++) {
        at = nt_push_reply(L, at, end, resp3);
        if (has_values) at = nt_push_reply(L, at, end, resp3);
        else lua_pushboolean(L, 1);
        if (lua_isnil(L, -2)) lua_pop(L, 2);
        else lua_rawset(L, -3);
    }
    lua_setfield(L, -2, has_values ? "map" : "set");
    return at;
}

const char *nt_push_reply(lua_State *L, const char *at, const char *end, int resp3) {
    luaL_checkstack(L, 6, "reply is nested too deeply");
    step(nt_of(L), L);
    if (at >= end) {
        lua_pushboolean(L, 0);
        return end;
    }
    char sigil = *at++;
    const char *stop = line_end(at, end);
    const char *next = stop + 2 <= end ? stop + 2 : end;
    size_t length = (size_t)(stop - at);
    long long number = strtoll(at, NULL, 10);
    switch (sigil) {
    case '+': push_field(L, "ok", at, length); return next;
    case '-': nt_push_error(L, at, length); return next;
    case ':': lua_pushnumber(L, (lua_Number)number); return next;
    case '$':
        if (number < 0) {
            lua_pushboolean(L, 0);
            return next;
        }
        lua_pushlstring(L, next, (size_t)number);
        return next + number + 2;
    case '=':
        lua_createtable(L, 0, 1);
        lua_createtable(L, 0, 2);
        lua_pushlstring(L, next + 4, (size_t)number - 4);
        lua_setfield(L, -2, "string");
        lua_pushlstring(L, next, 3);
        lua_setfield(L, -2, "format");
        lua_setfield(L, -2, "verbatim_string");
        return next + number + 2;
    case ',':
        lua_createtable(L, 0, 1);
        lua_pushnumber(L, strtod(at, NULL));
        lua_setfield(L, -2, "double");
        return next;
    case '(': push_field(L, "big_number", at, length); return next;
    case '#': lua_pushboolean(L, *at == 't'); return next;
    case '_': lua_pushnil(L); return next;
    case '%': return push_pairs(L, next, end, resp3, number, 1);
    case '~': return push_pairs(L, next, end, resp3, number, 0);
    default: // '*' and '>'
        if (number < 0) {
            lua_pushboolean(L, 0);
            return next;
        }
        lua_createtable(L, number > 1 << 20 ? 1 << 20 : (int)number, 0);
        at = next;
        for (long long i = 1; i <= number; i++) {
            at = nt_push_reply(L, at, end, resp3);
            lua_rawseti(L, -2, (int)i);
        }
        return at;
    }
}

void nt_push_error(lua_State *L, const char *text, size_t count) {
    lua_createtable(L, 0, 1);
    if (count && *text == '-') text++, count--;
    while (count && (text[count - 1] == '\n' || text[count - 1] == '\r')) count--;
    if (memchr(text, ' ', count)) {
        lua_pushlstring(L, text, count);
    } else {
        lua_pushliteral(L, "ERR ");
        lua_pushlstring(L, text, count);
        lua_concat(L, 2);
    }
    lua_setfield(L, -2, "err");
}

// MARK: Errors

static void push_place(lua_State *L) {
    lua_Debug at;
    for (int level = 1; level <= 2; level++) {
        if (!lua_getstack(L, level, &at)) return;
        lua_getinfo(L, "Sl", &at);
        if (at.currentline < 0) continue;
        lua_pushliteral(L, "source");
        lua_pushstring(L, at.source);
        lua_rawset(L, -3);
        lua_pushliteral(L, "line");
        lua_pushnumber(L, at.currentline);
        lua_rawset(L, -3);
        return;
    }
}

int nt_handle_error(lua_State *L) {
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
    push_place(L);
    return 1;
}

static void put_error(nt_lua *lua, lua_State *L) {
    char line[32];
    size_t count;
    lua_pushliteral(L, "ignore_error_stats_update");
    lua_rawget(L, -2);
    lua->is_counted = lua_toboolean(L, -1);
    lua_pop(L, 1);
    lua_pushliteral(L, "err");
    lua_rawget(L, -2);
    const char *text = lua_tolstring(L, -1, &count);
    if (!text) text = "ERR unknown error", count = strlen(text);
    if (count && *text == '-') text++, count--;
    nt_put(lua, text, count);
    lua_pop(L, 1);
    nt_put_text(lua, " script: ");
    nt_put(lua, lua->name.start, lua->name.count);
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
}

void nt_put_failure(nt_lua *lua, lua_State *L) {
    nt_put_text(lua, "-");
    size_t start = lua->output_count;
    if (lua_istable(L, -1)) {
        put_error(lua, L);
    } else {
        nt_put_text(lua, "ERR ");
        nt_put_text(lua, lua_isstring(L, -1) ? lua_tostring(L, -1) : "error in error handling");
    }
    for (size_t i = start; i < lua->output_count; i++)
        if (lua->output[i] == '\r' || lua->output[i] == '\n') lua->output[i] = ' ';
    nt_put_text(lua, "\r\n");
}
