/* The command line: what to load, how, and for how long. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "message.h"

struct options {
  const char *host; /* numeric IPv4 */
  uint16_t port;
  enum protocol protocol;
  unsigned insert_percent; /* the others are lookups */
  unsigned connections;
  unsigned in_flight;   /* requests of a connection that wait for their reply at most */
  bool in_batches;      /* all replies of a connection come before its next requests go */
  uint32_t keys;        /* numbered from 1 */
  size_t value_bytes;
  double warmup_s;      /* not counted */
  double duration_s;
  double limit_s;       /* ends with a failure after this time, whatever happens */
  bool preload;         /* inserts each key once, in order, and ends */
  unsigned idle;        /* further connections, which stay open after one lookup each */
  unsigned slow;        /* further connections that send as many requests and hardly take replies */
  size_t slow_bytes;    /* what a slow one takes every 10 ms; 0: nothing, ever */
  pid_t server_pid;     /* its processor time and memory are reported; 0: nobody's */
  uint64_t seed;
};

/* Reads it; ends the process with a usage message where it is wrong. */
struct options options_read(int argc, char **argv);

#endif
