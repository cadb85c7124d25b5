# SPDX-License-Identifier: Apache-2.0
"""The sections of redis_py.py that are about lists, those who wait for them, and SORT."""
import threading
import time


def lists(r, connect):
    assert r.rpush("l", "c", "d") == 2 and r.lpush("l", "b", "a") == 4
    assert r.lpushx("none", "x") == 0 and r.rpushx("l", "e") == 5
    assert r.lrange("l", 0, -1) == [b"a", b"b", b"c", b"d", b"e"] and r.llen("l") == 5
    assert r.lindex("l", -1) == b"e" and r.lindex("l", 9) is None
    assert r.lset("l", 1, "B") is True and r.linsert("l", "AFTER", "B", "c") == 6
    assert r.lpos("l", "c") == 2 and r.lpos("l", "c", rank=-1) == 3 and r.lpos("l", "c", count=0) == [2, 3]
    assert r.lpos("l", "none") is None and r.lrem("l", 1, "c") == 1
    assert r.ltrim("l", 1, -1) is True and r.lrange("l", 0, -1) == [b"B", b"c", b"d", b"e"]
    assert r.lpop("l") == b"B" and r.rpop("l", 2) == [b"e", b"d"]
    assert r.lpop("none") is None and r.lpop("none", 2) is None
    assert r.rpoplpush("l", "m") == b"c" and r.exists("l") == 0
    r.rpush("m", 1, 2, 3)
    assert r.lmove("m", "n", "RIGHT", "LEFT") == b"3"
    assert r.lmpop(2, "none", "m", direction="LEFT", count=2) == [b"m", [b"c", b"1"]]
    assert r.lmpop(1, "none", direction="LEFT") is None
    assert r.blpop(["none", "m"], timeout=1) in ((b"m", b"2"), [b"m", b"2"])
    assert r.brpop("none", timeout=0.01) is None
    assert r.blmpop(0.01, 1, "none", direction="LEFT") is None
    assert r.brpoplpush("none", "n", timeout=0.01) is None
    assert r.blmove("n", "n", timeout=1) == b"3"

    # Who waits is served in the order of arrival.
    seen, waiting = [], []
    for number in range(5):
        client = connect()
        thread = threading.Thread(target=lambda c=client, n=number: seen.append((n, c.blpop("jobs", timeout=20)[1])))
        waiting.append(thread)
        thread.start()
        while r.info("clients")["blocked_clients"] <= number:
            time.sleep(0.001)
    r.rpush("jobs", *range(5))
    for thread in waiting:
        thread.join()
    assert sorted(seen) == [(n, str(n).encode()) for n in range(5)] and r.exists("jobs") == 0
    big = [b"x" * 100_000, b"y" * 100_000] + [str(i).encode() for i in range(5000)]
    r.rpush("big", *big)
    assert r.lrange("big", 0, -1) == big and r.object("encoding", "big") == b"quicklist"


def queues(r, connect):
    """A reliable queue: a job stands in the list of its worker until it is done, and goes back if the worker dies."""
    jobs = [f"job:{i}".encode() for i in range(400)]
    finished, lock = [], threading.Lock()

    def work(name, dies_at):
        mine = connect()
        mine.sadd("workers", name)
        done = 0
        while True:
            job = mine.blmove("queue", f"doing:{name}", timeout=5, src="LEFT", dest="RIGHT")
            if job == b"stop" or done == dies_at:
                if job == b"stop":
                    mine.lrem(f"doing:{name}", 1, job)
                return
            with mine.pipeline() as p:
                p.multi()
                p.lrem(f"doing:{name}", 1, job)
                p.rpush("done", job)
                p.incr(f"count:{name}")
                p.execute()
            with lock:
                finished.append(job)
            done += 1

    workers = [threading.Thread(target=work, args=(f"w{i}", 20 if i == 0 else -1)) for i in range(4)]
    for worker in workers:
        worker.start()
    r.rpush("queue", *jobs)
    workers[0].join()
    # The dead worker's job is taken over by the others.
    assert r.llen("doing:w0") == 1 and r.lmove("doing:w0", "queue", "LEFT", "LEFT") is not None
    while len(finished) < len(jobs):
        time.sleep(0.001)
    r.rpush("queue", *["stop"] * 3)
    for worker in workers:
        worker.join()
    assert sorted(finished) == sorted(jobs) and sorted(r.lrange("done", 0, -1)) == sorted(jobs)
    assert r.exists("queue", *[f"doing:w{i}" for i in range(4)]) == 0
    assert sum(int(r.get(f"count:w{i}")) for i in range(4)) == len(jobs)


def sorting(r, connect):
    r.rpush("l", 3, 1, 2)
    r.mset({"w1": 9, "w2": 8, "w3": 7, "n1": "one", "n2": "two"})
    r.hset("h1", "f", "uno")
    assert r.sort("l") == [b"1", b"2", b"3"] and r.sort("l", desc=True, start=0, num=2) == [b"3", b"2"]
    assert r.sort("l", by="w*") == [b"3", b"2", b"1"]
    assert r.sort("l", get=["#", "n*", "h*->f"], groups=True) == [
        (b"1", b"one", b"uno"), (b"2", b"two", None), (b"3", None, None)]
    assert r.sort("l", store="sorted") == 3 and r.lrange("sorted", 0, -1) == [b"1", b"2", b"3"]
    assert r.sort_ro("l", alpha=True) == [b"1", b"2", b"3"]
