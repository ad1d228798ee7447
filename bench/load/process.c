#include "process.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The content of a file as a string; empty if there is no file. */
static void read_text(const char *path, char *text, size_t size) {
  text[0] = 0;
  FILE *file = fopen(path, "r");
  if (!file) return;
  text[fread(text, 1, size - 1, file)] = 0;
  fclose(file);
}

uint64_t cpu_ns_of(pid_t pid) {
  char path[128], text[256];
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *threads = pid > 0 ? opendir(path) : NULL;
  if (!threads) return 0;
  uint64_t sum_ns = 0;
  for (struct dirent *thread; (thread = readdir(threads));) {
    if (thread->d_name[0] == '.') continue;
    unsigned long long on_cpu_ns;
    snprintf(path, sizeof path, "/proc/%d/task/%.16s/schedstat", (int)pid, thread->d_name);
    read_text(path, text, sizeof text);
    if (sscanf(text, "%llu", &on_cpu_ns) == 1) sum_ns += on_cpu_ns;
  }
  closedir(threads);
  return sum_ns;
}

uint64_t resident_bytes_of(pid_t pid) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
  read_text(path, text, sizeof text);
  unsigned long long resident_pages = 0;
  if (sscanf(text, "%*u %llu", &resident_pages) != 1) return 0;
  return resident_pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
