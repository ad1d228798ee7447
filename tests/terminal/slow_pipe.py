"""Runs a program whose stdout is a pipe that does not block, and reads it slowly.

Usage: slow_pipe.py BYTES PROGRAM ARGS...
Reads after the pipe is full, then in pieces, and at most BYTES in all (0: everything).
Prints the number of bytes and lines that came, and the exit code, as JSON.
"""
import fcntl
import json
import os
import subprocess
import sys
import termios
import time

limit = int(sys.argv[1])
reader, writer = os.pipe()
os.set_blocking(writer, False)
child = subprocess.Popen(sys.argv[2:], stdout=writer, stdin=subprocess.DEVNULL)
os.close(writer)
waiting, before = b"\0" * 4, None
while child.poll() is None:
    # Until nothing more comes: the pipe is full.
    waiting = fcntl.ioctl(reader, termios.FIONREAD, b"\0" * 4)
    if waiting == before and waiting != b"\0" * 4:
        break
    before = waiting
    time.sleep(0.05)
count = lines = 0
while True:
    piece = os.read(reader, 10_000)
    if not piece:
        break
    count += len(piece)
    lines += piece.count(b"\n")
    if 0 < limit <= count:
        break
    time.sleep(0.001)
os.close(reader)
print(json.dumps({"bytes": count, "lines": lines, "code": child.wait()}))
