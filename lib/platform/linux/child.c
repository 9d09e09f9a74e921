#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../watch.h"

#define BY_DESCRIPTOR ((idtype_t)3) /* P_PIDFD, which older headers have not */
#define INFO_BYTES_MAX 1024

/* The children of a runtime have descriptors too: that is how it waits for them. */
static bool is_about_process(const char *name) {
    char path[64];
    char target[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%.16s", name);
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = '\0';
    return strstr(target, "pidfd") != NULL;
}

/* @return 0, errno, or ECHILD: this descriptor waits for the process */
static int look_at(const char *name, int process) {
    char path[64];
    char info[INFO_BYTES_MAX];
    (void)snprintf(path, sizeof path, "/proc/self/fdinfo/%.16s", name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT ? 0 : errno; /* closed meanwhile */
    }
    size_t length = fread(info, 1, sizeof info - 1, file);
    (void)fclose(file);
    info[length] = '\0';
    const char *line = strstr(info, "\nPid:");
    return line != NULL && strtol(line + strlen("\nPid:"), NULL, 10) == process ? ECHILD : 0;
}

/* What cannot be seen might be a descriptor that waits. @return as look_at, of all descriptors */
static int look_at_all(int process) {
    DIR *descriptors = opendir("/proc/self/fd");
    if (descriptors == NULL) {
        return errno;
    }
    int error = 0;
    errno = 0;
    const struct dirent *entry = readdir(descriptors);
    while (entry != NULL && error == 0) {
        error = is_about_process(entry->d_name) ? look_at(entry->d_name, process) : 0;
        errno = 0;
        entry = error == 0 ? readdir(descriptors) : NULL;
    }
    error = error == 0 ? errno : error;
    (void)closedir(descriptors);
    return error;
}

/* Ended or not. */
static bool is_child(int process) {
    siginfo_t info;
    return waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int32_t siding_child_open(int64_t process, struct siding_child *out_child) {
    if (process <= 0 || process > INT_MAX || !is_child((int)process)) {
        return ECHILD;
    }
    int error = look_at_all((int)process);
    if (error != 0) {
        return error;
    }
    long descriptor = syscall(SYS_pidfd_open, (int)process, 0);
    if (descriptor < 0) {
        return errno;
    }
    *out_child = (struct siding_child){(int)descriptor, (int)process};
    return 0;
}

enum siding_child_outcome siding_child_collect(const struct siding_child *child, int *out_code,
                                               int *out_signal) {
    siginfo_t info = {.si_pid = 0};
    int error = waitid(BY_DESCRIPTOR, (id_t)child->descriptor, &info, WEXITED | WNOHANG);
    if (error != 0) {
        return SIDING_CHILD_LOST;
    }
    if (info.si_pid == 0) {
        return SIDING_CHILD_RUNS;
    }
    bool has_exited = info.si_code == CLD_EXITED;
    *out_code = has_exited ? info.si_status : 0;
    *out_signal = has_exited ? 0 : info.si_status;
    return SIDING_CHILD_ENDED;
}

void siding_child_close(const struct siding_child *child) {
    close(child->descriptor);
}
