"""
A hash table on the network as one would write it in Python: lines of JSON, a dict, one select loop.

With a file as its argument, each insert is appended to it and forced to the disk before the reply.
"""

import json
import os
import select
import socket
import sys

READ_BYTES = 64 * 1024


class Client:
    def __init__(self, connection):
        self.connection = connection
        self.received = b""
        self.replies = b""

    def fileno(self):
        return self.connection.fileno()


class Server:
    def __init__(self, log_path):
        self.table = {}
        self.log = open(log_path, "ab", buffering=0) if log_path else None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.clients = set()

    def execute(self, line):
        request = json.loads(line)
        method = request["method"]
        if method == "insert":
            if self.log:
                self.log.write(line + b"\n")
                os.fdatasync(self.log.fileno())
            self.table[request["key"]] = request["value"]
            return {"status": "OK", "result": None}
        if method == "lookup":
            if request["key"] in self.table:
                return {"status": "OK", "result": self.table[request["key"]]}
            return {"status": "ERROR", "type": "KeyError", "message": "no such key"}
        return {"status": "ERROR", "type": "MethodError", "message": "no such method"}

    def read(self, client):
        try:
            received = client.connection.recv(READ_BYTES)
        except ConnectionError:
            received = b""
        if not received:
            return self.drop(client)
        *lines, client.received = (client.received + received).split(b"\n")
        for line in lines:
            reply = json.dumps(self.execute(line), separators=(",", ":"))
            client.replies += reply.encode() + b"\n"
        self.write(client)

    def write(self, client):
        try:
            sent = client.connection.send(client.replies)
            client.replies = client.replies[sent:]
        except BlockingIOError:
            pass
        except ConnectionError:
            self.drop(client)

    def accept(self):
        connection, _ = self.listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.clients.add(Client(connection))

    def drop(self, client):
        self.clients.discard(client)
        client.connection.close()

    def serve(self):
        print(f"Listening on port {self.listener.getsockname()[1]}", flush=True)
        while True:
            writers = [client for client in self.clients if client.replies]
            readable, writable, _ = select.select([self.listener, *self.clients], writers, [])
            for client in writable:
                self.write(client)
            for ready in readable:
                if ready is self.listener:
                    self.accept()
                elif ready in self.clients:
                    self.read(ready)


Server(sys.argv[1] if len(sys.argv) > 1 else None).serve()
