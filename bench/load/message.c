#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Placeholders in the texts below: the digits of the key, and the dots of the value. */
#define DIGITS_MARK '#'
#define FILLING_MARK '~'

/* An incomplete reply is compared up to this many bytes. */
#define PREFIX_BYTES 12

struct texts {
  const char *request[OPERATIONS];
  const char *reply[OPERATIONS];
};

static const struct texts json_texts = {
    {"{\"method\":\"lookup\",\"key\":\"k#\"}\n",
     "{\"method\":\"insert\",\"key\":\"k#\",\"value\":\"v#~\"}\n"},
    {"{\"status\":\"OK\",\"result\":\"v#~\"}\n", "{\"status\":\"OK\",\"result\":null}\n"},
};

static const struct texts resp_texts = {
    {"*2\r\n$3\r\nGET\r\n$10\r\nk#\r\n", "*3\r\n$3\r\nSET\r\n$10\r\nk#\r\n$%zu\r\nv#~\r\n"},
    {"$%zu\r\nv#~\r\n", "+OK\r\n"},
};

/* Makes a message: replaces %zu by the size of the value, and the placeholders. */
static void message_make(struct message *made, const char *text, size_t value_bytes) {
  char sized[256];
  const char *size_mark = strstr(text, "%zu");
  if (size_mark)
    snprintf(sized, sizeof sized, "%.*s%zu%s", (int)(size_mark - text), text, value_bytes,
             size_mark + strlen("%zu"));
  else
    snprintf(sized, sizeof sized, "%s", text);
  *made = (struct message){.bytes = malloc(strlen(sized) + MAX_PLACES * DIGITS + value_bytes)};
  if (!made->bytes) abort();
  for (const char *at = sized; *at; at++) {
    if (*at == DIGITS_MARK) {
      made->places[made->place_count++] = made->length;
      memset(made->bytes + made->length, '0', DIGITS);
      made->length += DIGITS;
    } else if (*at == FILLING_MARK) {
      memset(made->bytes + made->length, '.', value_bytes - MIN_VALUE_BYTES);
      made->length += value_bytes - MIN_VALUE_BYTES;
    } else {
      made->bytes[made->length++] = *at;
    }
  }
}

void messages_make(struct messages *made, enum protocol protocol, size_t value_bytes) {
  const struct texts *texts = protocol == REDIS_RESP ? &resp_texts : &json_texts;
  for (int operation = 0; operation < OPERATIONS; operation++) {
    const char *request = texts->request[operation];
    message_make(&made->request[operation], request, value_bytes);
    message_make(&made->reply[operation],
                 protocol == RAW_ECHO ? request : texts->reply[operation], value_bytes);
  }
}

static void digits_of(uint32_t number, char digits[DIGITS]) {
  for (int at = DIGITS - 1; at >= 0; at--, number /= 10) digits[at] = (char)('0' + number % 10);
}

void message_write(const struct message *message, uint32_t key, char *out) {
  char digits[DIGITS];
  digits_of(key, digits);
  memcpy(out, message->bytes, message->length);
  for (unsigned place = 0; place < message->place_count; place++)
    memcpy(out + message->places[place], digits, DIGITS);
}

static bool is_whole_match(const struct message *message, uint32_t key, const char *in) {
  char digits[DIGITS];
  digits_of(key, digits);
  size_t compared = 0;
  for (unsigned place = 0; place < message->place_count; place++) {
    size_t at = message->places[place];
    if (memcmp(in + compared, message->bytes + compared, at - compared) != 0) return false;
    if (memcmp(in + at, digits, DIGITS) != 0) return false;
    compared = at + DIGITS;
  }
  return memcmp(in + compared, message->bytes + compared, message->length - compared) == 0;
}

enum received message_match(const struct message *message, uint32_t key, const char *in, size_t length) {
  if (length >= message->length) return is_whole_match(message, key, in) ? RIGHT : WRONG;
  size_t first_place = message->place_count > 0 ? message->places[0] : message->length;
  size_t prefix = first_place < PREFIX_BYTES ? first_place : PREFIX_BYTES;
  if (prefix > length) prefix = length;
  return memcmp(in, message->bytes, prefix) == 0 ? INCOMPLETE : WRONG;
}

size_t wrong_reply_length(const char *in, size_t length) {
  const char *end = memchr(in, '\n', length);
  return end ? (size_t)(end - in) + 1 : 0;
}
