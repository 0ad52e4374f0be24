#include "src/surroundings.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FILES_WANTED = 1024 };

/* Each is open the wrong way round: reading finds no input, and writing fails, as it would have. */
static enum net_err open_streams(struct failure *why)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) != -1) {
            continue;
        }
        int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (opened != fd) { /* the lowest that is free: only if there is no /dev/null */
            return failure_set(why, NET_ERR_IO,
                               "a standard stream is closed, and there is no "
                               "/dev/null in its place");
        }
    }
    return NET_OK;
}

static enum net_err allow_files(struct failure *why)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return NET_OK; /* what cannot be known is not complained of */
    }
    if (files.rlim_cur < FILES_WANTED && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        (void)getrlimit(RLIMIT_NOFILE, &files);
    }
    if (files.rlim_cur >= SURROUNDINGS_FILES_MIN) {
        return NET_OK;
    }
    return failure_set(
        why, NET_ERR_IO,
        "no more than %llu files may be open at once, and derptop takes up to %d: raise "
        "the limit (ulimit -n)",
        (unsigned long long)files.rlim_cur, SURROUNDINGS_FILES_MIN);
}

enum net_err surroundings_prepare(struct failure *why)
{
    struct rlimit none = {0};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)setrlimit(RLIMIT_CORE, &none);
    enum net_err err = open_streams(why);
    return err != NET_OK ? err : allow_files(why);
}
