# SPDX-License-Identifier: Apache-2.0
"""walrus's containers of streams on a running server: walrus_streams.py PORT"""
import datetime
import sys

from walrus import Database

db = Database(host="127.0.0.1", port=int(sys.argv[1]))

# One stream as a container.
log = db.Stream("log")
first = log.add({"message": "begins"})
log.add({"message": "goes on"}, id=b"99999999999999-1")
assert len(log) == 2 and log[first][1] == {b"message": b"begins"}
assert [entry for entry, _ in log] == [first, b"99999999999999-1"]
assert [entry for entry, _ in log[:first]] == [first] and len(log.range(count=1)) == 1
assert log.read(last_id=first)[0][0] == b"99999999999999-1"
del log[first]
assert log.length() == 1 and log.info()["last-generated-id"] == b"99999999999999-1"
assert log.trim(0, approximate=False) == 1

# A group over several streams.
group = db.consumer_group("readers", ["one", "two"])
group.create()
group.set_id("0")
for number in range(6):
    (group.one if number % 2 else group.two).add({"number": number})
seen = {fields[b"number"] for _, entries in group.read(count=10) for _, fields in entries}
assert seen == {str(number).encode() for number in range(6)}, seen
assert not group.read(count=10, block=20)
pending = group.one.pending()
assert len(pending) == 3
assert group.one.ack(pending[0]["message_id"]) == 1
other = group.consumer("other")
claimed = other.one.claim(pending[1]["message_id"])
assert len(claimed) == 1 and len(group.one.pending(consumer="other")) == 1
group.one.set_id("0")

# Streams in the order of time.
series = db.time_series("times", ["cpu", "disk"])
series.create()
moment = datetime.datetime(2026, 1, 2, 3, 4, 5)
for second in range(4):
    (series.cpu if second % 2 else series.disk).add(
        {"value": second}, id=moment + datetime.timedelta(seconds=second))
messages = series.read()
assert [int(message.data["value"]) for message in messages] == [0, 1, 2, 3]
assert messages[0].timestamp == moment and messages[1].stream == "cpu"
series.destroy()
group.destroy()
print("walrus ok")
