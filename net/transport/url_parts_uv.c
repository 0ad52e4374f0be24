#include "net/transport/url_parts_uv.h"

#include <string.h>

#include <curl/curl.h>

#include "net/base/text.h"

/* Appends one part, after `before`. False: it is not there or does not fit. */
static bool append(CURLU *url, CURLUPart part, unsigned flags, const char *before, char *out,
                   size_t size)
{
    char *text = NULL;
    size_t used = strlen(out);
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK) {
        return false;
    }
    bool fits = used + strlen(before) + strlen(text) < size;
    if (fits) {
        text_format(out + used, size - used, "%s%s", before, text);
    }
    curl_free(text);
    return fits;
}

static bool has(CURLU *url, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    bool there = curl_url_get(url, part, &text, flags) == CURLUE_OK;
    curl_free(text);
    return there;
}

static bool split(CURLU *url, struct url_parts *out)
{
    char scheme[8] = "";
    if (!append(url, CURLUPART_SCHEME, 0, "", scheme, sizeof scheme)) {
        return false;
    }
    out->plain = strcmp(scheme, "http") == 0;
    return (out->plain || strcmp(scheme, "https") == 0) &&
           append(url, CURLUPART_HOST, 0, "", out->host, sizeof out->host) &&
           append(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, "", out->port, sizeof out->port) &&
           append(url, CURLUPART_HOST, 0, "", out->authority, sizeof out->authority) &&
           (!has(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT) ||
            append(url, CURLUPART_PORT, 0, ":", out->authority, sizeof out->authority)) &&
           append(url, CURLUPART_PATH, 0, "", out->target, sizeof out->target) &&
           (!has(url, CURLUPART_QUERY, 0) ||
            append(url, CURLUPART_QUERY, 0, "?", out->target, sizeof out->target));
}

bool url_parts_split(const char *text, struct url_parts *out)
{
    *out = (struct url_parts){0};
    CURLU *url = curl_url();
    bool good =
        url != NULL && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK && split(url, out);
    curl_url_cleanup(url);
    return good;
}
