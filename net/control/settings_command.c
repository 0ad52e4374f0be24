#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "net/control/settings_internal.h"

/* Our environment with CODER_URL set. The array is the caller's to free, the texts are borrowed. */
static char **environment_with(char *coder_url)
{
    size_t count = 0;
    size_t used = 0;
    while (environ[count] != NULL) {
        count++;
    }
    char **out = mem_array(count + 2, sizeof *out);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "CODER_URL=", strlen("CODER_URL=")) != 0) {
            out[used++] = environ[i];
        }
    }
    out[used] = coder_url;
    return out;
}

/* Starts `sh -c command` with its output on a pipe, whose reading end becomes *out. Returns an
 * errno. */
static int start_shell(const char *command, const char *url, pid_t *pid, int *out)
{
    int ends[2];
    char *argv[] = {mem_text("sh"), mem_text("-c"), mem_text(command), NULL};
    char coder_url[SETTINGS_URL_SIZE + 16];
    posix_spawn_file_actions_t actions;
    if (pipe(ends) != 0) {
        return errno;
    }
    text_format(coder_url, sizeof coder_url, "CODER_URL=%s", url);
    char **environment = environment_with(coder_url);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addclose(&actions, ends[0]);
    (void)posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_addclose(&actions, ends[1]);
    int os = posix_spawn(pid, "/bin/sh", &actions, NULL, argv, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(ends[1]);
    free(environment);
    for (size_t i = 0; argv[i] != NULL; i++) {
        free(argv[i]);
    }
    *out = ends[0];
    return os;
}

/* Reads what the command prints. NET_ERR_TOO_BIG, NET_ERR_TIMEOUT. */
static enum net_err read_output(int fd, char *out, size_t size, size_t *len)
{
    mono_ns deadline = mono_after(mono_now(), SETTINGS_COMMAND_SECONDS * NS_PER_SEC);
    *len = 0;
    for (;;) {
        struct pollfd waits = {.fd = fd, .events = POLLIN};
        uint64_t left_ms = mono_until(mono_now(), deadline) / NS_PER_MS;
        if (left_ms == 0) {
            return NET_ERR_TIMEOUT;
        }
        if (poll(&waits, 1, (int)left_ms) <= 0) {
            continue;
        }
        ssize_t got = read(fd, out + *len, size - *len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return NET_OK;
        }
        *len += (size_t)got;
        if (*len == size) {
            return NET_ERR_TOO_BIG;
        }
    }
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static enum net_err add_lines(struct settings *settings, const char *source, const char *text,
                              size_t len, struct failure *why)
{
    enum net_err err = NET_OK;
    while (len > 0 && err == NET_OK) {
        const char *end = memchr(text, '\n', len);
        size_t line_len = end == NULL ? len : (size_t)(end - text);
        size_t step = end == NULL ? len : line_len + 1;
        if (line_len > 0 && text[line_len - 1] == '\r') {
            line_len--;
        }
        if (line_len > 0) {
            err = settings_add_header(settings, source, text, line_len, why);
        }
        text += step;
        len -= step;
    }
    return err;
}

enum net_err settings_run_header_command(struct settings *settings, const char *source,
                                         const char *command, struct failure *why)
{
    pid_t pid = -1;
    int fd = -1;
    size_t len = 0;
    char text[128];
    int os = start_shell(command, settings->url, &pid, &fd);
    if (os != 0) {
        return failure_set(why, NET_ERR_USAGE, "%s: cannot run it: %s", source,
                           strerror_r(os, text, sizeof text));
    }
    char *output = mem_new(SETTINGS_COMMAND_MAX);
    enum net_err err = read_output(fd, output, SETTINGS_COMMAND_MAX, &len);
    (void)close(fd);
    if (err != NET_OK) {
        (void)kill(pid, SIGKILL);
    }
    int status = wait_for(pid);
    if (err == NET_ERR_TIMEOUT) {
        (void)failure_set(why, NET_ERR_USAGE, "%s: the command did not end within %d s", source,
                          SETTINGS_COMMAND_SECONDS);
    } else if (err == NET_ERR_TOO_BIG) {
        (void)failure_set(why, NET_ERR_USAGE, "%s: the command printed more than %d KiB", source,
                          SETTINGS_COMMAND_MAX >> 10);
    } else if (status != 0) {
        err = failure_set(why, NET_ERR_USAGE, "%s: the command failed (exit status %d)", source,
                          status);
    } else {
        err = add_lines(settings, source, output, len, why);
    }
    mem_free_wiped(output, SETTINGS_COMMAND_MAX);
    return err == NET_OK ? NET_OK : NET_ERR_USAGE;
}
