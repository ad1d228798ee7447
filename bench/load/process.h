/* The clock, and what the server's process takes. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>
#include <sys/types.h>

uint64_t now_ns(void);

/*
 * Processor time of the threads that a process has now, from /proc/PID/task/N/schedstat: /proc/PID/stat
 * has it in steps of 10 ms, too coarse for what is measured here. 0 for pid 0.
 */
uint64_t cpu_ns_of(pid_t pid);

/* Resident memory of a process; 0 for pid 0. */
uint64_t resident_bytes_of(pid_t pid);

#endif
