#include <string.h>

#include "net/base/text.h"
#include "net/control/deployment.h"
#include "net/json/json_view.h"

enum { MESSAGE_SIZE = 200, EXPLAIN_BODY_MAX = 1 << 20 };

/* What a JSON error says (codersdk.Response). */
struct server_words {
    bool known;
    char message[MESSAGE_SIZE];
    char detail[MESSAGE_SIZE];
    bool field_resume_token;
    bool field_version;
};

/* White space, line ends among it, to single spaces: an explanation is one line. */
static void one_line(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        bool space = *from == ' ' || (*from >= '\t' && *from <= '\r');
        if (!space) {
            *to++ = *from;
        } else if (to > text && to[-1] != ' ') {
            *to++ = ' ';
        }
    }
    while (to > text && (to[-1] == ' ' || to[-1] == '.')) {
        to--;
    }
    *to = '\0';
}

static void take_words(const cJSON *item, char *out, size_t size)
{
    char raw[MESSAGE_SIZE * 2];
    text_copy(raw, sizeof raw, cJSON_IsString(item) ? item->valuestring : "");
    one_line(raw);
    (void)text_clean(out, size, bytes_text(raw));
}

static void take_validations(const cJSON *validations, struct server_words *out)
{
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, validations)
    {
        const cJSON *field = cJSON_GetObjectItem(item, "field");
        const char *name = cJSON_IsString(field) ? field->valuestring : "";
        out->field_resume_token = out->field_resume_token || strcmp(name, "resume_token") == 0;
        out->field_version = out->field_version || strcmp(name, "version") == 0;
        if (out->detail[0] == '\0') {
            take_words(cJSON_GetObjectItem(item, "detail"), out->detail, sizeof out->detail);
        }
    }
}

static void read_words(struct bytes body, struct server_words *out)
{
    cJSON *json = NULL;
    struct failure ignored;
    *out = (struct server_words){0};
    if (json_object_parse(body, EXPLAIN_BODY_MAX, &json, &ignored) != NET_OK) {
        return;
    }
    take_words(cJSON_GetObjectItem(json, "message"), out->message, sizeof out->message);
    take_words(cJSON_GetObjectItem(json, "detail"), out->detail, sizeof out->detail);
    take_validations(cJSON_GetObjectItem(json, "validations"), out);
    out->known = out->message[0] != '\0';
    cJSON_Delete(json);
}

static enum net_err code_of(int status, const struct server_words *words)
{
    if (status / 100 == 2) {
        return NET_ERR_MALFORMED;
    }
    if (status == 401 || status == 403) {
        return NET_ERR_AUTH;
    }
    if (status == 404) {
        return NET_ERR_NOT_FOUND;
    }
    return status == 400 && words->field_version ? NET_ERR_UNSUPPORTED : NET_ERR_REFUSED;
}

/* What to do about it. */
static const char *advice(int status, const struct server_words *words)
{
    if (words->field_resume_token) {
        return "The session is opened anew";
    }
    if (words->field_version) {
        return "This client and the deployment are of releases too far apart; update the older one";
    }
    switch (status) {
    case 401:
        return "Sign in again with `coder login`, or set CODER_SESSION_TOKEN to a valid token";
    case 403:
        return "Ask an administrator for access";
    case 404:
        return "Check the name; what you may not see is not found either";
    case 407:
        return "The proxy wants a user name and password; put them into HTTPS_PROXY";
    case 409:
        return "An administrator has to change this";
    case 429:
        return "Wait a minute";
    default:
        return status >= 500 ? "The server is unwell; try again later"
                             : "Check the deployment's URL and its version";
    }
}

static const char *kind_of(const char *content_type)
{
    return content_type == NULL || content_type[0] == '\0' ? "content of no known type"
                                                           : content_type;
}

/* An answer that Coder does not give. */
static void explain_stranger(const char *what, const char *url, int status,
                             const char *content_type, struct failure *out, enum net_err code)
{
    if (status / 100 == 3) {
        (void)failure_set(out, code,
                          "cannot %s: %s redirects elsewhere (status %d). Use the deployment's own "
                          "URL, and look for a login page or captive portal in between",
                          what, url, status);
        return;
    }
    (void)failure_set(out, code,
                      "cannot %s: %s answered with %s instead of JSON (status %d). It may be a "
                      "login page, a captive portal or a proxy, or not a Coder deployment; open "
                      "the URL in a browser",
                      what, url, kind_of(content_type), status);
}

void deployment_explain(const char *what, const char *url, int status, const char *content_type,
                        struct bytes body, struct failure *out, bool *resume_token_refused)
{
    struct server_words words;
    read_words(body, &words);
    enum net_err code = code_of(status, &words);
    if (!words.known) {
        explain_stranger(what, url, status, content_type, out, code);
    } else {
        bool detailed = words.detail[0] != '\0';
        (void)failure_set(out, code, "cannot %s: %s answered %d: %s%s%s%s. %s", what, url, status,
                          words.message, detailed ? " (" : "", words.detail, detailed ? ")" : "",
                          advice(status, &words));
    }
    out->http_status = status;
    if (resume_token_refused != NULL) {
        *resume_token_refused = status == 401 && words.field_resume_token;
    }
}
