# SPDX-License-Identifier: Apache-2.0
"""Applications of sorted sets through redis-py: sorted_sets.py PORT SECTION PROTOCOL

A queue of jobs that are due at times of their own, a ranking, and a limit on rates; the first difference ends the script
with a traceback.
"""
import random
import sys
import threading
import time

import redis


def connect(port, protocol):
    # Not the name localhost: it need not be known.
    return redis.Redis(
        host="127.0.0.1", port=port, protocol=protocol, socket_timeout=20, decode_responses=True)


def delayed_jobs(r, again):
    """Jobs wait under the time they are due; workers move what is due to a queue that other workers wait for."""
    jobs = 200
    done, lock, over = [], threading.Lock(), threading.Event()

    def move_due():
        mine = again()
        while not over.is_set():
            due = mine.zrange("delayed", "-inf", time.time(), byscore=True, offset=0, num=20)
            for job in due:
                # Whoever removes a job owns it.
                if mine.zrem("delayed", job):
                    mine.zadd("ready", {job: float(job.split(":")[1])})
            if not due:
                time.sleep(0.005)

    def work():
        mine = again()
        while not over.is_set():
            taken = mine.bzpopmin("ready", timeout=0.2)
            if taken:
                assert taken[0] == "ready"
                with lock:
                    done.append(taken[1])

    threads = [threading.Thread(target=t) for t in (move_due, move_due, work, work, work)]
    for thread in threads:
        thread.start()
    now = time.time()
    for number in range(jobs):
        r.zadd("delayed", {f"job:{number}": now + random.random() * 0.5})
    limit = time.time() + 15
    while len(done) < jobs and time.time() < limit:
        time.sleep(0.01)
    over.set()
    for thread in threads:
        thread.join()
    assert sorted(done) == sorted(f"job:{n}" for n in range(jobs)), len(done)
    assert r.zcard("delayed") == 0 and r.zcard("ready") == 0
    assert r.bzpopmax(["ready", "delayed"], timeout=0.01) is None


def leaderboard(r, again):
    """Points of players, kept beside a dictionary that must say the same."""
    points = {}
    picks = random.Random(7)
    for _ in range(3000):
        player = f"player:{picks.randrange(400)}"
        won = picks.choice([1, 5, 10, 2.5])
        points[player] = points.get(player, 0) + won
        assert r.zincrby("board", won, player) == points[player]
    # Equal scores come in the order of the names, so from behind in the reverse one.
    best = sorted(points.items(), key=lambda item: (item[1], item[0]), reverse=True)

    def pairs(answer):
        return [(player, score) for player, score in answer]

    assert pairs(r.zrevrange("board", 0, 9, withscores=True)) == best[:10]
    assert pairs(r.zrange("board", 10, 19, desc=True, withscores=True)) == best[10:20]
    for place in (0, 57, len(best) - 1):
        player, score = best[place]
        assert r.zrevrank("board", player) == place and r.zscore("board", player) == score
        assert list(r.zrevrank("board", player, withscore=True)) == [place, score]
    middle = best[len(best) // 2][1]
    above = [item for item in best if item[1] > middle]
    assert r.zcount("board", f"({middle}", "+inf") == len(above)
    assert r.zmscore("board", [best[0][0], "nobody"]) == [best[0][1], None]

    # Two seasons together, and who has played in both.
    r.zadd("second", {"player:1": 1000, "new": 3})
    assert r.zunionstore("all", ["board", "second"]) == len(points) + 1
    assert r.zscore("all", "player:1") == points["player:1"] + 1000
    assert r.zinter(["board", "second"]) == ["player:1"] and r.zintercard(2, ["board", "second"]) == 1
    assert r.zdiff(["second", "board"]) == ["new"]
    assert r.zrevrange("all", 0, 0) == ["player:1"]
    # Only the best hundred stay.
    assert r.zremrangebyrank("board", 0, -101) == len(points) - 100
    assert [player for player, _ in best[:100]] == r.zrevrange("board", 0, -1)
    assert dict(r.zscan_iter("board", match="player:*", count=7)) == dict(best[:100])
    assert sorted(r.zrandmember("board", -500)) != [] and len(set(r.zrandmember("board", 50))) == 50
    key, taken = r.zmpop(2, ["nothing", "board"], max=True, count=2)
    assert key == "board" and [player for player, _ in taken] == [player for player, _ in best[:2]]
    assert pairs(r.zpopmin("board", 1)) == [best[99]]
    assert r.zadd("board", {"late": 5}, nx=True, ch=True) == 1 and r.zadd("board", {"late": 4}, gt=True, ch=True) == 0


def rate_limit(r, again):
    """At most ten requests in a window that slides, counted in a transaction."""
    def allowed(now):
        with r.pipeline() as p:
            p.zremrangebyscore("requests", 0, now - 1000)
            p.zcard("requests")
            p.zadd("requests", {str(now): now})
            p.pexpire("requests", 2000)
            _, count, _, _ = p.execute()
        if count >= 10:
            r.zrem("requests", str(now))
        return count < 10

    verdicts = [allowed(10_000 + 50 * step) for step in range(60)]
    assert verdicts == [step % 20 < 10 for step in range(60)], verdicts


def main():
    port, section, protocol = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    sections = (delayed_jobs, leaderboard, rate_limit)
    {s.__name__: s for s in sections}[section](connect(port, protocol), lambda: connect(port, protocol))
    print(f"{section} ok")


main()
