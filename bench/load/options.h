/* The command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "message.h"

struct options {
  uint16_t port;
  enum protocol protocol;
  unsigned insert_percent; /* percent of the requests; the others are lookups */
  unsigned connections;
  unsigned in_flight;   /* the most requests of a connection that wait for a reply */
  bool in_batches;      /* a connection waits for all its replies before it sends again */
  uint32_t keys;
  uint32_t first_key;   /* the number of the first one */
  size_t value_bytes;
  double warmup_s;      /* before the measurement */
  double duration_s;
  bool preload;         /* inserts each key once, in order, and ends */
  unsigned idle;        /* further connections, which stay open after one lookup each */
  unsigned slow;        /* further connections that send requests and hardly read replies */
  size_t slow_bytes;    /* what a slow one reads every 10 ms; 0: it never reads */
  pid_t server_pid;     /* the process whose processor time and memory are reported; 0: none */
  uint64_t seed;
};

/* Reads the command line. Ends the process with a usage message if it is wrong. */
struct options options_read(int argc, char **argv);

#endif
