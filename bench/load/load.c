/*
 * A load generator for servers of keys and values: many connections, each with a window of requests
 * in flight, one thread, epoll. Each connection sends its next request as soon as a reply makes room
 * (a closed loop). Every reply is checked. It writes one line of JSON at the end of its time or on
 * SIGTERM. The command line is in `options.c`.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "connection.h"
#include "histogram.h"
#include "message.h"
#include "options.h"
#include "process.h"

#define NS_PER_S 1e9
#define MAX_EVENTS 512

/* The time to poll after work, and then the length of one sleep. */
#define POLL_NS 50000u
#define SLEEP_MS 1

/* The time for the last replies, when no more requests are sent. */
#define DRAIN_NS 1000000000u

/* The interval in which a slow connection reads, and the number of its requests in flight. */
#define SLOW_EVERY_NS 10000000u
#define SLOW_WINDOW 1000

/* Idle connections that are opened together. */
#define IDLE_GROUP 100

#define MAX_WRONG_TEXT 120

/* The program fails after this time, in seconds. */
#define LIMIT_S 120

/* The state of the program. */
struct load {
  struct options options;
  struct messages messages;
  struct connection *connections; /* the fast ones, then the slow ones */
  unsigned waiting;               /* requests of the fast ones without a reply */
  int epoll;
  uint64_t random;
  uint32_t preloaded; /* keys that a preload has sent */
  bool is_ending;     /* no more requests are sent */
  uint64_t now_ns;
  uint64_t idle_ns; /* time of polls that found no reply */
  struct histogram latency;
  uint64_t errors;
  char first_wrong[MAX_WRONG_TEXT + 1];
};

/* Counters at one moment. A measurement is the difference of two. */
struct moment {
  uint64_t at_ns, idle_ns, server_cpu_ns;
};

/* Set by SIGTERM: the measurement ends. */
static volatile sig_atomic_t is_stopped;

static void stop(int signal) {
  (void)signal;
  is_stopped = 1;
}

static struct moment moment_now(const struct load *load) {
  return (struct moment){now_ns(), load->idle_ns, cpu_ns_of(load->options.server_pid)};
}

/* xorshift64*, by Marsaglia and Vigna. */
static uint32_t random_below(struct load *load, uint32_t limit) {
  load->random ^= load->random >> 12;
  load->random ^= load->random << 25;
  load->random ^= load->random >> 27;
  uint64_t bits = (load->random * 0x2545F4914F6CDD1Du) >> 32;
  return (uint32_t)((bits * limit) >> 32);
}

/* Chooses the next request. False: no more requests are sent. */
static bool next_request(struct load *load, struct request *next) {
  if (load->options.preload && load->preloaded == load->options.keys) load->is_ending = true;
  if (load->is_ending) return false;
  next->sent_ns = load->now_ns;
  if (load->options.preload) {
    next->operation = INSERT;
    next->key = load->options.first_key + load->preloaded++;
    return true;
  }
  unsigned percent = load->options.insert_percent;
  next->operation = percent > 0 && random_below(load, 100) < percent ? INSERT : LOOKUP;
  next->key = load->options.first_key + random_below(load, load->options.keys);
  return true;
}

/* Fills the window with requests, and sends. */
static void connection_refill(struct load *load, struct connection *connection) {
  if (!load->options.in_batches || connection->waiting == 0) {
    struct request next;
    while (connection->waiting < connection->window_size && next_request(load, &next))
      connection_add(connection, &load->messages, next);
  }
  connection_send(connection);
}

static void count_reply(void *context, const struct request *request, const char *wrong) {
  struct load *load = context;
  histogram_add(&load->latency, load->now_ns - request->sent_ns);
  if (!wrong) return;
  if (load->errors++ == 0)
    snprintf(load->first_wrong, sizeof load->first_wrong, "%.*s", (int)strcspn(wrong, "\r\n"), wrong);
}

static void ignore_reply(void *context, const struct request *request, const char *wrong) {
  (void)context, (void)request, (void)wrong;
}

/* Waits for replies, and for room in the socket if there is something to send. */
static void watch(const struct load *load, struct connection *connection, int change) {
  struct epoll_event event = {.events = EPOLLIN | (connection->wants_to_write ? EPOLLOUT : 0),
                              .data.ptr = connection};
  if (epoll_ctl(load->epoll, change, connection->fd, &event) != 0) abort();
}

static void serve(struct load *load, struct connection *connection, uint32_t events) {
  bool wanted_to_write = connection->wants_to_write;
  unsigned waiting_before = connection->waiting;
  if (events & ~(uint32_t)EPOLLOUT) {
    connection_receive(connection, SIZE_MAX);
    load->now_ns = now_ns();
    connection_take(connection, &load->messages, count_reply, load);
  }
  connection_refill(load, connection);
  load->waiting += connection->waiting - waiting_before;
  if (connection->wants_to_write != wanted_to_write) watch(load, connection, EPOLL_CTL_MOD);
}

static void serve_slow(struct load *load) {
  for (unsigned n = 0; n < load->options.slow; n++) {
    struct connection *slow = &load->connections[load->options.connections + n];
    if (load->options.slow_bytes > 0) {
      connection_receive(slow, load->options.slow_bytes);
      connection_take(slow, &load->messages, ignore_reply, NULL);
    }
    connection_refill(load, slow);
  }
}

/*
 * Runs until a time, or until no request waits for a reply. It polls for a while before it sleeps: to
 * wake up can take longer than a reply, and that time would count as the server's.
 */
static void run_until(struct load *load, uint64_t end_ns) {
  struct epoll_event events[MAX_EVENTS];
  uint64_t slow_due_ns = 0, busy_ns = now_ns();
  while ((load->now_ns = now_ns()) < end_ns && load->waiting > 0 && (!is_stopped || load->is_ending)) {
    if (load->options.slow > 0 && load->now_ns >= slow_due_ns) {
      serve_slow(load);
      slow_due_ns = load->now_ns + SLOW_EVERY_NS;
    }
    bool polls = load->now_ns - busy_ns < POLL_NS;
    int count = epoll_wait(load->epoll, events, MAX_EVENTS, polls ? 0 : SLEEP_MS);
    if (count <= 0 || !polls) load->idle_ns += now_ns() - load->now_ns;
    for (int n = 0; n < count; n++) serve(load, events[n].data.ptr, events[n].events);
    if (count > 0) busy_ns = now_ns();
  }
}

/*
 * Opens connections that then stay idle. Each looks one key up first, so that the server allocates all
 * memory of a client. They are opened in groups, because the backlog of a server is small.
 */
static void open_idle(struct load *load) {
  static struct connection group[IDLE_GROUP];
  for (unsigned opened = 0; opened < load->options.idle;) {
    unsigned left = load->options.idle - opened, count = left < IDLE_GROUP ? left : IDLE_GROUP;
    for (unsigned n = 0; n < count; n++) {
      connection_open(&group[n], load->options.port, 1, &load->messages);
      connection_add(&group[n], &load->messages, (struct request){.key = load->options.first_key, .operation = LOOKUP});
      connection_send(&group[n]);
    }
    for (unsigned n = 0; n < count; n++) {
      while (group[n].waiting > 0) {
        connection_receive(&group[n], SIZE_MAX);
        connection_take(&group[n], &load->messages, count_reply, load);
      }
      connection_free(&group[n]); /* the socket stays open */
    }
    opened += count;
  }
}

static void open_all(struct load *load) {
  const struct options *options = &load->options;
  unsigned count = options->connections + options->slow;
  load->connections = calloc(count ? count : 1, sizeof *load->connections);
  load->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (!load->connections || load->epoll < 0) abort();
  for (unsigned n = 0; n < count; n++) {
    unsigned window = n < options->connections ? options->in_flight : SLOW_WINDOW;
    connection_open(&load->connections[n], options->port, window, &load->messages);
  }
}

/* Sends the first requests of all connections. */
static void start(struct load *load) {
  load->now_ns = now_ns();
  for (unsigned n = 0; n < load->options.connections; n++) {
    struct connection *connection = &load->connections[n];
    connection_refill(load, connection);
    load->waiting += connection->waiting;
    watch(load, connection, EPOLL_CTL_ADD);
  }
}

/* Prints a text as a JSON string. */
static void print_text(const char *text) {
  putchar('"');
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') putchar('\\');
    putchar(*text >= ' ' && *text <= '~' ? *text : '?');
  }
  putchar('"');
}

static void report(const struct load *load, struct moment from, struct moment to) {
  double ns = (double)(to.at_ns - from.at_ns);
  const struct histogram *latency = &load->latency;
  printf("{\"requests\":%llu,\"errors\":%llu,\"firstWrong\":", (unsigned long long)latency->count,
         (unsigned long long)load->errors);
  print_text(load->first_wrong);
  printf(",\"seconds\":%.4f,\"perSecond\":%.0f", ns / NS_PER_S, (double)latency->count * NS_PER_S / ns);
  printf(",\"p50Us\":%.1f,\"p99Us\":%.1f,\"p999Us\":%.1f,\"maxUs\":%.1f",
         (double)histogram_percentile_ns(latency, 0.5) / 1e3,
         (double)histogram_percentile_ns(latency, 0.99) / 1e3,
         (double)histogram_percentile_ns(latency, 0.999) / 1e3, (double)latency->max_ns / 1e3);
  printf(",\"loadBusy\":%.3f,\"serverCpu\":%.3f,\"serverResidentBytes\":%llu}\n",
         1 - (double)(to.idle_ns - from.idle_ns) / ns,
         (double)(to.server_cpu_ns - from.server_cpu_ns) / ns,
         (unsigned long long)resident_bytes_of(load->options.server_pid));
}

int main(int argc, char **argv) {
  static struct load load;
  load.options = options_read(argc, argv);
  load.random = load.options.seed * 2 + 1; /* must not be 0 */
  alarm(LIMIT_S);
  signal(SIGTERM, stop);
  messages_make(&load.messages, load.options.protocol, load.options.value_bytes);
  open_idle(&load);
  open_all(&load);
  struct moment from = moment_now(&load);
  start(&load);
  fputs("load: started\n", stderr);
  if (load.options.preload) {
    run_until(&load, UINT64_MAX);
  } else {
    run_until(&load, from.at_ns + (uint64_t)(load.options.warmup_s * NS_PER_S));
    histogram_clear(&load.latency);
    from = moment_now(&load);
    /* Without any reply there is no latency: wait for a stalled server, and count the time. */
    do run_until(&load, now_ns() + (uint64_t)(load.options.duration_s * NS_PER_S));
    while (load.latency.count == 0 && !is_stopped);
  }
  report(&load, from, moment_now(&load));
  /* Later measurements need a server without waiting requests. */
  load.is_ending = true;
  run_until(&load, now_ns() + DRAIN_NS);
  return 0;
}
