# SPDX-License-Identifier: Apache-2.0
"""huey with its queue and results on a running server: huey_queue.py PORT

Workers wait for tasks as huey's own do (BRPOP); tasks that are to run later need a sorted set and are not used here.
"""
import sys
import threading

from huey import RedisHuey
from huey.exceptions import TaskException

huey = RedisHuey("jobs", host="127.0.0.1", port=int(sys.argv[1]), read_timeout=1)


@huey.task()
def add(a, b):
    return a + b


@huey.task(retries=2)
def fail_twice(seen):
    count = huey.storage.incr("failures")
    if count < 3:
        raise ValueError(seen)
    return count


@huey.task()
def broken():
    raise KeyError("no")


def work(stop):
    while not stop.is_set():
        task = huey.dequeue()
        if task is not None:
            huey.execute(task)


def main():
    # Tasks of before the workers came are there in their order.
    early = [add(i, 1) for i in range(5)]
    assert len(huey) == 5 and [t.args[0] for t in huey.pending()] == [0, 1, 2, 3, 4]
    stop = threading.Event()
    workers = [threading.Thread(target=work, args=(stop,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    assert [r.get(blocking=True, timeout=20) for r in early] == [1, 2, 3, 4, 5]
    many = [add(i, i) for i in range(500)]
    assert [r.get(blocking=True, timeout=20) for r in many] == [2 * i for i in range(500)]
    assert fail_twice("x").get(blocking=True, timeout=20) == 3
    try:
        broken().get(blocking=True, timeout=20)
        raise AssertionError("a task that fails has a result")
    except TaskException:
        pass
    # A chain: each task gets what the one before has made.
    results = huey.enqueue(add.s(1, 2).then(add, 10).then(add, 100))
    assert [r.get(blocking=True, timeout=20) for r in results] == [3, 13, 113]
    with huey.lock_task("only one"):
        assert huey.is_locked("only one")
    huey.revoke_by_id("none")
    stop.set()
    for worker in workers:
        worker.join()
    assert len(huey) == 0
    print("huey ok")


main()
