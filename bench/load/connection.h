/*
 * One connection: a window of requests that wait for their replies, bytes to send, and received bytes
 * of incomplete replies.
 */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

struct request {
  uint64_t sent_ns;
  uint32_t key;
  enum operation operation;
};

struct connection {
  int fd;
  bool wants_to_write; /* the socket had no room for all bytes */
  unsigned waiting;    /* requests without a reply; the oldest is window[oldest] */
  unsigned oldest;
  unsigned window_size;
  struct request *window;
  char *out;
  size_t out_from, out_to, out_size;
  char *in;
  size_t in_to, in_size;
};

/* Connects to 127.0.0.1 with TCP_NODELAY, and waits for the connection. Ends the process on failure. */
void connection_open(struct connection *made, uint16_t port, unsigned window_size,
                     const struct messages *messages);

/* Frees its memory. The socket stays open. */
void connection_free(struct connection *connection);

/* Adds a request to the window, which has room, and to the bytes to send. */
void connection_add(struct connection *connection, const struct messages *messages,
                    struct request request);

/* Sends as many bytes as the socket has room for. */
void connection_send(struct connection *connection);

/* Receives at most `max` bytes. Ends the process if the other side has closed. */
void connection_receive(struct connection *connection, size_t max);

/*
 * Removes the complete replies from the received bytes, and calls `on_reply` for each, in order.
 * `wrong` is the text of a wrong reply up to its newline, or NULL.
 */
typedef void on_reply(void *context, const struct request *request, const char *wrong);
void connection_take(struct connection *connection, const struct messages *messages,
                     on_reply *on_reply, void *context);

#endif
