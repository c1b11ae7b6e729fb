/* What a process has used, from /proc: the CPU time of all its threads, and its memory. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include "common.h"

#include <dirent.h>

struct usage {
    double cpu_seconds;
    uint64_t resident_bytes;
};

/* The first number of a file; 0 where there is none, since threads end while one looks at them. */
static inline uint64_t first_number(const char *path, int skipped) {
    unsigned long long value = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    for (int i = 0; i <= skipped; i++)
        if (fscanf(file, "%llu", &value) != 1)
            value = 0;
    fclose(file);
    return value;
}

static inline struct usage usage_of(pid_t pid) {
    struct usage usage = {0};
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = pid ? opendir(path) : NULL;
    if (!tasks)
        return usage;
    for (struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/schedstat", pid, task->d_name);
        usage.cpu_seconds += (double)first_number(path, 0) / 1e9; /* ns; /proc/PID/stat counts hundredths of seconds */
    }
    closedir(tasks);
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    usage.resident_bytes = first_number(path, 1) * (uint64_t)sysconf(_SC_PAGESIZE);
    return usage;
}

#endif
