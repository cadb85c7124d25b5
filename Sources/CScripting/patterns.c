// SPDX-License-Identifier: Apache-2.0
// Patterns of Lua, matched by backtracking. Lua's own matcher cannot be stopped, and a short pattern can keep it busy for
// years; this one looks at the clock.
#define _GNU_SOURCE
#include "interpreter.h"
#include <ctype.h>
#include <string.h>

typedef unsigned char byte;

enum { captures_max = 32, depth_max = 10000, open_capture = -1, position_capture = -2 };

typedef struct { const char *start; ptrdiff_t length; } capture;

typedef struct {
    lua_State *L;
    const char *subject, *subject_end, *pattern_end;
    int count, depth;
    unsigned steps;
    capture captures[captures_max];
} matcher;

static const char *match(matcher *m, const char *s, const char *p);

static void step(matcher *m) {
    if (++m->steps % nt_steps == 0) nt_look(m->L);
}

// MARK: Items of a pattern

// Where the item that begins at `p` ends, without what is said of its repetition.
static const char *item_end(matcher *m, const char *p) {
    if (*p == '%') {
        if (p + 1 == m->pattern_end) luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 2;
    }
    if (*p != '[') return p + 1;
    p++;
    if (p < m->pattern_end && *p == '^') p++;
    // A bracket that comes first stands for itself.
    for (int is_first = 1; is_first || p >= m->pattern_end || *p != ']'; is_first = 0) {
        if (p >= m->pattern_end) luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p == '%' && p + 1 < m->pattern_end) p++;
        p++;
    }
    return p + 1;
}

static int is_in_class(int c, int class) {
    int is_in;
    switch (tolower(class)) {
    case 'a': is_in = isalpha(c); break;
    case 'c': is_in = iscntrl(c); break;
    case 'd': is_in = isdigit(c); break;
    case 'l': is_in = islower(c); break;
    case 'p': is_in = ispunct(c); break;
    case 's': is_in = isspace(c); break;
    case 'u': is_in = isupper(c); break;
    case 'w': is_in = isalnum(c); break;
    case 'x': is_in = isxdigit(c); break;
    case 'z': is_in = c == 0; break;
    default: return class == c;
    }
    return isupper(class) ? !is_in : !!is_in;
}

// Whether a set contains a character; `p` is its bracket, `last` the closing one.
static int is_in_set(int c, const char *p, const char *last) {
    int contained = 1;
    p++;
    if (p < last && *p == '^') contained = 0, p++;
    while (p < last) {
        if (*p == '%' && p + 1 < last) {
            if (is_in_class(c, (byte)p[1])) return contained;
            p += 2;
        } else if (p + 2 < last && p[1] == '-') {
            if ((byte)*p <= c && c <= (byte)p[2]) return contained;
            p += 3;
        } else {
            if ((byte)*p == c) return contained;
            p++;
        }
    }
    return !contained;
}

static int fits(matcher *m, const char *s, const char *p, const char *end) {
    if (s >= m->subject_end) return 0;
    int c = (byte)*s;
    switch (*p) {
    case '.': return 1;
    case '%': return is_in_class(c, (byte)p[1]);
    case '[': return is_in_set(c, p, end - 1);
    default: return (byte)*p == c;
    }
}

// MARK: What an item does

static const char *match_balance(matcher *m, const char *s, const char *p) {
    if (m->pattern_end - p < 2) luaL_error(m->L, "unbalanced pattern");
    if (s >= m->subject_end || *s != p[0]) return NULL;
    size_t open = 1;
    for (s++; s < m->subject_end; s++) {
        step(m);
        if (*s == p[1]) {
            if (--open == 0) return s + 1;
        } else if (*s == p[0]) {
            open++;
        }
    }
    return NULL;
}

// As many as there are, then fewer.
static const char *match_most(matcher *m, const char *s, const char *p, const char *end) {
    ptrdiff_t count = 0;
    while (fits(m, s + count, p, end)) {
        count++;
        step(m);
    }
    for (; count >= 0; count--) {
        const char *found = match(m, s + count, end + 1);
        if (found) return found;
    }
    return NULL;
}

// As few as possible, then more.
static const char *match_least(matcher *m, const char *s, const char *p, const char *end) {
    for (;; s++) {
        const char *found = match(m, s, end + 1);
        if (found || !fits(m, s, p, end)) return found;
    }
}

static const char *begin_capture(matcher *m, const char *s, const char *p, ptrdiff_t kind) {
    if (m->count >= captures_max) luaL_error(m->L, "too many captures");
    m->captures[m->count] = (capture){s, kind};
    m->count++;
    const char *found = match(m, s, p);
    if (!found) m->count--;
    return found;
}

static const char *end_capture(matcher *m, const char *s, const char *p) {
    int index = m->count - 1;
    while (index >= 0 && m->captures[index].length != open_capture) index--;
    if (index < 0) luaL_error(m->L, "invalid pattern capture");
    m->captures[index].length = s - m->captures[index].start;
    const char *found = match(m, s, p);
    if (!found) m->captures[index].length = open_capture;
    return found;
}

static const char *match_again(matcher *m, const char *s, int digit) {
    int index = digit - '1';
    if (index < 0 || index >= m->count || m->captures[index].length == open_capture)
        luaL_error(m->L, "invalid capture index");
    ptrdiff_t length = m->captures[index].length;
    if (length < 0 || m->subject_end - s < length) return NULL;
    return memcmp(m->captures[index].start, s, (size_t)length) == 0 ? s + length : NULL;
}

static const char *match_frontier(matcher *m, const char *s, const char *p, const char **next) {
    if (p >= m->pattern_end || *p != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
    const char *end = item_end(m, p);
    *next = end;
    int before = s == m->subject ? 0 : (byte)s[-1];
    int behind = s < m->subject_end ? (byte)*s : 0;
    return !is_in_set(before, p, end - 1) && is_in_set(behind, p, end - 1) ? s : NULL;
}

// Where the match of the rest of the pattern ends; NULL when there is none.
static const char *match_rest(matcher *m, const char *s, const char *p) {
    while (p < m->pattern_end) {
        step(m);
        switch (*p) {
        case '(':
            if (p + 1 < m->pattern_end && p[1] == ')') return begin_capture(m, s, p + 2, position_capture);
            return begin_capture(m, s, p + 1, open_capture);
        case ')': return end_capture(m, s, p + 1);
        case '$':
            if (p + 1 == m->pattern_end) return s == m->subject_end ? s : NULL;
            break;
        case '%':
            if (p + 1 == m->pattern_end) break;
            if (p[1] == 'b') {
                s = match_balance(m, s, p + 2);
                p += 4;
            } else if (p[1] == 'f') {
                s = match_frontier(m, s, p + 2, &p);
            } else if (isdigit((byte)p[1])) {
                s = match_again(m, s, (byte)p[1]);
                p += 2;
            } else {
                break;
            }
            if (!s) return NULL;
            continue;
        }
        const char *end = item_end(m, p);
        char repeats = end < m->pattern_end ? *end : 0;
        switch (repeats) {
        case '*': return match_most(m, s, p, end);
        case '+': return fits(m, s, p, end) ? match_most(m, s + 1, p, end) : NULL;
        case '-': return match_least(m, s, p, end);
        case '?': {
            if (fits(m, s, p, end)) {
                const char *found = match(m, s + 1, end + 1);
                if (found) return found;
            }
            p = end + 1;
            break;
        }
        default:
            if (!fits(m, s, p, end)) return NULL;
            s++;
            p = end;
        }
    }
    return s;
}

static const char *match(matcher *m, const char *s, const char *p) {
    if (++m->depth > depth_max) luaL_error(m->L, "pattern too complex");
    const char *found = match_rest(m, s, p);
    m->depth--;
    return found;
}

// MARK: Captures

static void push_capture(matcher *m, int index, const char *start, const char *end) {
    if (index >= m->count) {
        if (index != 0) luaL_error(m->L, "invalid capture index");
        lua_pushlstring(m->L, start, (size_t)(end - start));
        return;
    }
    capture it = m->captures[index];
    if (it.length == open_capture) luaL_error(m->L, "unfinished capture");
    if (it.length == position_capture) lua_pushinteger(m->L, it.start - m->subject + 1);
    else lua_pushlstring(m->L, it.start, (size_t)it.length);
}

// The captures, or the whole match where there are none and `start` is given.
static int push_captures(matcher *m, const char *start, const char *end) {
    int count = m->count == 0 && start ? 1 : m->count;
    luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++) push_capture(m, i, start, end);
    return count;
}

static matcher prepare(lua_State *L, const char *subject, size_t count, const char *pattern, size_t pattern_count) {
    return (matcher){
        .L = L, .subject = subject, .subject_end = subject + count, .pattern_end = pattern + pattern_count};
}

static const char *try_at(matcher *m, const char *s, const char *p) {
    m->count = 0;
    m->depth = 0;
    return match(m, s, p);
}

// MARK: Functions of the library

static const char *find_plain(lua_State *L, const char *s, size_t count, const char *wanted, size_t wanted_count) {
    // In pieces, because the search cannot be stopped.
    enum { piece = 1 << 20 };
    if (wanted_count == 0) return s;
    while (count >= wanted_count) {
        size_t here = count < piece + wanted_count ? count : piece + wanted_count;
        const char *found = memmem(s, here, wanted, wanted_count);
        if (found || here == count) return found;
        s += piece;
        count -= piece;
        nt_look(L);
    }
    return NULL;
}

static int find_or_match(lua_State *L, int is_find) {
    size_t count, pattern_count;
    const char *s = luaL_checklstring(L, 1, &count);
    const char *p = luaL_checklstring(L, 2, &pattern_count);
    ptrdiff_t from = luaL_optinteger(L, 3, 1);
    if (from < 0) from += (ptrdiff_t)count + 1;
    from = from < 1 ? 0 : from - 1;
    if ((size_t)from > count) from = (ptrdiff_t)count;
    int has_specials = 0;
    for (size_t i = 0; i < pattern_count && !has_specials; i++) has_specials = p[i] && strchr("^$*+?.([%-", p[i]) != NULL;
    if (is_find && (lua_toboolean(L, 4) || !has_specials)) {
        const char *found = find_plain(L, s + from, count - (size_t)from, p, pattern_count);
        if (!found) return lua_pushnil(L), 1;
        lua_pushinteger(L, found - s + 1);
        lua_pushinteger(L, found - s + (ptrdiff_t)pattern_count);
        return 2;
    }
    matcher m = prepare(L, s, count, p, pattern_count);
    int is_anchored = pattern_count && *p == '^';
    for (const char *at = s + from; at <= m.subject_end; at++) {
        const char *end = try_at(&m, at, p + is_anchored);
        if (end && is_find) {
            lua_pushinteger(L, at - s + 1);
            lua_pushinteger(L, end - s);
            return push_captures(&m, NULL, NULL) + 2;
        }
        if (end) return push_captures(&m, at, end);
        if (is_anchored) break;
    }
    lua_pushnil(L);
    return 1;
}

static int find(lua_State *L) { return find_or_match(L, 1); }
static int match_once(lua_State *L) { return find_or_match(L, 0); }

static int next_match(lua_State *L) {
    size_t count, pattern_count;
    const char *s = lua_tolstring(L, lua_upvalueindex(1), &count);
    const char *p = lua_tolstring(L, lua_upvalueindex(2), &pattern_count);
    matcher m = prepare(L, s, count, p, pattern_count);
    for (const char *at = s + lua_tointeger(L, lua_upvalueindex(3)); at <= m.subject_end; at++) {
        const char *end = try_at(&m, at, p);
        if (!end) continue;
        // An empty match must not be found again.
        lua_pushinteger(L, end - s + (end == at));
        lua_replace(L, lua_upvalueindex(3));
        return push_captures(&m, at, end);
    }
    return 0;
}

static int all_matches(lua_State *L) {
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_match, 3);
    return 1;
}

static void add_text(matcher *m, luaL_Buffer *out, const char *start, const char *end) {
    size_t count;
    const char *text = lua_tolstring(m->L, 3, &count);
    for (size_t i = 0; i < count; i++) {
        if (text[i] != '%') {
            luaL_addchar(out, text[i]);
            continue;
        }
        i++;
        // The byte behind the text is a zero.
        if (text[i] == '0') {
            luaL_addlstring(out, start, (size_t)(end - start));
        } else if (isdigit((byte)text[i])) {
            push_capture(m, text[i] - '1', start, end);
            luaL_addvalue(out);
        } else {
            luaL_addchar(out, text[i]);
        }
    }
}

static void add_replacement(matcher *m, luaL_Buffer *out, const char *start, const char *end) {
    lua_State *L = m->L;
    switch (lua_type(L, 3)) {
    case LUA_TNUMBER:
    case LUA_TSTRING: add_text(m, out, start, end); return;
    case LUA_TTABLE:
        push_capture(m, 0, start, end);
        lua_gettable(L, 3);
        break;
    default:
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(m, start, end), 1);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, start, (size_t)(end - start));
    } else if (!lua_isstring(L, -1)) {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
    luaL_addvalue(out);
}

static int replace(lua_State *L) {
    size_t count, pattern_count;
    const char *s = luaL_checklstring(L, 1, &count);
    const char *p = luaL_checklstring(L, 2, &pattern_count);
    int type = lua_type(L, 3);
    luaL_argcheck(
        L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
        "string/function/table expected");
    ptrdiff_t most = luaL_optinteger(L, 4, (ptrdiff_t)count + 1);
    int is_anchored = pattern_count && *p == '^';
    matcher m = prepare(L, s, count, p, pattern_count);
    ptrdiff_t done = 0;
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    while (done < most) {
        const char *end = try_at(&m, s, p + is_anchored);
        if (end) {
            done++;
            add_replacement(&m, &out, s, end);
        }
        if (end && end > s) s = end;
        else if (s < m.subject_end) luaL_addchar(&out, *s++);
        else break;
        if (is_anchored) break;
    }
    while (s < m.subject_end) {
        size_t piece = (size_t)(m.subject_end - s) < 1 << 20 ? (size_t)(m.subject_end - s) : 1 << 20;
        luaL_addlstring(&out, s, piece);
        s += piece;
        nt_look(L);
    }
    luaL_pushresult(&out);
    lua_pushinteger(L, done);
    return 2;
}

void nt_open_patterns(lua_State *L) {
    const luaL_Reg own[] = {
        {"find", find}, {"match", match_once}, {"gmatch", all_matches}, {"gsub", replace}, {NULL, NULL},
    };
    lua_getfield(L, LUA_GLOBALSINDEX, "string");
    for (const luaL_Reg *entry = own; entry->name; entry++) {
        lua_pushcfunction(L, entry->func);
        lua_setfield(L, -2, entry->name);
    }
    lua_pop(L, 1);
}
