#include <arpa/inet.h>
#include <string.h>

#include "net/base/text.h"
#include "net/control/settings.h"
#include "net/transport/url.h"

/* A URL while it is taken apart; views into the text. */
struct parts {
    bool plain_http;
    struct bytes host; /* without brackets */
    bool is_ipv6;
    struct bytes port;   /* digits; may be empty */
    struct bytes prefix; /* "/a/b"; may be empty */
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool starts_nocase(const char *text, const char *head)
{
    for (; *head != '\0'; head++, text++) {
        if (lower(*text) != *head) {
            return false;
        }
    }
    return true;
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

static bool host_is_good(const struct parts *parts)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t ip[16];
    size_t len = parts->host.len;
    if (len == 0 || len >= sizeof((struct settings *)NULL)->host) {
        return false;
    }
    if (parts->is_ipv6) {
        if (len >= sizeof text) {
            return false;
        }
        memcpy(text, parts->host.ptr, len);
        text[len] = '\0';
        return inet_pton(AF_INET6, text, ip) == 1;
    }
    for (size_t i = 0; i < len; i++) {
        char c = lower((char)parts->host.ptr[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.' &&
            c != '_') {
            return false;
        }
    }
    return true;
}

/* 0: not a port. */
static uint16_t port_of(struct bytes digits)
{
    unsigned port = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9' || port > UINT16_MAX) {
            return 0;
        }
        port = port * 10 + (unsigned)(digits.ptr[i] - '0');
    }
    return port > UINT16_MAX ? 0 : (uint16_t)port;
}

/* "host", "host:port", "[v6]", "[v6]:port". */
static bool split_authority(struct parts *parts, const char *text, size_t len)
{
    const char *end = text + len;
    const char *colon = NULL;
    if (len > 0 && text[0] == '[') {
        const char *bracket = memchr(text, ']', len);
        if (bracket == NULL || (bracket + 1 < end && bracket[1] != ':')) {
            return false;
        }
        parts->is_ipv6 = true;
        parts->host = bytes_of(text + 1, (size_t)(bracket - text) - 1);
        colon = bracket + 1 < end ? bracket + 1 : NULL;
    } else {
        colon = memchr(text, ':', len);
        parts->host = bytes_of(text, colon == NULL ? len : (size_t)(colon - text));
    }
    if (colon != NULL) {
        parts->port = bytes_of(colon + 1, (size_t)(end - colon) - 1);
    }
    return host_is_good(parts);
}

/* The end of *why that tells what is wrong; NULL when all is well. */
static const char *split(const char *url, struct parts *parts)
{
    const char *rest = url;
    *parts = (struct parts){0};
    if (starts_nocase(url, "http://")) {
        parts->plain_http = true;
        rest += strlen("http://");
    } else if (starts_nocase(url, "https://")) {
        rest += strlen("https://");
    } else if (strstr(url, "://") != NULL) {
        return "it must begin with https:// or http://";
    } else {
        return "it has no scheme; write https:// (or http://) before it";
    }
    if (!is_printable(rest)) {
        return "it holds spaces or characters that are not ASCII; write an international name in "
               "its xn-- form";
    }
    size_t authority_len = strcspn(rest, "/?#");
    if (memchr(rest, '@', authority_len) != NULL) {
        return "it must hold no user name or password; sign in with CODER_SESSION_TOKEN";
    }
    if (strpbrk(rest, "?#") != NULL) {
        return "leave out everything from the first ? or #";
    }
    if (!split_authority(parts, rest, authority_len)) {
        return "it has no valid host name";
    }
    if (parts->port.len > 0 && port_of(parts->port) == 0) {
        return "its port is not a number from 1 to 65535";
    }
    parts->prefix = bytes_text(rest + authority_len);
    while (parts->prefix.len > 0 && parts->prefix.ptr[parts->prefix.len - 1] == '/') {
        parts->prefix.len--;
    }
    return NULL;
}

enum net_err settings_set_url(struct settings *settings, const char *url, struct failure *why)
{
    struct parts parts;
    char shown[200];
    url_for_people(shown, sizeof shown, url);
    const char *wrong = strlen(url) < SETTINGS_URL_SIZE - 8 ? split(url, &parts) : "it is too long";
    if (wrong != NULL) {
        return failure_set(why, NET_ERR_USAGE, "\"%s\" is not the URL of a deployment: %s", shown,
                           wrong);
    }
    size_t host_len = parts.host.len;
    for (size_t i = 0; i < host_len; i++) {
        settings->host[i] = lower((char)parts.host.ptr[i]);
    }
    settings->host[host_len] = '\0';
    settings->plain_http = parts.plain_http;
    uint16_t usual = parts.plain_http ? 80 : 443;
    settings->port = parts.port.len > 0 ? port_of(parts.port) : usual;
    char port[8] = "";
    if (settings->port != usual) {
        text_format(port, sizeof port, ":%u", settings->port);
    }
    text_format(settings->url, sizeof settings->url, "%s://%s%s%s%s%.*s",
                parts.plain_http ? "http" : "https", parts.is_ipv6 ? "[" : "", settings->host,
                parts.is_ipv6 ? "]" : "", port, (int)parts.prefix.len,
                (const char *)parts.prefix.ptr);
    return NET_OK;
}
