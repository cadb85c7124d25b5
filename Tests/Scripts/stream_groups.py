# SPDX-License-Identifier: Apache-2.0
"""Streams with redis-py on a running server: stream_groups.py PORT SECTION PROTOCOL

A group of consumers of which one crashes, whose work others take over, and with a stream of dead letters for what
nobody can do; and all the calls that redis-py has for streams.
"""
import sys
import threading

import redis

PORT, SECTION, PROTOCOL = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


def connect():
    return redis.Redis(port=PORT, protocol=PROTOCOL)


def pairs(reply):
    """What XREAD answers, as pairs of key and entries in both protocols."""
    if isinstance(reply, dict):
        return [(key, entries[0] if len(entries) == 1 and isinstance(entries[0], list) else entries)
                for key, entries in reply.items()]
    return [(key, entries) for key, entries in reply]


def crashed_consumer(r):
    """Forty jobs, three consumers: one crashes with what it has read, and three jobs are more than anybody can do."""
    broken = {b"7", b"23", b"31"}
    r.xgroup_create("jobs", "workers", id="0", mkstream=True)
    for number in range(40):
        r.xadd("jobs", {"number": number})
    # Reads five, does one and is never heard of again.
    (_, held), = pairs(r.xreadgroup("workers", "crashed", {"jobs": ">"}, count=5))
    assert len(held) == 5
    r.xack("jobs", "workers", held[0][0])
    done, lock = {held[0][1][b"number"]}, threading.Lock()

    def work(name):
        mine = connect()
        while True:
            got = pairs(mine.xreadgroup("workers", name, {"jobs": ">"}, count=3, block=50))
            if not got:
                return
            for entry, fields in got[0][1]:
                if fields[b"number"] in broken:
                    continue
                with lock:
                    assert fields[b"number"] not in done
                    done.add(fields[b"number"])
                assert mine.xack("jobs", "workers", entry) == 1

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert r.xpending("jobs", "workers")["pending"] == 7

    # Others take over what has been pending too long, and give it up when it has failed too often.
    start, rounds = b"0-0", 0
    while r.xpending("jobs", "workers")["pending"] > 0:
        rounds += 1
        start, claimed, deleted = r.xautoclaim("jobs", "workers", "janitor", min_idle_time=0, start_id=start, count=3)
        assert deleted == []
        for entry, fields in claimed:
            known, = r.xpending_range("jobs", "workers", min=entry, max=entry, count=1)
            assert known["consumer"] == b"janitor"
            if fields[b"number"] not in broken:
                done.add(fields[b"number"])
                r.xack("jobs", "workers", entry)
            elif known["times_delivered"] >= 4:
                with r.pipeline(transaction=True) as pipe:
                    pipe.xadd("dead", {**fields, b"from": entry, b"deliveries": known["times_delivered"]})
                    pipe.xack("jobs", "workers", entry)
                    pipe.execute()
        assert rounds < 100
    assert done == {str(n).encode() for n in range(40)} - broken
    dead = r.xrange("dead")
    assert {fields[b"number"] for _, fields in dead} == broken
    assert all(int(fields[b"deliveries"]) >= 4 for _, fields in dead)
    group, = r.xinfo_groups("jobs")
    assert group["pending"] == 0 and group["lag"] == 0 and group["entries-read"] == 40
    assert {c["name"] for c in r.xinfo_consumers("jobs", "workers")} == {b"crashed", b"one", b"two", b"janitor"}
    assert r.xgroup_delconsumer("jobs", "workers", "crashed") == 0
    assert r.xtrim("jobs", maxlen=0) == 40 and r.xgroup_destroy("jobs", "workers") == 1


def calls(r):
    assert r.xadd("s", {"a": 1}, id="1-1") == b"1-1"
    assert r.xadd("s", {"a": 2, "b": 3}, id="1-*") == b"1-2"
    assert r.xadd("none", {"a": 1}, nomkstream=True) is None
    assert r.xrange("s", "(1-1") == [(b"1-2", {b"a": b"2", b"b": b"3"})]
    assert [e for e, _ in r.xrevrange("s", count=1)] == [b"1-2"] and r.xlen("s") == 2
    (key, entries), = pairs(r.xread({"s": "0", "t": "0"}, count=1))
    assert key == b"s" and entries[0][0] == b"1-1"
    assert not r.xread({"s": "$"}, block=10)
    r.xgroup_create("s", "g", id="0", entries_read=0)
    try:
        r.xgroup_create("s", "g")
        raise AssertionError("a group twice")
    except redis.ResponseError as error:
        assert "BUSYGROUP" in str(error)
    assert r.xgroup_createconsumer("s", "g", "c") == 1
    assert len(pairs(r.xreadgroup("g", "c", {"s": ">"}, noack=False))[0][1]) == 2
    assert r.xclaim("s", "g", "d", 0, ["1-1"]) == [(b"1-1", {b"a": b"1"})]
    assert r.xclaim("s", "g", "d", 0, ["1-2"], justid=True) == [b"1-2"]
    summary = r.xpending("s", "g")
    assert summary["consumers"] == [{"name": b"d", "pending": 2}] and summary["max"] == b"1-2"
    assert r.xdel("s", "1-1") == 1 and r.xack("s", "g", "1-1", "1-2") == 2
    assert r.xgroup_setid("s", "g", "1-1", entries_read=1) and r.xinfo_groups("s")[0]["entries-read"] == 1
    full = r.xinfo_stream("s", full=True)
    assert full["length"] == 1 and full["entries-added"] == 2 and full["max-deleted-entry-id"] == b"1-1"
    assert r.xinfo_stream("s")["first-entry"][0] == b"1-2"
    assert r.xadd("s", {"x": "y"}, maxlen=1, approximate=False) and r.xlen("s") == 1
    assert r.xadd("s", {"x": "y"}, minid="0-1", limit=10) and r.xlen("s") == 2
    assert r.copy("s", "t") and r.xlen("t") == 2 and r.type("t") == b"stream"

    # A reader that waits.
    seen = []
    other = connect()
    thread = threading.Thread(target=lambda: seen.append(other.xread({"w": "$"}, block=20000)))
    thread.start()
    while r.info("clients")["blocked_clients"] == 0:
        pass
    r.xadd("w", {"k": "v"}, id="5-5")
    thread.join()
    assert pairs(seen[0])[0][1][0] in ((b"5-5", {b"k": b"v"}), [b"5-5", {b"k": b"v"}])


with connect() as client:
    {"crashed_consumer": crashed_consumer, "calls": calls}[SECTION](client)
print(f"{SECTION} ok")
