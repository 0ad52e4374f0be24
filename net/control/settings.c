#include "net/control/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "net/control/settings_internal.h"
#include "net/crypto/key.h"
#include "net/wire/address.h"

#ifdef __APPLE__
static const bool on_macos = true;
#else
static const bool on_macos = false;
#endif

/* Where things are looked for. */
struct sources {
    const struct settings_flags *flags;
    settings_getenv getenv_fn;
    bool has_dir;
    char dir[SETTINGS_PATH_SIZE];
    char shown[SETTINGS_PATH_SIZE];
};

/* A flag or else an environment variable; NULL when neither is there. */
static const char *given(const struct sources *sources, const char *flag, const char *flag_name,
                         const char *variable, const char **source)
{
    const char *value = flag;
    *source = flag_name;
    if (value == NULL) {
        value = settings_env(sources->getenv_fn, variable);
        *source = variable;
    }
    return value;
}

/* Reads the file `name` of the configuration folder; `shown` receives its path for messages. */
static enum net_err read_config(const struct sources *sources, const char *name, char *out,
                                size_t size, char *shown, size_t shown_size, struct failure *why)
{
    char path[SETTINGS_PATH_SIZE + 16];
    if (!sources->has_dir) {
        return NET_ERR_NOT_FOUND;
    }
    text_format(path, sizeof path, "%s/%s", sources->dir, name);
    text_format(shown, shown_size, "%s/%s", sources->shown, name);
    enum net_err err = settings_read_file(path, shown, out, size, why);
    return err == NET_OK && out[0] == '\0' ? NET_ERR_NOT_FOUND : err;
}

static enum net_err no_url(const struct sources *sources, struct failure *why)
{
    return failure_set(why, NET_ERR_AUTH,
                       "no deployment is known: looked at --url, CODER_URL and %s%s. Sign in with "
                       "`coder login URL`, or set CODER_URL and CODER_SESSION_TOKEN",
                       sources->has_dir ? sources->shown
                                        : "the configuration folder (HOME is not "
                                          "set)",
                       sources->has_dir ? "/url" : "");
}

static enum net_err find_url(const struct sources *sources, struct settings *out,
                             struct failure *why)
{
    char text[SETTINGS_URL_SIZE];
    char wrong[sizeof why->text];
    const char *source = NULL;
    const char *url = given(sources, sources->flags->url, "--url", "CODER_URL", &source);
    if (url != NULL) {
        text_copy(out->url_source, sizeof out->url_source, source);
    } else {
        enum net_err err = read_config(sources, "url", text, sizeof text, out->url_source,
                                       sizeof out->url_source, why);
        if (err != NET_OK) {
            return err == NET_ERR_NOT_FOUND ? no_url(sources, why) : err;
        }
        url = text;
    }
    enum net_err err = settings_set_url(out, url, why);
    if (err != NET_OK) {
        text_copy(wrong, sizeof wrong, why->text);
        err = failure_set(why, err, "%s: %s", out->url_source, wrong);
    }
    return err;
}

static enum net_err take_token(const char *token, struct settings *out, struct failure *why)
{
    size_t len = strlen(token);
    bool good = len > 0 && len < SETTINGS_TOKEN_SIZE;
    for (size_t i = 0; good && i < len; i++) {
        good = token[i] > ' ' && token[i] <= '~';
    }
    if (!good) {
        return failure_set(
            why, NET_ERR_USAGE,
            "%s holds no session token: it is empty, too long or has characters that "
            "do not belong there",
            out->token_source);
    }
    memcpy(out->token, token, len + 1);
    return NET_OK;
}

static enum net_err no_token(const struct sources *sources, const struct settings *settings,
                             struct failure *why)
{
    return failure_set(why, NET_ERR_AUTH,
                       "not signed in to %s: looked for a session token at --token, "
                       "CODER_SESSION_TOKEN and %s%s. Sign in with `coder login %s`, or set "
                       "CODER_SESSION_TOKEN",
                       settings->url,
                       sources->has_dir ? sources->shown
                                        : "the configuration folder (HOME is not "
                                          "set)",
                       sources->has_dir ? "/session" : "", settings->url);
}

static enum net_err find_token(const struct sources *sources, struct settings *out,
                               struct failure *why)
{
    const char *source = NULL;
    const char *token =
        given(sources, sources->flags->token, "--token", "CODER_SESSION_TOKEN", &source);
    if (token != NULL) {
        text_copy(out->token_source, sizeof out->token_source, source);
        return take_token(token, out, why);
    }
    char text[SETTINGS_TOKEN_SIZE];
    enum net_err err = read_config(sources, "session", text, sizeof text, out->token_source,
                                   sizeof out->token_source, why);
    if (err == NET_OK) {
        err = take_token(text, out, why);
    } else if (err == NET_ERR_NOT_FOUND) {
        err = no_token(sources, out, why);
    }
    mem_wipe(text, sizeof text);
    return err;
}

/* Flags replace the variable, as elsewhere; the command adds to either. Needs the URL. */
static enum net_err find_headers(const struct sources *sources, struct settings *out,
                                 struct failure *why)
{
    const struct settings_flags *flags = sources->flags;
    const char *source = NULL;
    const char *variable = settings_env(sources->getenv_fn, "CODER_HEADER");
    enum net_err err = NET_OK;
    for (size_t i = 0; i < flags->header_count && err == NET_OK; i++) {
        err = settings_add_headers(out, "--header", flags->headers[i], why);
    }
    if (flags->header_count == 0 && variable != NULL) {
        err = settings_add_headers(out, "CODER_HEADER", variable, why);
    }
    const char *command =
        given(sources, flags->header_command, "--header-command", "CODER_HEADER_COMMAND", &source);
    if (err == NET_OK && command != NULL && command[0] != '\0') {
        err = settings_run_header_command(out, source, command, why);
    }
    return err;
}

/* The path of a TLS file, which must be readable. */
static enum net_err find_file(const struct sources *sources, const char *flag,
                              const char *flag_name, const char *variable, char out[512],
                              struct failure *why)
{
    char text[128];
    const char *source = NULL;
    const char *path = given(sources, flag, flag_name, variable, &source);
    if (path == NULL || path[0] == '\0') {
        return NET_OK;
    }
    if (strlen(path) >= sizeof((struct settings *)NULL)->ca_file) {
        return failure_set(why, NET_ERR_USAGE, "%s: the path is too long", source);
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return failure_set(why, NET_ERR_USAGE, "%s: cannot read %s: %s", source, path,
                           strerror_r(errno, text, sizeof text));
    }
    (void)close(fd);
    text_copy(out, sizeof((struct settings *)NULL)->ca_file, path);
    return NET_OK;
}

static enum net_err find_tls(const struct sources *sources, struct settings *out,
                             struct failure *why)
{
    const struct settings_flags *flags = sources->flags;
    enum net_err err = find_file(sources, flags->ca_file, "--client-tls-ca-file",
                                 "CODER_CLIENT_TLS_CA_FILE", out->ca_file, why);
    if (err == NET_OK) {
        err = find_file(sources, flags->cert_file, "--client-tls-cert-file",
                        "CODER_CLIENT_TLS_CERT_FILE", out->cert_file, why);
    }
    if (err == NET_OK) {
        err = find_file(sources, flags->key_file, "--client-tls-key-file",
                        "CODER_CLIENT_TLS_KEY_FILE", out->key_file, why);
    }
    if (err == NET_OK && (out->cert_file[0] == '\0') != (out->key_file[0] == '\0')) {
        return failure_set(why, NET_ERR_USAGE,
                           "a client certificate and its key go together: give both "
                           "--client-tls-cert-file and --client-tls-key-file");
    }
    return err;
}

/* The words that Go's strconv.ParseBool knows, which the coder CLI reads this variable with. */
static enum net_err find_disable_direct(const struct sources *sources, struct settings *out,
                                        struct failure *why)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
    const char *name = "CODER_DISABLE_DIRECT_CONNECTIONS";
    const char *value = settings_env(sources->getenv_fn, name);
    out->disable_direct = sources->flags->disable_direct;
    if (out->disable_direct || value == NULL) {
        return NET_OK;
    }
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        out->disable_direct = out->disable_direct || strcmp(value, yes[i]) == 0;
        if (strcmp(value, no[i]) == 0) {
            return NET_OK;
        }
    }
    return out->disable_direct ? NET_OK
                               : failure_set(why, NET_ERR_USAGE,
                                             "%s is neither true nor false: \"%s\"", name, value);
}

static enum net_err load(const struct sources *sources, struct settings *out, struct failure *why)
{
    enum net_err err = find_url(sources, out, why);
    err = err == NET_OK ? find_token(sources, out, why) : err;
    err = err == NET_OK ? find_tls(sources, out, why) : err;
    err = err == NET_OK ? find_disable_direct(sources, out, why) : err;
    return err == NET_OK ? find_headers(sources, out, why) : err;
}

/* Locked memory for the token, which is empty then. */
static enum net_err new_token(struct settings *out, struct failure *why)
{
    if (crypto_start() != NET_OK) {
        return failure_set(why, NET_ERR_STATE, "libsodium or libcrypto does not start");
    }
    out->token = sodium_malloc(SETTINGS_TOKEN_SIZE);
    if (out->token == NULL) {
        return failure_set(why, NET_ERR_STATE, "no locked memory for the session token");
    }
    out->token[0] = '\0';
    return NET_OK;
}

enum net_err settings_set(struct settings *settings, const char *url, const char *token,
                          struct failure *why)
{
    *settings = (struct settings){0};
    enum net_err err = settings_set_url(settings, url, why);
    if (err == NET_OK && strlen(token) >= SETTINGS_TOKEN_SIZE) {
        err = failure_set(why, NET_ERR_TOO_BIG, "the session token is too long");
    }
    err = err != NET_OK ? err : new_token(settings, why);
    if (err == NET_OK) {
        text_copy(settings->token, SETTINGS_TOKEN_SIZE, token);
    }
    return err;
}

static void find_dir(const struct settings_flags *flags, settings_getenv getenv_fn,
                     struct sources *out)
{
    const char *source = NULL;
    *out = (struct sources){.flags = flags, .getenv_fn = getenv_fn};
    const char *dir = given(out, flags->config_dir, "--global-config", "CODER_CONFIG_DIR", &source);
    out->has_dir = settings_config_dir(dir, getenv_fn, on_macos, out->dir, out->shown);
}

void settings_places(const struct settings_flags *flags, const char *(*getenv_fn)(const char *name),
                     struct settings_places *out)
{
    struct sources sources;
    struct settings *found = mem_new(sizeof *found);
    struct failure why;
    const char *source = NULL;
    *out = (struct settings_places){0};
    find_dir(flags, getenv_fn, &sources);
    if (sources.has_dir) {
        text_format(out->url_file, sizeof out->url_file, "%s/url", sources.dir);
        text_format(out->token_file, sizeof out->token_file, "%s/session", sources.dir);
    }
    if (given(&sources, flags->url, "--url", "CODER_URL", &source) != NULL) {
        out->url_by = source;
    }
    if (given(&sources, flags->token, "--token", "CODER_SESSION_TOKEN", &source) != NULL) {
        out->token_by = source;
    }
    out->ca_file = given(&sources, flags->ca_file, "", "CODER_CLIENT_TLS_CA_FILE", &source);
    out->cert_file = given(&sources, flags->cert_file, "", "CODER_CLIENT_TLS_CERT_FILE", &source);
    out->key_file = given(&sources, flags->key_file, "", "CODER_CLIENT_TLS_KEY_FILE", &source);
    if (find_url(&sources, found, &why) == NET_OK) {
        settings_deployment(found, out->deployment, sizeof out->deployment);
    }
    free(found);
}

enum net_err settings_load(const struct settings_flags *flags,
                           const char *(*getenv_fn)(const char *name), struct settings *out,
                           struct failure *why)
{
    struct sources sources;
    *out = (struct settings){0};
    enum net_err err = new_token(out, why);
    if (err != NET_OK) {
        return err;
    }
    find_dir(flags, getenv_fn, &sources);
    err = load(&sources, out, why);
    if (err != NET_OK) {
        settings_clear(out);
    }
    return err;
}

void settings_clear(struct settings *settings)
{
    for (size_t i = 0; i < settings->header_count; i++) {
        const struct http_header *header = &settings->headers[i];
        mem_free_wiped((char *)(uintptr_t)header->name, strlen(header->name));
        mem_free_wiped((char *)(uintptr_t)header->value, strlen(header->value));
    }
    sodium_free(settings->token);
    *settings = (struct settings){0};
}

void settings_deployment(const struct settings *settings, char *out, size_t size)
{
    bool usual = settings->port == (settings->plain_http ? 80 : 443);
    text_format(out, size, usual ? "%s" : "%s:%u", settings->host, (unsigned)settings->port);
}

bool settings_is_loopback(const struct settings *settings)
{
    struct net_address address;
    return strcmp(settings->host, "localhost") == 0 ||
           (address_parse_ip(settings->host, &address) == NET_OK && address_is_loopback(&address));
}
