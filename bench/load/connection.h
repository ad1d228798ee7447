/*
 * One connection: a window of requests that wait for their replies, bytes that wait to be sent, and
 * bytes received of replies that are not whole yet.
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
  bool wants_to_write; /* the socket took less than there was */
  unsigned waiting;    /* requests without a reply; the oldest is window[oldest] */
  unsigned oldest;
  unsigned window_size;
  struct request *window;
  char *out;
  size_t out_from, out_to, out_size;
  char *in;
  size_t in_to, in_size;
};

/* Connects, without delays for small packets; waits for it. Ends the process where it cannot. */
void connection_open(struct connection *made, const char *host, uint16_t port, unsigned window_size,
                     const struct messages *messages);

/* Gives its memory back; the socket stays open. */
void connection_free(struct connection *connection);

/* Puts a request into the window and in line to be sent; there is room in the window. */
void connection_add(struct connection *connection, const struct messages *messages,
                    struct request request);

/* Sends what the socket takes. */
void connection_send(struct connection *connection);

/* Receives what there is, but no more than `most` bytes. Ends the process where the other side closed. */
void connection_receive(struct connection *connection, size_t most);

/*
 * Takes replies off what was received: calls `on_reply` for each, in order. `wrong` is the text of a
 * reply that is not the right one, up to its newline, else NULL.
 */
typedef void on_reply(void *context, const struct request *request, const char *wrong);
void connection_take(struct connection *connection, const struct messages *messages,
                     on_reply *on_reply, void *context);

#endif
