#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: load --port N [options]: loads a server, checks every reply, writes one line of JSON\n"
    "  --protocol P        json, resp or echo (json)\n"
    "  --inserts PERCENT   share of inserts, the rest is lookups (0)\n"
    "  --connections N     (1)    --in-flight N  requests of each at a time (1)\n"
    "  --in-batches        a connection waits for all its replies before it sends again\n"
    "  --keys N            (1000) --first-key N  its number (1)  --value N  bytes (32, at least 10)\n"
    "  --warm-up S         (0.1)  --duration S   (1)\n"
    "  --preload           inserts each key once instead, and ends\n"
    "  --idle N            further connections that do nothing (0)\n"
    "  --slow N            further connections that hardly read their replies (0)\n"
    "  --slow-bytes N      bytes that each of them reads every 10 ms (4096); 0: it never reads\n"
    "  --server-pid N      the process whose processor time and memory to report\n"
    "  --seed N            of the choice of keys (1)\n";

static _Noreturn void fail(const char *what) {
  fprintf(stderr, "load: %s\n%s", what, usage);
  exit(2);
}

static double number(const char *text, double min, double max) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || !(value >= min && value <= max)) fail(text);
  return value;
}

static enum protocol protocol_of(const char *name) {
  if (strcmp(name, "json") == 0) return HTSERVER_JSON;
  if (strcmp(name, "resp") == 0) return REDIS_RESP;
  if (strcmp(name, "echo") == 0) return RAW_ECHO;
  fail(name);
}

struct options options_read(int argc, char **argv) {
  struct options options = {
      .connections = 1, .in_flight = 1, .keys = 1000, .first_key = 1,
      .value_bytes = 32, .warmup_s = 0.1, .duration_s = 1, .slow_bytes = 4096, .seed = 1,
  };
  static const struct option known[] = {
      {"port", required_argument, 0, 'p'},
      {"protocol", required_argument, 0, 'P'},    {"inserts", required_argument, 0, 'i'},
      {"connections", required_argument, 0, 'c'}, {"in-flight", required_argument, 0, 'f'},
      {"in-batches", no_argument, 0, 'b'},        {"keys", required_argument, 0, 'k'},
      {"first-key", required_argument, 0, 'F'},   {"value", required_argument, 0, 'v'},
      {"warm-up", required_argument, 0, 'w'},     {"duration", required_argument, 0, 'd'},
      {"preload", no_argument, 0, 'L'},
      {"idle", required_argument, 0, 'I'},        {"slow", required_argument, 0, 'S'},
      {"slow-bytes", required_argument, 0, 'B'},  {"server-pid", required_argument, 0, 's'},
      {"seed", required_argument, 0, 'r'},
      {0, 0, 0, 0},
  };
  for (int flag; (flag = getopt_long(argc, argv, "", known, NULL)) != -1;) {
    switch (flag) {
      case 'p': options.port = (uint16_t)number(optarg, 1, 65535); break;
      case 'P': options.protocol = protocol_of(optarg); break;
      case 'i': options.insert_percent = (unsigned)number(optarg, 0, 100); break;
      case 'c': options.connections = (unsigned)number(optarg, 0, 1e6); break;
      case 'f': options.in_flight = (unsigned)number(optarg, 1, 1e6); break;
      case 'b': options.in_batches = true; break;
      case 'k': options.keys = (uint32_t)number(optarg, 1, 999999999); break;
      case 'F': options.first_key = (uint32_t)number(optarg, 1, 999999999); break;
      case 'v': options.value_bytes = (size_t)number(optarg, MIN_VALUE_BYTES, 1e9); break;
      case 'w': options.warmup_s = number(optarg, 0, 1e6); break;
      case 'd': options.duration_s = number(optarg, 0.001, 1e6); break;
      case 'L': options.preload = true; break;
      case 'I': options.idle = (unsigned)number(optarg, 0, 1e6); break;
      case 'S': options.slow = (unsigned)number(optarg, 0, 1e6); break;
      case 'B': options.slow_bytes = (size_t)number(optarg, 0, 1e9); break;
      case 's': options.server_pid = (pid_t)number(optarg, 1, 1e9); break;
      case 'r': options.seed = (uint64_t)number(optarg, 0, 1e15); break;
      default: fail("unknown option");
    }
  }
  if (optind < argc) fail(argv[optind]);
  if (options.port == 0) fail("--port is missing");
  return options;
}
