/* The clock, and the processor time and memory of a process. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>
#include <sys/types.h>

uint64_t now_ns(void);

/*
 * Processor time of the present threads of a process, from /proc/PID/task/N/schedstat. /proc/PID/stat has
 * steps of 10 ms, which are too coarse here. 0 for pid 0.
 */
uint64_t cpu_ns_of(pid_t pid);

/* Resident memory of a process; 0 for pid 0. */
uint64_t resident_bytes_of(pid_t pid);

#endif
