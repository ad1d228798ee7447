#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Room for wrong replies, which can be longer than the right ones. */
#define SPARE_BYTES 2048

/* Maximum number of bytes that are received at once, unless one reply is longer. */
#define MAX_IN_BYTES (256 * 1024)

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void *allocated(size_t bytes) {
  void *memory = malloc(bytes);
  if (!memory) fail("memory");
  return memory;
}

static size_t longer(size_t a, size_t b) { return a > b ? a : b; }

void connection_open(struct connection *made, uint16_t port, unsigned window_size,
                     const struct messages *messages) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) fail("TCP_NODELAY");
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) fail("O_NONBLOCK");

  size_t request = longer(messages->request[LOOKUP].length, messages->request[INSERT].length);
  size_t reply = longer(messages->reply[LOOKUP].length, messages->reply[INSERT].length);
  size_t replies = reply * window_size;
  *made = (struct connection){
      .fd = fd,
      .window_size = window_size,
      .window = allocated(window_size * sizeof(struct request)),
      .out_size = request * window_size,
      .in_size = (replies > MAX_IN_BYTES ? longer(reply, MAX_IN_BYTES) : replies) + SPARE_BYTES,
  };
  made->out = allocated(made->out_size);
  made->in = allocated(made->in_size);
}

void connection_free(struct connection *connection) {
  free(connection->window);
  free(connection->out);
  free(connection->in);
}

void connection_add(struct connection *connection, const struct messages *messages,
                    struct request request) {
  const struct message *message = &messages->request[request.operation];
  if (connection->out_size - connection->out_to < message->length) {
    /* The buffer has room for all requests of the window when the sent ones are removed. */
    connection->out_to -= connection->out_from;
    memmove(connection->out, connection->out + connection->out_from, connection->out_to);
    connection->out_from = 0;
  }
  message_write(message, request.key, connection->out + connection->out_to);
  connection->out_to += message->length;
  unsigned at = connection->oldest + connection->waiting++;
  connection->window[at < connection->window_size ? at : at - connection->window_size] = request;
}

void connection_send(struct connection *connection) {
  size_t length = connection->out_to - connection->out_from;
  if (length == 0) return;
  ssize_t sent = send(connection->fd, connection->out + connection->out_from, length, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) fail("send");
  if (sent > 0) connection->out_from += (size_t)sent;
  connection->wants_to_write = connection->out_from < connection->out_to;
  if (!connection->wants_to_write) connection->out_from = connection->out_to = 0;
}

void connection_receive(struct connection *connection, size_t max) {
  size_t room = connection->in_size - connection->in_to;
  ssize_t received =
      recv(connection->fd, connection->in + connection->in_to, room < max ? room : max, 0);
  if (received > 0) connection->in_to += (size_t)received;
  if (received < 0 && errno != EAGAIN) fail("receive");
  if (received == 0) {
    fprintf(stderr, "load: the server closed a connection: %.*s\n", (int)connection->in_to,
            connection->in);
    exit(1);
  }
}

void connection_take(struct connection *connection, const struct messages *messages,
                     on_reply *on_reply, void *context) {
  char *in = connection->in;
  size_t from = 0;
  while (connection->waiting > 0 && from < connection->in_to) {
    struct request request = connection->window[connection->oldest];
    const struct message *due = &messages->reply[request.operation];
    size_t left = connection->in_to - from, length = due->length;
    enum received received = message_match(due, request.key, in + from, left);
    if (received == INCOMPLETE) break;
    if (received == WRONG) length = wrong_reply_length(in + from, left);
    if (length == 0) break;
    if (++connection->oldest == connection->window_size) connection->oldest = 0;
    connection->waiting--;
    on_reply(context, &request, received == WRONG ? in + from : NULL);
    from += length;
  }
  connection->in_to -= from;
  if (from > 0 && connection->in_to > 0) memmove(in, in + from, connection->in_to);
  if (connection->in_to == connection->in_size) {
    fprintf(stderr, "load: a wrong reply of more than %zu bytes: %.100s\n", connection->in_size, in);
    exit(1);
  }
}
