#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/event.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../watch.h"

/* Ended or not. */
static bool is_child(int process) {
    siginfo_t info;
    return waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* A queue of its own is the descriptor: it is readable when the one thing that it waits for has
   come. That a runtime waits for the child too cannot be seen here. */
int32_t siding_child_open(int64_t process, struct siding_child *out_child) {
    if (process <= 0 || process > INT_MAX || !is_child((int)process)) {
        return ECHILD;
    }
    int queue = kqueue();
    if (queue < 0) {
        return errno;
    }
    struct kevent exit;
    EV_SET(&exit, (uintptr_t)process, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
    if (kevent(queue, &exit, 1, NULL, 0, NULL) != 0 && errno != ESRCH) {
        int error = errno;
        close(queue);
        return error;
    }
    *out_child = (struct siding_child){queue, (int)process};
    return 0;
}

enum siding_child_outcome siding_child_collect(const struct siding_child *child, int *out_code,
                                               int *out_signal) {
    int status = 0;
    pid_t collected = waitpid(child->process, &status, WNOHANG);
    if (collected <= 0) {
        return collected == 0 ? SIDING_CHILD_RUNS : SIDING_CHILD_LOST;
    }
    *out_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    *out_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return SIDING_CHILD_ENDED;
}

void siding_child_close(const struct siding_child *child) {
    close(child->descriptor);
}
