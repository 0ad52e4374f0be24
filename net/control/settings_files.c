#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/settings_internal.h"

const char *settings_env(settings_getenv getenv_fn, const char *name)
{
    const char *value = getenv_fn(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static bool join(char *out, const char *a, const char *b)
{
    int len = snprintf(out, SETTINGS_PATH_SIZE, "%s%s", a, b);
    return len >= 0 && len < SETTINGS_PATH_SIZE;
}

bool settings_config_dir(const char *dir, settings_getenv getenv_fn, bool macos,
                         char path[SETTINGS_PATH_SIZE], char shown[SETTINGS_PATH_SIZE])
{
    const char *xdg = macos ? NULL : settings_env(getenv_fn, "XDG_CONFIG_HOME");
    const char *home = settings_env(getenv_fn, "HOME");
    const char *below = macos ? "/Library/Application Support/coderv2" : "/.config/coderv2";
    if (dir != NULL) {
        return join(path, dir, "") && join(shown, dir, "");
    }
    if (xdg != NULL) {
        return join(path, xdg, "/coderv2") && join(shown, xdg, "/coderv2");
    }
    return home != NULL && join(path, home, below) && join(shown, "~", below);
}

static enum net_err cannot_read(const char *shown, int os, struct failure *why)
{
    char text[128];
    return failure_set(why, NET_ERR_USAGE, "cannot read %s: %s", shown,
                       strerror_r(os, text, sizeof text));
}

/* Reads until the end or until `size` bytes are there. Negative: errno tells. */
static ssize_t read_all(int fd, char *out, size_t size)
{
    size_t used = 0;
    while (used < size) {
        ssize_t got = read(fd, out + used, size - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? got : (ssize_t)used;
        }
        used += (size_t)got;
    }
    return (ssize_t)used;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static enum net_err take_text(const char *shown, const char *in, size_t len, char *out, size_t size,
                              struct failure *why)
{
    while (len > 0 && is_space(in[len - 1])) {
        len--;
    }
    while (len > 0 && is_space(in[0])) {
        in++;
        len--;
    }
    if (len >= size) {
        return failure_set(why, NET_ERR_USAGE,
                           "%s is too long: it should hold one line, as `coder login` writes it",
                           shown);
    }
    for (size_t i = 0; i < len; i++) {
        if (in[i] < ' ' || in[i] > '~') {
            return failure_set(why, NET_ERR_USAGE,
                               "%s holds characters that do not belong there; sign in again with "
                               "`coder login`",
                               shown);
        }
    }
    memcpy(out, in, len);
    out[len] = '\0';
    return NET_OK;
}

static enum net_err read_open(int fd, const char *shown, char *out, size_t size,
                              struct failure *why)
{
    struct stat status;
    char raw[SETTINGS_FILE_MAX];
    if (fstat(fd, &status) != 0) {
        return cannot_read(shown, errno, why);
    }
    if (!S_ISREG(status.st_mode)) {
        return failure_set(why, NET_ERR_USAGE, "cannot read %s: it is not a file", shown);
    }
    ssize_t got = read_all(fd, raw, sizeof raw);
    enum net_err err = got < 0 ? cannot_read(shown, errno, why)
                               : take_text(shown, raw, (size_t)got, out, size, why);
    mem_wipe(raw, sizeof raw);
    return err;
}

enum net_err settings_read_file(const char *path, const char *shown, char *out, size_t size,
                                struct failure *why)
{
    out[0] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return NET_ERR_NOT_FOUND;
    }
    if (fd < 0) {
        return cannot_read(shown, errno, why);
    }
    enum net_err err = read_open(fd, shown, out, size, why);
    (void)close(fd);
    return err;
}
