/*
 * Requests and the replies that belong to them. A message is fixed text in which the number of the
 * key stands in up to two places: so a request is copied and not formatted, and a reply is compared
 * and not parsed, whole and byte for byte.
 *
 * Key n is "k" and n in 9 digits; its value is "v", the same digits, and dots up to the size wanted.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGITS 9
#define MOST_PLACES 2
#define KEY_BYTES (1 + DIGITS)
#define LEAST_VALUE_BYTES (1 + DIGITS)

enum protocol { HTSERVER_JSON, REDIS_RESP, RAW_ECHO };
enum operation { LOOKUP, INSERT, OPERATIONS };

struct message {
  char *bytes;
  size_t length;
  size_t places[MOST_PLACES];
  unsigned place_count;
};

struct messages {
  struct message request[OPERATIONS];
  struct message reply[OPERATIONS];
};

/* What is at the beginning of received bytes. */
enum received { INCOMPLETE, RIGHT, WRONG };

void messages_make(struct messages *made, enum protocol protocol, size_t value_bytes);

/* Writes the message for a key; `out` has room for its length. */
void message_write(const struct message *message, uint32_t key, char *out);

/* Compares what was received with the reply that is due. */
enum received message_match(const struct message *message, uint32_t key, const char *in, size_t length);

/* Length of a wrong reply, one line in all protocols; 0 while its end has not come. */
size_t wrong_reply_length(const char *in, size_t length);

#endif
