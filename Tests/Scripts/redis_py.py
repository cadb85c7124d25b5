# SPDX-License-Identifier: Apache-2.0
"""redis-py against a running server: redis_py.py PORT SECTION PROTOCOL

Each section is what an application does with the client; the first difference ends the script with a traceback.
"""
import sys
import threading
import time

import redis
from redis.commands.core import HashDataPersistOptions

from redis_py_lists import lists, queues, sorting


def connect(port, protocol, **options):
    # Not the name localhost: it need not be known.
    return redis.Redis(host="127.0.0.1", port=port, protocol=protocol, socket_timeout=20, **options)


def basic(r, connect):
    assert r.ping() is True
    assert r.echo("hello") == b"hello"
    assert r.set("a", "1") is True
    assert r.get("a") == b"1"
    assert r.get("missing") is None
    assert r.set("a", "2", nx=True) is None
    assert r.set("new", "2", xx=True) is None
    assert r.set("a", "2", xx=True, get=True) == b"1"
    assert r.set("a", "3", ex=100) is True and 99 <= r.ttl("a") <= 100
    assert r.set("a", "4", keepttl=True) is True and r.ttl("a") > 90
    assert r.set("a", "5") is True and r.ttl("a") == -1
    assert r.set("a", "6", px=100_000) is True and 99_000 < r.pttl("a") <= 100_000
    assert r.getset("a", "7") == b"6"
    assert r.getdel("a") == b"7" and r.exists("a") == 0
    assert r.setex("b", 50, "x") is True and r.getex("b", persist=True) == b"x" and r.ttl("b") == -1
    assert r.psetex("b", 50_000, "x") is True and 49 <= r.ttl("b") <= 50
    assert r.setnx("b", "y") is False and r.setnx("c", "y") is True

    assert r.incr("n") == 1 and r.incrby("n", 41) == 42 and r.decr("n") == 41 and r.decrby("n", 40) == 1
    assert r.incrbyfloat("n", 0.5) == 1.5
    assert r.mset({"x": 1, "y": 2}) is True and r.mget("x", "none", "y") == [b"1", None, b"2"]
    assert r.msetnx({"y": 3, "z": 4}) is False and r.exists("z") == 0
    assert r.append("t", "Hello") == 5 and r.append("t", " World") == 11
    assert r.strlen("t") == 11 and r.getrange("t", -5, -1) == b"World" and r.substr("t", 0, 4) == b"Hello"
    assert r.setrange("t", 6, "Redis") == 11 and r.get("t") == b"Hello Redis"

    binary = bytes(range(256)) * 10
    assert r.set(binary, binary) is True and r.get(binary) == binary
    big = b"\r\n$5\r\n" * 500_000
    assert r.set("big", big) is True and r.get("big") == big and r.strlen("big") == len(big)
    text = connect(decode_responses=True)
    assert text.set("umlaut", "Nähnadel") is True and text.get("umlaut") == "Nähnadel"
    assert connect(db=5).get("umlaut") is None


def keys(r, connect):
    names = {f"key:{i}".encode() for i in range(2000)}
    r.mset({name: 1 for name in names})
    assert r.dbsize() == 2000
    assert set(r.keys("*")) == names and sorted(r.keys("key:1?")) == [b"key:1%d" % i for i in range(10)]
    assert set(r.scan_iter(count=37)) == names
    assert set(r.scan_iter(match="key:19*", count=100)) == {n for n in names if n.startswith(b"key:19")}
    assert set(r.scan_iter(_type="set")) == set()
    assert r.randomkey() in names
    assert r.exists("key:0", "key:0", "none") == 2 and r.touch("key:0", "none") == 1
    assert r.type("key:0") == b"string" and r.type("none") == b"none"
    assert r.delete("key:0", "none") == 1 and r.unlink("key:1") == 1
    assert r.rename("key:2", "moved") is True and r.get("moved") == b"1" and r.renamenx("moved", "key:3") is False
    assert r.copy("moved", "copied") is True and r.copy("moved", "copied") is False
    assert r.move("copied", 9) is True and connect(db=9).get("copied") == b"1"

    now = int(time.time())
    assert r.expire("moved", 100) is True and 99 <= r.ttl("moved") <= 100 and r.ttl("none") == -2
    assert r.expire("moved", 50, gt=True) is False and r.expire("moved", 200, gt=True) is True
    assert r.expire("moved", 10, nx=True) is False and r.expire("key:5", 10, xx=True) is False
    assert r.pexpire("moved", 100_000) is True and r.persist("moved") is True and r.persist("moved") is False
    assert r.expireat("moved", now + 500) is True and r.expiretime("moved") == now + 500
    assert r.pexpireat("moved", (now + 600) * 1000) is True and r.pexpiretime("moved") == (now + 600) * 1000
    assert r.expireat("moved", 1) is True and r.exists("moved") == 0
    r.set("short", "1", px=1)
    end = time.monotonic() + 20
    while r.exists("short"):
        assert time.monotonic() < end
    assert r.object("encoding", "key:9") == b"int" and r.object("refcount", "key:9") >= 1
    assert r.memory_usage("key:9") > 0 and r.memory_usage("none") is None
    assert r.swapdb(0, 9) is True and r.dbsize() == 1
    assert r.flushdb() is True and r.dbsize() == 0 and r.flushall() is True


def sets(r, connect):
    # In RESP3 too redis-py gives sets or lists, as its version has it.
    assert r.sadd("s", "a", "b", "c") == 3 and r.sadd("s", "a") == 0
    assert r.scard("s") == 3 and set(r.smembers("s")) == {b"a", b"b", b"c"}
    assert r.sismember("s", "a") and not r.sismember("s", "z")
    assert r.smismember("s", ["a", "z"]) == [1, 0]
    assert r.srem("s", "c", "z") == 1
    assert r.sadd("u", "b", "x") == 2
    assert set(r.sinter("s", "u")) == {b"b"} and set(r.sunion("s", "u")) == {b"a", b"b", b"x"}
    assert set(r.sdiff("s", "u")) == {b"a"} and r.sintercard(2, ["s", "u"]) == 1
    assert r.sinterstore("i", "s", "u") == 1 and r.sunionstore("j", "s", "u") == 3 and r.sdiffstore("k", "s", "u") == 1
    assert r.smove("s", "u", "a") is True and r.smove("s", "u", "none") is False
    assert r.spop("i") == b"b" and r.exists("i") == 0 and r.spop("i") is None
    assert set(r.spop("j", 5)) == {b"a", b"b", b"x"}
    members = {str(i).encode() for i in range(5000)}
    assert r.sadd("large", *members) == 5000
    assert set(r.sscan_iter("large", count=100)) == members
    assert set(r.sscan_iter("large", match="12??")) == {m for m in members if len(m) == 4 and m.startswith(b"12")}
    assert r.srandmember("large") in members and len(set(r.srandmember("large", 10))) == 10
    assert len(r.srandmember("large", -6000)) == 6000
    assert r.object("encoding", "large") == b"hashtable" and r.object("encoding", "s") == b"listpack"
    r.sadd("ints", 1, 2, 3)
    assert r.object("encoding", "ints") == b"intset" and r.type("ints") == b"set"


def hashes(r, connect):
    assert r.hset("h", "a", 1) == 1 and r.hset("h", mapping={"a": 2, "b": "x"}) == 1
    assert r.hset("h", items=["c", 3, "d", 4]) == 2
    assert r.hget("h", "a") == b"2" and r.hget("h", "none") is None and r.hget("none", "a") is None
    assert r.hmget("h", ["a", "none", "b"]) == [b"2", None, b"x"]
    assert r.hgetall("h") == {b"a": b"2", b"b": b"x", b"c": b"3", b"d": b"4"} and r.hgetall("none") == {}
    assert sorted(r.hkeys("h")) == [b"a", b"b", b"c", b"d"] and sorted(r.hvals("h")) == [b"2", b"3", b"4", b"x"]
    assert r.hlen("h") == 4 and r.hexists("h", "a") is True and r.hexists("h", "z") is False
    assert r.hstrlen("h", "b") == 1 and r.hdel("h", "c", "d", "z") == 2
    assert r.hsetnx("h", "a", 9) in (0, False) and r.hsetnx("h", "n", 9) in (1, True)
    assert r.hincrby("h", "n", 33) == 42 and r.hincrby("h", "new", -1) == -1
    assert r.hincrbyfloat("h", "n", 0.5) == 42.5
    assert r.type("h") == b"hash" and r.object("encoding", "h") == b"listpack"

    large = {f"field:{i}".encode(): f"value:{i}".encode() for i in range(5000)}
    assert r.hset("large", mapping=large) == 5000 and r.object("encoding", "large") == b"hashtable"
    assert r.hgetall("large") == large and dict(r.hscan_iter("large", count=100)) == large
    assert dict(r.hscan_iter("large", match="field:12??")) == {k: v for k, v in large.items() if len(k) == 10 and k.startswith(b"field:12")}
    assert set(r.hscan_iter("large", no_values=True)) == set(large)
    assert r.hrandfield("large") in large and len(set(r.hrandfield("large", 10))) == 10
    assert len(r.hrandfield("large", -6000)) == 6000
    picked = r.hrandfield("h", 9, withvalues=True)
    flat = picked if not isinstance(picked[0], list) else [x for pair in picked for x in pair]
    assert dict(zip(flat[0::2], flat[1::2])) == r.hgetall("h")
    binary = bytes(range(256)) * 300
    assert r.hset("bytes", binary, binary) == 1 and r.hgetall("bytes") == {binary: binary}

    def left(name, seconds):
        return seconds - 40 < r.httl("h", name)[0] <= seconds

    now = int(time.time())
    assert r.hexpire("h", 100, "a", "none") == [1, -2] and left("a", 100) and r.httl("h", "b", "none") == [-1, -2]
    assert r.hpexpire("h", 50_000, "a", lt=True) == [1] and r.hexpire("h", 60, "a", "b", nx=True) == [0, 1]
    assert 10_000 < r.hpttl("h", "a")[0] <= 50_000
    assert r.hexpireat("h", now + 500, "a", gt=True) == [1] and r.hexpiretime("h", "a") == [now + 500]
    assert r.hpexpireat("h", (now + 600) * 1000, "a", xx=True) == [1]
    assert r.hpexpiretime("h", "a", "new") == [(now + 600) * 1000, -1]
    assert r.hpersist("h", "a", "a", "none") == [1, -1, -2] and r.hexpireat("h", 1, "b") == [2]
    assert r.hexists("h", "b") is False and r.object("encoding", "h") == b"listpackex"
    assert r.hgetex("h", "a", "none", ex=100) == [b"2", None] and left("a", 100)
    assert r.hgetex("h", "a", persist=True) == [b"2"] and r.httl("h", "a") == [-1]
    assert r.hsetex("h", mapping={"p": 1, "q": 2}, px=90_000) == 1 and left("p", 90) and left("q", 90)
    assert r.hsetex("h", "p", 3, data_persist_option=HashDataPersistOptions.FNX) == 0
    assert r.hsetex("h", "p", 3, data_persist_option=HashDataPersistOptions.FXX, keepttl=True) == 1
    assert r.hmget("h", "p", "q") == [b"3", b"2"] and left("p", 90)
    assert r.hgetdel("h", "p", "none") == [b"3", None] and r.hexists("h", "p") is False
    r.hsetex("short", mapping={"a": 1, "b": 2}, px=1)
    end = time.monotonic() + 20
    while r.exists("short"):
        assert time.monotonic() < end
    assert r.info("stats")["expired_subkeys"] >= 2


def pipeline(r, connect):
    with r.pipeline(transaction=False) as p:
        for i in range(5000):
            p.set(f"k{i}", i)
            p.get(f"k{i}")
        replies = p.execute()
    assert replies[0::2] == [True] * 5000 and replies[1::2] == [str(i).encode() for i in range(5000)]
    with r.pipeline(transaction=False) as p:
        p.set("text", "x").incr("text").get("text")
        replies = p.execute(raise_on_error=False)
    assert replies[0] is True and isinstance(replies[1], redis.ResponseError) and replies[2] == b"x"
    with r.pipeline(transaction=False) as p:
        for _ in range(50):
            p.set("block", b"x" * 100_000).get("block")
        replies = p.execute()
    assert all(reply == b"x" * 100_000 for reply in replies[1::2])


def transaction(r, connect):
    with r.pipeline() as p:
        assert p.set("a", 1).incr("a").get("a").execute() == [True, 2, b"2"]
    with r.pipeline() as p:
        p.set("a", "text").incr("a").set("b", "after")
        replies = p.execute(raise_on_error=False)
        assert replies[0] is True and isinstance(replies[1], redis.ResponseError) and replies[2] is True
    with r.pipeline() as p:
        try:
            p.set("c", 1).execute_command("GET").execute()
            raise AssertionError("a command of the wrong arity went through")
        except redis.ResponseError:
            pass
    assert r.exists("c") == 0

    other = connect()
    r.set("w", 1)
    with r.pipeline() as p:
        p.watch("w")
        assert p.get("w") == b"1"
        other.set("w", 2)
        p.multi()
        p.set("w", 3)
        try:
            p.execute()
            raise AssertionError("a change of a watched key went unseen")
        except redis.WatchError:
            pass
        p.watch("w")
        p.multi()
        p.set("w", 4)
        assert p.execute() == [True]
        p.watch("w", "x")
        other.set("w", 5)
        p.unwatch()
        p.multi()
        assert p.set("w", 6).execute() == [True]
    assert r.get("w") == b"6"

    r.set("count", 0)

    def add(client):
        def step(p):
            value = int(p.get("count"))
            p.multi()
            p.set("count", value + 1)

        for _ in range(25):
            client.transaction(step, "count")

    threads = [threading.Thread(target=add, args=(connect(),)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert r.get("count") == b"100"


def server(r, connect):
    info = r.info()
    for field in ("redis_version", "uptime_in_seconds", "connected_clients", "used_memory", "total_commands_processed"):
        assert field in info, field
    assert info["tcp_port"] == int(sys.argv[1]) and info["redis_mode"] == "standalone"
    r.set("a", 1, ex=100)
    assert r.info("keyspace")["db0"]["keys"] == 1 and r.info("keyspace")["db0"]["expires"] == 1
    assert r.config_get("maxclients")["maxclients"].isdigit()
    assert r.config_set("timeout", 300) is True and r.config_get("timeout") == {"timeout": "300"}
    seconds, microseconds = r.time()
    assert abs(seconds - time.time()) < 60 and 0 <= microseconds < 1_000_000

    named = connect(client_name="needle", single_connection_client=True)
    assert named.client_getname() in ("needle", b"needle") and named.client_id() > 0
    entry = [c for c in r.client_list() if c["name"] == "needle"]
    assert len(entry) == 1 and entry[0]["db"] == "0" and int(entry[0]["id"]) == named.client_id()
    assert named.client_info()["name"] == "needle"
    assert r.client_kill_filter(_id=named.client_id()) == 1
    assert r.command_count() > 50
    command = r.command()
    assert command["get"]["arity"] == 2 and command["set"]["arity"] == -3
    assert r.command_getkeys("MSET", "a", "1", "b", "2") in (["a", "b"], [b"a", b"b"])


def errors(r, connect):
    def fails(text, *command, kind=redis.ResponseError):
        try:
            r.execute_command(*command)
        except kind as error:
            assert text in str(error), (text, str(error))
        else:
            raise AssertionError(f"{command} went through")

    r.sadd("s", "a")
    r.set("text", "x")
    fails("Operation against a key holding the wrong kind of value", "GET", "s")
    fails("value is not an integer or out of range", "INCR", "text")
    fails("value is not a valid float", "INCRBYFLOAT", "text", "1")
    fails("syntax error", "SET", "a", "1", "EX", "1", "PX", "1")
    fails("invalid expire time in 'set' command", "SET", "a", "1", "EX", "0")
    fails("wrong number of arguments for 'get' command", "GET")
    fails("unknown command 'NOSUCH'", "NOSUCH", "a")
    fails("no such key", "RENAME", "none", "other")
    fails("DB index is out of range", "SELECT", "99999")
    fails("EXEC without MULTI", "EXEC")
    r.set("n", 2**63 - 1)
    fails("increment or decrement would overflow", "INCR", "n")
    assert r.ping() is True


def pubsub(r, connect):
    end = time.monotonic() + 30

    def next_message(p, **options):
        while time.monotonic() < end:
            message = p.get_message(timeout=1, **options)
            if message is not None:
                return message
        raise AssertionError("no message came")

    p = r.pubsub()
    p.subscribe("news", "more")
    p.psubscribe("n*")
    confirmations = [next_message(p) for _ in range(3)]
    assert [(m["type"], m["channel"], m["data"]) for m in confirmations] == [
        ("subscribe", b"news", 1), ("subscribe", b"more", 2), ("psubscribe", b"n*", 3)]
    assert r.publish("news", "hello") == 2 and r.publish("nothing", "x") == 1 and r.publish("none here", "x") == 1
    assert r.publish("else", "x") == 0
    got = [next_message(p) for _ in range(4)]
    assert got[0] == {"type": "message", "pattern": None, "channel": b"news", "data": b"hello"}, got
    assert got[1] == {"type": "pmessage", "pattern": b"n*", "channel": b"news", "data": b"hello"}, got
    assert [m["channel"] for m in got[2:]] == [b"nothing", b"none here"]
    assert r.pubsub_channels() == [b"news", b"more"] and r.pubsub_numsub("news", "x") == [(b"news", 1), (b"x", 0)]
    assert r.pubsub_numpat() == 1
    p.ping("alive")
    assert next_message(p)["data"] == b"alive"
    p.unsubscribe("news")
    p.punsubscribe()
    assert [next_message(p)["type"] for _ in range(2)] == ["unsubscribe", "punsubscribe"]
    assert r.publish("news", "unheard") == 0
    p.close()
    while r.pubsub_channels():
        assert time.monotonic() < end

    # Handlers in a thread of their own.
    heard = []
    p = r.pubsub(ignore_subscribe_messages=True)
    p.subscribe(**{"channel": lambda m: heard.append(m["data"])})
    p.psubscribe(**{"c?annel*": lambda m: heard.append((m["pattern"], m["data"]))})
    thread = p.run_in_thread(sleep_time=0.01)
    while r.pubsub_numpat() == 0:
        assert time.monotonic() < end
    for i in range(100):
        assert r.publish("channel", i) == 2
    while len(heard) < 200:
        assert time.monotonic() < end
        time.sleep(0.01)
    thread.stop()
    thread.join()
    assert heard == [x for i in range(100) for x in (b"%d" % i, (b"c?annel*", b"%d" % i))]

    # Shard channels, and keyspace events.
    p = r.pubsub(ignore_subscribe_messages=True)
    p.ssubscribe("shard")
    p.psubscribe("__keyspace@0__:*")
    while r.pubsub_shardnumsub("shard") != [(b"shard", 1)] or r.pubsub_numpat() == 0:
        assert time.monotonic() < end
    assert r.spublish("shard", "x") == 1
    assert next_message(p)["type"] == "smessage"
    r.config_set("notify-keyspace-events", "KA")
    r.set("k", 1, ex=10)
    assert [next_message(p)["data"] for _ in range(2)] == [b"set", b"expire"]
    r.set("k", 1, px=1)
    assert [next_message(p)["data"] for _ in range(3)] == [b"set", b"expire", b"expired"]
    r.config_set("notify-keyspace-events", "")

    many = r.pubsub()
    many.subscribe(*[f"channel:{i}" for i in range(1000)])
    for i in range(1000):
        assert next_message(many)["data"] == i + 1
    big = b"x" * 300_000
    for _ in range(20):
        assert r.publish("channel:7", big) == 1
    for _ in range(20):
        assert next_message(many)["data"] == big
    killed = [c for c in r.client_list(_type="pubsub")]
    assert len(killed) == 2 and all("P" in c["flags"] for c in killed)
    assert r.client_kill_filter(_type="pubsub") == 2


def caching(r, connect):
    from redis.cache import CacheConfig

    cached = connect(cache_config=CacheConfig(max_size=100), decode_responses=True)
    cache = cached.get_cache()
    end = time.monotonic() + 30

    def becomes(key, value):
        while cached.get(key) != value:
            assert time.monotonic() < end, (key, value)

    r.mset({"a": 1, "b": 1, "c": 1})
    assert [cached.get(k) for k in "abc"] == ["1", "1", "1"] and cache.size == 3
    hits = r.info("stats")["keyspace_hits"]
    assert [cached.get(k) for k in "abc"] == ["1", "1", "1"]
    assert r.info("stats")["keyspace_hits"] == hits, "the copies were not used"
    assert r.info("clients")["tracking_clients"] >= 1 and r.info("stats")["tracking_total_keys"] == 3
    r.set("a", 2)
    becomes("a", "2")
    r.delete("b")
    becomes("b", None)
    r.set("c", 3, px=20)
    becomes("c", "3")
    becomes("c", None)
    cached.set("a", 4)
    assert cached.get("a") == "4"
    cached.mget("a", "b")
    r.incr("a")
    becomes("a", "5")
    r.flushall()
    becomes("a", None)
    for i in range(500):
        r.set("n", i)
        becomes("n", str(i))


def password(_, connect):
    for options in ({}, {"password": "wrong"}):
        try:
            connect(**options).ping()
            raise AssertionError("served without the password")
        except redis.AuthenticationError:
            pass
    assert connect(password="secret word").ping() is True
    assert connect(username="default", password="secret word").ping() is True


def main():
    port, section, protocol = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])

    def again(**options):
        return connect(port, protocol, **options)

    sections = (
        basic, keys, lists, queues, sorting, sets, hashes, pipeline, transaction, server, errors, pubsub, caching,
        password)
    {s.__name__: s for s in sections}[section](again(), again)
    print(f"{section} ok")


main()
