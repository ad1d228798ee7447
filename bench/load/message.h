/*
 * Requests, and the right replies to them. A message is a fixed text that contains the number of the
 * key in up to two places. So a request is a copy, and a reply is compared byte for byte, without
 * formatting or parsing.
 *
 * Key n is "k" and n in 9 digits. Its value is "v", the same digits, and dots up to the wanted size.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGITS 9
#define MAX_PLACES 2
#define KEY_BYTES (1 + DIGITS)
#define MIN_VALUE_BYTES (1 + DIGITS)

enum protocol { HTSERVER_JSON, REDIS_RESP, RAW_ECHO };
enum operation { LOOKUP, INSERT, OPERATIONS };

struct message {
  char *bytes;
  size_t length;
  size_t places[MAX_PLACES];
  unsigned place_count;
};

struct messages {
  struct message request[OPERATIONS];
  struct message reply[OPERATIONS];
};

/* The comparison of received bytes with the right reply. */
enum received { INCOMPLETE, RIGHT, WRONG };

void messages_make(struct messages *made, enum protocol protocol, size_t value_bytes);

/* Writes the message of a key; `out` has room for its length. */
void message_write(const struct message *message, uint32_t key, char *out);

/* Compares received bytes with the right reply. */
enum received message_match(const struct message *message, uint32_t key, const char *in, size_t length);

/* The length of a wrong reply, which is one line in all protocols; 0 if it is incomplete. */
size_t wrong_reply_length(const char *in, size_t length);

#endif
