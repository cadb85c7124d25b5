// SPDX-License-Identifier: Apache-2.0
import Bytes

/// What the generator draws words from.
///
/// Letters in a template stand for: K key, V value, M member, N number, T time, F float, G glob, C cursor, D database,
/// S sub-word of any kind. `…` repeats the word before it. Everything else is literal.
enum Vocabulary {
    static let templates: [String] = [
        "SET K V", "SET K V", "SET K V EX T", "SET K V PX T", "SET K V EXAT T", "SET K V PXAT T",
        "SET K V KEEPTTL",
        "SET K V NX", "SET K V XX GET", "SET K V IFEQ V", "SET K V GET NX PX T", "GET K", "GET K", "GETDEL K",
        "GETEX K", "GETEX K EX T", "GETEX K PXAT T", "GETEX K PERSIST", "GETSET K V", "SETNX K V",
        "SETEX K T V",
        "PSETEX K T V", "MSET K V K V", "MSETNX K V K V", "MGET K …", "APPEND K V", "STRLEN K",
        "SETRANGE K N V",
        "GETRANGE K N N", "SUBSTR K N N", "INCR K", "DECR K", "INCRBY K N", "DECRBY K N", "INCRBYFLOAT K F",
        "DEL K …", "UNLINK K …", "EXISTS K …", "TYPE K", "KEYS G", "SCAN C", "SCAN C MATCH G COUNT N TYPE S",
        "RANDOMKEY", "TOUCH K …", "EXPIRE K T", "EXPIRE K T NX", "PEXPIRE K T", "PEXPIRE K T GT",
        "EXPIREAT K T",
        "PEXPIREAT K T", "PEXPIREAT K T LT", "PERSIST K", "TTL K", "PTTL K", "EXPIRETIME K", "PEXPIRETIME K",
        "RENAME K K", "RENAMENX K K", "COPY K K", "COPY K K DB D REPLACE", "MOVE K D", "SADD K M …",
        "SADD K M …",
        "SADD K M …", "SREM K M …", "SISMEMBER K M", "SMISMEMBER K M …", "SCARD K", "SMEMBERS K", "SPOP K",
        "SPOP K N", "SRANDMEMBER K", "SRANDMEMBER K N", "SMOVE K K M", "SINTER K …",
        "SINTERCARD 2 K K LIMIT N",
        "SINTERCARD N K …", "SINTERSTORE K K …", "SUNION K …", "SUNIONSTORE K K …", "SDIFF K …",
        "SDIFFSTORE K K …",
        "SSCAN K C", "SSCAN K C MATCH G COUNT N", "MULTI", "EXEC", "EXEC", "DISCARD", "WATCH K …", "UNWATCH",
        "SELECT D", "SWAPDB D D", "FLUSHDB", "FLUSHALL ASYNC", "DBSIZE", "PING", "PING V", "ECHO V",
        "HELLO 3",
        "HELLO 2 SETNAME V", "HELLO N AUTH V V", "AUTH V", "AUTH V V", "RESET", "QUIT", "CLIENT ID",
        "CLIENT INFO",
        "CLIENT LIST", "CLIENT LIST ID N …", "CLIENT SETNAME V", "CLIENT GETNAME",
        "CLIENT SETINFO LIB-NAME V",
        "CLIENT KILL ID N", "CLIENT KILL V", "CLIENT NO-TOUCH ON", "CLIENT NO-TOUCH OFF", "COMMAND",
        "COMMAND COUNT",
        "COMMAND INFO S …", "COMMAND DOCS S", "COMMAND LIST FILTERBY PATTERN G", "COMMAND GETKEYS SET K V",
        "CONFIG GET G …", "CONFIG SET maxmemory-policy allkeys-lfu", "CONFIG SET maxmemory-policy noeviction",
        "CONFIG SET set-max-intset-entries N", "CONFIG SET set-max-listpack-entries N",
        "CONFIG SET set-max-listpack-value N", "CONFIG SET S V", "CONFIG RESETSTAT", "INFO", "INFO S …",
        "TIME",
        "DEBUG DIGEST", "DEBUG DIGEST-VALUE K …", "DEBUG OBJECT K", "DEBUG SET-ACTIVE-EXPIRE 1",
        "OBJECT ENCODING K", "OBJECT IDLETIME K", "OBJECT FREQ K", "OBJECT REFCOUNT K", "MEMORY USAGE K",
        "MEMORY USAGE K SAMPLES N", "LOLWUT", "NOSUCH V …",
        "SUBSCRIBE K …", "UNSUBSCRIBE K …", "UNSUBSCRIBE", "PSUBSCRIBE G …", "PUNSUBSCRIBE G …",
        "PUNSUBSCRIBE",
        "SSUBSCRIBE K …", "SUNSUBSCRIBE K …", "SUNSUBSCRIBE", "PUBLISH K V", "PUBLISH K V", "SPUBLISH K V",
        "PUBSUB CHANNELS G", "PUBSUB NUMSUB K …", "PUBSUB NUMPAT", "PUBSUB SHARDNUMSUB K …",
        "CONFIG SET notify-keyspace-events KEAmn", "CONFIG SET notify-keyspace-events Eg",
        "CONFIG SET notify-keyspace-events V", "CLIENT TRACKING ON", "CLIENT TRACKING ON BCAST NOLOOP",
        "CLIENT TRACKING ON BCAST PREFIX K PREFIX V", "CLIENT TRACKING ON OPTIN",
        "CLIENT TRACKING ON OPTOUT NOLOOP",
        "CLIENT TRACKING ON REDIRECT N", "CLIENT TRACKING OFF", "CLIENT CACHING YES", "CLIENT CACHING NO",
        "CLIENT TRACKINGINFO", "CONFIG SET tracking-table-max-keys N",
    ]

    static let words: [String] = [
        "NX", "XX", "GT", "LT", "GET", "EX", "PX", "EXAT", "PXAT", "KEEPTTL", "PERSIST", "IFEQ", "MATCH",
        "COUNT",
        "TYPE", "NOVALUES", "DB", "REPLACE", "ASYNC", "SYNC", "LIMIT", "SAMPLES", "AUTH", "SETNAME", "HELP",
        "ON",
        "OFF", "ID", "ADDR", "LADDR", "USER", "MAXAGE", "SKIPME", "yes", "no", "normal", "string", "set",
        "hash",
        "all", "default", "everything", "server", "keyspace", "FILTERBY", "MODULE", "ACLCAT", "PATTERN", "",
    ]

    static let numbers: [String] = [
        "0", "1", "-1", "2", "10", "-10", "100", "127", "128", "255", "256", "512", "1000", "32767", "32768",
        "65535",
        "65536", "1048575", "1048576", "1048577", "2147483647", "2147483648", "-2147483648", "-2147483649",
        "4294967295", "4294967296", "536870911", "536870912", "536870913", "9007199254740993",
        "9223372036854775806", "9223372036854775807", "9223372036854775808", "-9223372036854775807",
        "-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
        "99999999999999999999999", "1.5", "-0", "+1", "01", " 1", "1 ", "0x10", "1e3", "1e400", "nan", "-nan",
        "inf",
        "-inf", "infinity", "", "-", "+", "abc", "1\u{0}", "3.0", "1e-400", "0.1", "-0.0", "1e17", "1e308",
        "5e-324",
    ]

    static let globs: [String] = [
        "*", "k*", "?", "k?", "[", "[a", "[a-", "[^", "[^a-z]*", "k[0-9]*", "\\", "\\*", "*\\", "**********a",
        "a*a*a*a*a*a*a*a*b", "*k*1*", "", "[z-a]", "[]]", "[\\]]", "*[^]*", "set-*", "[a-\\", "k[0-9",
    ]
}
