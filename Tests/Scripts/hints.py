# SPDX-License-Identifier: Apache-2.0
"""Types into an interactive redis-cli on a pseudo-terminal: hints.py PORT TEXT [HINT ...]

Types TEXT a character at a time and waits for every HINT to be drawn behind it, then clears the line, runs a PING and
quits. Exits 1 with the screen's bytes if something is not drawn.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

SECONDS = 20


def read_until(fd, wanted, seen=b""):
    """Reads until all of `wanted` have been drawn after the call; returns everything, or exits."""
    end = time.monotonic() + SECONDS
    while not all(text in seen for text in wanted):
        left = end - time.monotonic()
        ready = select.select([fd], [], [], max(left, 0))[0] if left > 0 else []
        try:
            part = os.read(fd, 4096) if ready else b""
        except OSError:
            part = b""
        if not part:
            print(f"not drawn: {[t.decode() for t in wanted if t not in seen]}\nscreen: {seen!r}", file=sys.stderr)
            sys.exit(1)
        seen += part
    return seen


def main():
    port, line, hints = sys.argv[1], sys.argv[2], [text.encode() for text in sys.argv[3:]]
    prompt = f"127.0.0.1:{port}> ".encode()
    child, fd = pty.fork()
    if child == 0:
        # A terminal without a size would be asked for its cursor's position.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        os.environ.update(TERM="xterm", REDISCLI_HISTFILE="/dev/null")
        os.execvp("redis-cli", ["redis-cli", "-p", port])
    try:
        read_until(fd, [prompt])
        for character in line:
            os.write(fd, character.encode())
        read_until(fd, hints)
        # Control-U clears what was typed; the session then answers a command and leaves by its own.
        os.write(fd, b"\x15ping\r")
        answer = read_until(fd, [b"PONG"])
        # What is typed before the next prompt is drawn would be discarded.
        read_until(fd, [prompt], answer.split(b"PONG")[-1])
        os.write(fd, b"quit\r")
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                child = 0
                sys.exit(os.waitstatus_to_exitcode(status))
            # The terminal's buffer must not fill up while the program leaves.
            if select.select([fd], [], [], 0.05)[0]:
                try:
                    os.read(fd, 4096)
                except OSError:
                    pass
        print("redis-cli does not quit", file=sys.stderr)
        sys.exit(1)
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


main()
