# SPDX-License-Identifier: Apache-2.0
"""Clients that read nothing, and what the server holds for them: slow_readers.py PORT PID CASE

CASE is subscribers, monitors, replies or subscriber. The first three let output pile up and compare the growth of the
process's resident memory with that of used_memory; with maxmemory set, writes must then be refused. The last lets the
default limit of subscribers drop one, and looks at the peak meanwhile. Exits 1 with the figures if a bar is missed.
"""
import socket
import sys
import time

MB = 1 << 20
# Resident memory beside the books: pages that are only partly full, tables of the allocator, code that runs first now.
SLACK = 16 * MB


def encode(*words):
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


class Client:
    def __init__(self, port):
        self.socket = socket.socket()
        # The kernel would hold megabytes for those who do not read.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.socket.settimeout(60)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def call(self, *words):
        self.socket.sendall(encode(*words))
        return self.read()

    def read(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        return line

    def pipeline(self, command, count):
        """Sends a command with a one-line reply so many times, some hundred at once."""
        for first in range(0, count, 500):
            batch = min(500, count - first)
            self.socket.sendall(command * batch)
            for _ in range(batch):
                self.file.readline()

    def info(self, field):
        text = self.call("INFO", "everything").decode()
        return next(int(line.split(":")[1]) for line in text.split("\r\n") if line.startswith(field + ":"))


def status(pid, field):
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":"))


def deaf(port, count, *words):
    clients = [Client(port) for _ in range(count)]
    for client in clients:
        client.call(*words)
    return clients


def pile_up(port, pid, case):
    main = Client(port)
    main.call("CONFIG", "SET", "client-output-buffer-limit", "pubsub 0 0 0")
    clients = []
    if case == "subscribers":
        clients = deaf(port, 50, "SUBSCRIBE", "c")
    elif case == "monitors":
        clients = deaf(port, 50, "MONITOR")
    resident, used = status(pid, "VmRSS"), main.info("used_memory")
    main.call("CONFIG", "SET", "maxmemory", used + 64 * MB)
    if case == "subscribers":
        main.pipeline(encode("PUBLISH", "c", "m" * 20), 150_000)
    elif case == "monitors":
        main.pipeline(encode("GET", "k" * 300), 20_000)
    else:
        main.call("SET", "k", "x" * 1000)
        clients = [Client(port) for _ in range(20)]
        # 20 MB for each; all is executed when the last one's first reply is there.
        for client in clients:
            client.socket.sendall(encode("GET", "k") * 20_000)
        for client in clients:
            client.file.readline()
    # The server may still be at work for those who do not read.
    grown = 0
    for _ in range(300):
        now = main.info("used_memory") - used
        if now == grown and now > 64 * MB:
            break
        grown = now
        time.sleep(0.1)
    resident = status(pid, "VmRSS") - resident
    reply = main.call("SET", "another", "value")
    figures = f"{case}: resident memory grew by {resident / MB:.0f} MB, used_memory by {grown / MB:.0f} MB; SET: {reply}"
    print(figures)
    if grown < 64 * MB or resident > 1.3 * grown + SLACK or not reply.startswith(b"-OOM"):
        sys.exit(1)
    listed = main.call("CLIENT", "LIST").decode()
    held = sum(int(word[5:]) for word in listed.split() if word.startswith("omem="))
    if not 0.9 * grown < held < 1.1 * grown + MB:
        print(f"CLIENT LIST shows {held / MB:.0f} MB of output")
        sys.exit(1)
    for client in clients:
        client.socket.close()
        client.file.close()
    for _ in range(300):
        # The buffer of replies may stay larger than it was.
        if main.info("used_memory") - used < 4 * MB:
            return
        time.sleep(0.1)
    print("what the clients held is not given back")
    sys.exit(1)


def one_subscriber(port, pid):
    main = Client(port)
    client = deaf(port, 1, "SUBSCRIBE", "c")[0]
    peak = status(pid, "VmHWM")
    main.pipeline(encode("PUBLISH", "c", "m"), 1_400_000)
    peak = status(pid, "VmHWM") - peak
    left = main.info("connected_clients")
    print(f"subscriber: the peak grew by {peak / MB:.0f} MB; connected: {left}")
    client.socket.close()
    # The limit is 32 MB.
    if left != 1 or peak > 1.3 * 32 * MB + SLACK:
        sys.exit(1)


def main():
    port, pid, case = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    if case == "subscriber":
        one_subscriber(port, pid)
    else:
        pile_up(port, pid, case)


main()
