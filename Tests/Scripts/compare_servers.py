# SPDX-License-Identifier: Apache-2.0
"""Equal commands to two servers: compare_servers.py PORT REFERENCE_PORT [SEED [ROUNDS]]

Sends the same commands on sets, hashes, strings, HyperLogLogs, deadlines and transactions to both, in RESP2 and RESP3, and
compares the replies byte by byte (members of sets and fields of hashes without their order), then the digests of all data.
Random picks are left out.
Both servers need enable-debug-command; their data is lost. The first difference ends the script with status 1.
"""
import random
import socket
import sys

KEYS = ["s1", "s2", "s3", "i1", "h1", "h2", "str", "none", "d1", "p1", "p2", "broken"]
NUMBERS = ["0", "1", "-1", "2147483647", "2147483648", "4294967296", "9223372036854775807", "-9223372036854775808",
           "9223372036854775808", "", "abc", " 1", "0x10", "1.5", "inf", "nan", "01"]


class Server:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.buffer = b""

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise SystemExit("a server closed its connection")
        self.buffer += piece

    def reply(self):
        line = self.line()
        kind = line[:1]
        if kind in b"$=" and line[1:] != b"-1":
            count = int(line[1:])
            while len(self.buffer) < count + 2:
                self.more()
            body, self.buffer = self.buffer[:count], self.buffer[count + 2:]
            return (kind, body)
        if kind in b"*~%>|" and line[1:] != b"-1":
            count = int(line[1:]) * (2 if kind in b"%|" else 1)
            items = [self.reply() for _ in range(count)]
            # Attributes and pushes stand before the reply proper.
            return (kind, items + [self.reply()]) if kind in b">|" else (kind, items)
        return (line,)

    def run(self, *words):
        data = [w if isinstance(w, bytes) else w.encode() for w in words]
        self.socket.sendall(b"*%d\r\n" % len(data) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in data))
        return self.reply()


def unordered(reply):
    """The reply with the members of its arrays and sets sorted."""
    if len(reply) == 2 and isinstance(reply[1], list):
        return (reply[0], sorted((unordered(item) for item in reply[1]), key=repr))
    return reply


def member(pick):
    return pick.choice([str(pick.randrange(30)), "m%d" % pick.randrange(40), str(-pick.randrange(70000)), "x" * 70])


def on_hashes(pick, key, some, number, many):
    pairs = [x for name in some for x in (name, member(pick))]
    return [
        (("HSET", key, *pairs), True), (("HSET", "h1", *pairs), True), (("HSET", "h2", *pairs), True),
        (("HSET", "h1", *[x for name in many for x in (name, "v")]), True), (("HMSET", "h2", *pairs), True),
        (("HSETNX", key, some[0], number), True), (("HGET", key, some[0]), True), (("HMGET", key, *some), True),
        (("HDEL", key, *some), True), (("HEXISTS", key, some[0]), True), (("HSTRLEN", key, some[0]), True),
        (("HLEN", key), True), (("HKEYS", key), False), (("HVALS", key), False), (("HGETALL", key), False),
        (("HINCRBY", key, some[0], number), True), (("HINCRBY", key, "n", str(pick.randrange(-99, 99))), True),
        (("HINCRBYFLOAT", key, some[0], number), True), (("HINCRBYFLOAT", key, "f", "0.3"), True),
        (("HSCAN", key, "0", "COUNT", "100000"), False), (("HSCAN", "pairs", "0", "COUNT", number), False),
        (("HSCAN", key, "0", "MATCH", "m[1-3]*", "COUNT", "100000"), False), (("HSCAN", "never", "0", "FOO"), True),
        (("HRANDFIELD", key, "100000"), False), (("HRANDFIELD", key, "100000", "WITHVALUES"), False),
        (("HRANDFIELD", "never", number, "WITHVALUES"), True), (("HRANDFIELD", "never"), True),
        (("HSET", key, *pairs, "odd"), True), (("HGET", key), True),
    ]


def on_hyperloglogs(pick, key, some, many):
    key = pick.choice(["p1", "p2", key])
    other = pick.choice(["p1", "p2", "broken", key])
    # What "broken" holds may be damaged: it is given one element at a time, because several of which the last one meets the
    # damage leave the others behind in Redis, unheard of by replicas.
    return [
        (("PFADD", "p1", *some), True), (("PFADD", "p2", *some), True), (("PFADD", key), True),
        (("PFADD", pick.choice(["p1", "p2"]), *many), True), (("PFADD", "broken", some[0]), True),
        (("PFADD", "p1", *[str(pick.random()) for _ in many]), True), (("PFADD", "str", some[0]), True),
        (("PFCOUNT", key), True), (("PFCOUNT", "broken"), True), (("PFCOUNT", key, other), True),
        (("PFCOUNT", "p1", "p2", "none"), True), (("PFMERGE", "p2", "p1", other), True), (("PFMERGE", "d1", key, other), True),
        (("PFMERGE", key), True), (("PFDEBUG", "DECODE", key), True), (("PFDEBUG", "ENCODING", key), True),
        (("PFDEBUG", "GETREG", "p1"), True), (("PFDEBUG", "TODENSE", key), True), (("PFDEBUG", "WHAT", key), True),
        (("GET", "p1"), True), (("GET", "p2"), True), (("GET", "broken"), True), (("DEL", "p1"), True), (("DEL", "p2"), True),
        (("COPY", key, "broken", "REPLACE"), True), (("SETRANGE", "broken", "15", b"\x80"), True),
        (("SETRANGE", "broken", str(pick.randrange(16, 40)), bytes([pick.randrange(128, 256)])), True),
        (("SETRANGE", "broken", str(pick.randrange(40)), bytes([pick.randrange(64)])), True),
        (("APPEND", "broken", bytes([pick.randrange(64)])), True),
        (("CONFIG", "SET", "hll-sparse-max-bytes", pick.choice(["0", "100", "500", "3000", "20000"])), True),
    ]


def on_places(pick, number):
    def place():
        # Nobody is at 180 degrees, nor close to a pole: there Redis misses members.
        near = pick.random() < 0.5
        longitude = pick.uniform(9, 12) if near else pick.uniform(-179.9, 179.9)
        return str(longitude), str(pick.uniform(49, 51) if near else pick.uniform(-75, 75))

    name = pick.choice(["g1", "g2"])
    who = "m%d" % pick.randrange(300)
    many = [word for _ in range(60) for word in (*place(), "m%d" % pick.randrange(300))]
    radius = str(10 ** pick.uniform(0, 4.2))
    shape = pick.choice([("BYRADIUS", radius, "km"), ("BYBOX", radius, str(10 ** pick.uniform(0, 4.2)), "mi")])
    center = pick.choice([("FROMMEMBER", who), ("FROMLONLAT", *place())])
    order = pick.choice([(), ("ASC",), ("DESC",), ("COUNT", number), ("COUNT", "7"), ("COUNT", "7", "ANY", "DESC")])
    extra = pick.choice([(), ("WITHDIST",), ("WITHHASH", "WITHDIST")])
    # Redis 7.0 writes distances that are stored in another way.
    store = pick.choice([(), ("STORE", "d1")])
    return [
        (("GEOADD", name, *many), True), (("GEOADD", name, pick.choice(["NX", "XX", "CH", "ZZ"]), *place(), who), True),
        (("GEOADD", name, number, *place(), who), True), (("GEODIST", name, who, "m1", pick.choice(["m", "FT", "x"])), True),
        (("GEOHASH", name, who, "m1", "none"), True), (("GEOSEARCH", name, *center, *shape, *order, *extra), True),
        (("GEOSEARCH", name, *center, *shape, *order, *extra), True), (("GEOSEARCH", "str", *center, *shape), True),
        (("GEOSEARCHSTORE", "d1", name, *center, *shape, *order), True),
        (("GEORADIUS", name, *place(), radius, "km", *order, *store), True),
        (("GEORADIUSBYMEMBER", name, who, radius, "ft", *order, *extra, *store), True),
        (("GEORADIUS_RO", name, *place(), radius, "km", *extra, *store), True), (("ZRANGE", "d1", "0", "-1", "WITHSCORES"), True),
        (("GEORADIUSBYMEMBER_RO", name, who, number, "km"), True),
    ]


def command(pick):
    """A random command, and whether the order of its reply counts."""
    key, other, third = pick.choice(KEYS), pick.choice(KEYS), pick.choice(KEYS)
    some = [member(pick) for _ in range(pick.randrange(1, 8))]
    number = pick.choice(NUMBERS)
    many = [member(pick) for _ in range(200)]
    return pick.choice(on_hashes(pick, key, some, number, many) + on_hyperloglogs(pick, key, some, many) + on_places(pick, number) + [
        (("SADD", key, *some), True), (("SADD", key, *some), True), (("SADD", "s1", *many), True),
        (("SREM", key, *some), True), (("SISMEMBER", key, some[0]), True), (("SMISMEMBER", key, *some), True),
        (("SCARD", key), True), (("SMEMBERS", key), False), (("SMOVE", key, other, some[0]), True),
        (("SINTER", key, other), False), (("SINTER", key, other, third), False), (("SUNION", key, other), False),
        (("SDIFF", key, other, third), False), (("SINTERSTORE", "d1", key, other), True),
        (("SUNIONSTORE", "d1", key, other, third), True), (("SDIFFSTORE", "d1", key, other), True),
        (("SINTERCARD", "2", key, other), True), (("SINTERCARD", "2", key, other, "LIMIT", number), True),
        (("SINTERCARD", number, key), True), (("SPOP", key, "100000"), False), (("SPOP", key, "0"), True),
        (("SRANDMEMBER", key, "100000"), False), (("SPOP", "never"), True), (("SRANDMEMBER", "never"), True),
        (("SPOP", "never", number), True), (("SRANDMEMBER", "never", number), True),
        (("SSCAN", key, "0", "COUNT", "100000"), False), (("SSCAN", "never", "0", "FOO"), True),
        (("SSCAN", "ints", "0", "COUNT", number), False), (("SSCAN", key, "0", "MATCH", "m[1-3]*", "COUNT", "100000"), False),
        (("SET", key, some[0]), True), (("SET", "str", number), True), (("DEL", key), True), (("TYPE", key), True),
        (("PEXPIRE", key, "10000000"), True), (("PERSIST", key), True), (("SELECT", pick.choice("0012")), True),
        (("MULTI",), True), (("EXEC",), False), (("EXEC",), False), (("DISCARD",), True), (("WATCH", key, other), True),
        (("UNWATCH",), True), (("NOSUCH", key), True), (("SADD", key), True), (("EXEC", "x"), True),
        (("DEBUG", "DIGEST-VALUE", *KEYS), True), (("DEBUG", "PROTOCOL", pick.choice(
            ["string", "integer", "null", "array", "set", "map", "attrib", "push", "verbatim", "true", "false",
             "bignum", "what"])), True),
        (("DEBUG", "POPULATE", "5", "pop", pick.choice(["0", "3", "20"])), True), (("DEBUG", "OBJECT"), True),
        (("MEMORY", "USAGE", "never", "SAMPLES", number), True), (("MEMORY", "NOSUCH"), True),
    ])


def main():
    ours, reference = Server(int(sys.argv[1])), Server(int(sys.argv[2]))
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 20000
    print("seed", seed)
    pick = random.Random(seed)
    for server in (ours, reference):
        server.run("FLUSHALL")
        for database in "210":
            server.run("SELECT", database)
            server.run("SADD", "ints", "1", "2", "3")
            server.run("HSET", "pairs", "a", "1", "b", "2")
    for step in range(rounds):
        if step == rounds // 2:
            for server in (ours, reference):
                server.run("DISCARD")
                server.run("HELLO", "3")
        words, ordered = command(pick)
        # Inside a transaction Redis 7 refuses them and goes on; here they spoil it, as in Valkey.
        if words[0] in ("MULTI", "WATCH"):
            for server in (ours, reference):
                server.run("DISCARD")
        got, expected = ours.run(*words), reference.run(*words)
        if not ordered:
            got, expected = unordered(got), unordered(expected)
        if got != expected:
            print("step", step, words)
            print("expected", str(expected)[:1000])
            print("got     ", str(got)[:1000])
            return 1
        if step % 100 == 99:
            for server in (ours, reference):
                server.run("DISCARD")
            digests = [server.run("DEBUG", "DIGEST") for server in (ours, reference)]
            if digests[0] != digests[1]:
                print("step", step, "digests", digests)
                return 1
    print(rounds, "commands, equal replies and digests")
    return 0


sys.exit(main())
