#!/usr/bin/env python3
"""A hash table client in plain Python: a line of JSON out, a line of JSON back."""
import json, socket, sys

sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
replies = sock.makefile("r", encoding="utf-8", newline="\n")

def call(method, **members):
    sock.sendall((json.dumps({"method": method, **members}) + "\n").encode("utf-8"))
    reply = json.loads(replies.readline())
    if reply["status"] != "OK":
        raise KeyError(reply["message"]) if reply["type"] == "KeyError" else ValueError(reply)
    return reply["result"]

call("insert", key="zebra", value={"weight": 100, "name": "fred"})
print(call("lookup", key="zebra"))
print(call("scan", regex="^z"))
print(call("remove", key="zebra"))
try:
    call("lookup", key="zebra")
except KeyError as error:
    print("gone:", error)
