/*
 * Where the deployment is and who we are: flags, then environment, then the files that `coder
 * login` leaves. Protocol notes 1.1, 1.2.
 */
#ifndef NET_CONTROL_SETTINGS_H
#define NET_CONTROL_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "net/base/err.h"
#include "net/transport/http_uv.h"

enum { SETTINGS_HEADERS_MAX = 64, SETTINGS_TOKEN_SIZE = 512, SETTINGS_URL_SIZE = 1024 };

/* What the command line gave; NULL = absent. */
struct settings_flags {
    const char *url;
    const char *token;
    const char *config_dir;
    const char *const *headers; /* "k=v" */
    size_t header_count;
    const char *header_command;
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
    bool disable_direct;
};

struct settings {
    char url[SETTINGS_URL_SIZE]; /* scheme://host[:port][/prefix], no trailing slash */
    char host[256];              /* of the URL, without brackets */
    uint16_t port;               /* of the URL, or the scheme's default */
    bool plain_http;             /* scheme is http */
    char *token;                 /* locked memory of SETTINGS_TOKEN_SIZE; wiped by settings_clear */
    size_t header_count;
    struct http_header headers[SETTINGS_HEADERS_MAX]; /* owned copies */
    char ca_file[512], cert_file[512], key_file[512]; /* "" = none */
    bool disable_direct;
    char url_source[300]; /* "CODER_URL", "~/.config/coderv2/url", … for messages */
    char token_source[300];
};

/* Reads everything. `getenv_fn` is getenv in the program, a table in tests. NET_ERR_USAGE: a header
 * without "=", a URL that is none, cert without key, a file that cannot be read. NET_ERR_AUTH: no
 * URL or no token is to be found; *why says where was looked and what to set. */
NET_MUST_USE enum net_err settings_load(const struct settings_flags *flags,
                                        const char *(*getenv_fn)(const char *name),
                                        struct settings *out, struct failure *why);
void settings_clear(struct settings *settings);

/* Where settings_load would look, without looking but for the URL. */
struct settings_places {
    char url_file[600], token_file[600]; /* "" = nowhere: no home is known */
    const char *url_by, *token_by;       /* what wins over the file: "CODER_URL"; NULL = nothing */
    const char *ca_file, *cert_file, *key_file; /* borrowed; NULL = none is named */
    char deployment[300];                       /* host[:port]; "" = none is known */
};
void settings_places(const struct settings_flags *flags, const char *(*getenv_fn)(const char *name),
                     struct settings_places *out);

/* From a URL and a token that are known (the lab): nothing else is looked up. To be cleared
 * likewise. */
NET_MUST_USE enum net_err settings_set(struct settings *settings, const char *url,
                                       const char *token, struct failure *why);

/* Its name as people are shown it: host[:port]. */
void settings_deployment(const struct settings *settings, char *out, size_t size);

/* Whether the deployment is on this very computer: only then may its agents be, too. */
bool settings_is_loopback(const struct settings *settings);

/* Checks and splits a URL into url, host, port and plain_http (tests, the lab). */
NET_MUST_USE enum net_err settings_set_url(struct settings *settings, const char *url,
                                           struct failure *why);

#endif
