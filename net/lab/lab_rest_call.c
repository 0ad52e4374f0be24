/*
 * What every REST answer of the lab needs: bodies, the query, who is asking, API versions.
 */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "net/base/text.h"
#include "net/lab/lab_json.h"
#include "net/lab/lab_rest_internal.h"

#define SIGNED_OUT                                                                                 \
    "You are signed out or your session has expired. Please sign in again to continue."

void lab_answer_json(struct lab_call *call, int status, cJSON *body)
{
    call->out->status = status;
    call->out->content_type = "application/json; charset=utf-8";
    call->out->body = cJSON_PrintUnformatted(body);
    cJSON_Delete(body);
}

void lab_answer_error(struct lab_call *call, int status, const char *message, const char *detail)
{
    lab_answer_json(call, status, lab_json_error(message, detail, NULL, NULL));
}

void lab_answer_invalid(struct lab_call *call, int status, const char *message, const char *field,
                        const char *detail)
{
    lab_answer_json(call, status, lab_json_error(message, NULL, field, detail));
}

void lab_answer_text(struct lab_call *call, int status, const char *text)
{
    call->out->status = status;
    call->out->content_type = "text/plain; charset=utf-8";
    if (text[0] != '\0') {
        call->out->body = cJSON_malloc(strlen(text) + 1);
        if (call->out->body != NULL) {
            text_copy(call->out->body, strlen(text) + 1, text);
        }
    }
}

void lab_answer_clear(struct lab_answer *answer)
{
    cJSON_free(answer->body);
    answer->body = NULL;
}

bool lab_query(const struct lab_call *call, const char *name, char *out, size_t size)
{
    if (call->request->query(call->request->owner, name, out, size)) {
        return true;
    }
    out[0] = '\0';
    return false;
}

static const char *header(const struct lab_call *call, const char *name)
{
    return call->request->header(call->request->owner, name);
}

/* The value of a cookie, into `out`. */
static bool cookie(const struct lab_call *call, const char *name, char *out, size_t size)
{
    const char *at = header(call, "Cookie");
    size_t name_len = strlen(name);
    while (at != NULL && *at != '\0') {
        at += strspn(at, "; ");
        size_t len = strcspn(at, ";");
        if (len > name_len && strncmp(at, name, name_len) == 0 && at[name_len] == '=') {
            text_format(out, size, "%.*s", (int)(len - name_len - 1), at + name_len + 1);
            return true;
        }
        at += len;
    }
    return false;
}

void lab_request_token(const struct lab_call *call, char out[LAB_QUERY_SIZE])
{
    const char *value = header(call, LAB_TOKEN_HEADER);
    const char *bearer = header(call, "Authorization");
    if (cookie(call, "coder_session_token", out, LAB_QUERY_SIZE) && out[0] != '\0') {
        return;
    }
    if (lab_query(call, "coder_session_token", out, LAB_QUERY_SIZE) && out[0] != '\0') {
        return;
    }
    if (value != NULL && value[0] != '\0') {
        text_copy(out, LAB_QUERY_SIZE, value);
        return;
    }
    if (bearer != NULL && strncmp(bearer, "Bearer ", 7) == 0 && bearer[7] != '\0') {
        text_copy(out, LAB_QUERY_SIZE, bearer + 7);
        return;
    }
    (void)lab_query(call, "access_token", out, LAB_QUERY_SIZE);
}

bool lab_signed_in(struct lab_call *call)
{
    char token[LAB_QUERY_SIZE];
    lab_request_token(call, token);
    if (lab_token_equal(token, call->rest->deployment->token) &&
        !call->rest->deployment->refusals.token) {
        return true;
    }
    call->out->www_authenticate = true;
    lab_answer_error(call, 401, SIGNED_OUT,
                     token[0] == '\0' ? "Cookie \"coder_session_token\" or query parameter must be "
                                        "provided."
                                      : "API key is invalid.");
    return false;
}

bool lab_query_number(struct lab_call *call, const char *name, size_t *out)
{
    char text[24];
    *out = 0;
    if (!lab_query(call, name, text, sizeof text)) {
        return true;
    }
    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text) || strlen(text) > 9) {
        char detail[80];
        text_format(detail, sizeof detail, "Query param \"%s\" must be a valid positive integer",
                    name);
        lab_answer_invalid(call, 400, "Query parameters have invalid values.", name, detail);
        return false;
    }
    *out = (size_t)strtoul(text, NULL, 10);
    return true;
}

bool lab_version_checked(struct lab_call *call, const char *otherwise)
{
    char version[32];
    char why[160];
    if (!lab_query(call, "version", version, sizeof version)) {
        text_copy(version, sizeof version, otherwise);
    }
    if (lab_version_supported(version, why, sizeof why)) {
        return true;
    }
    lab_answer_invalid(call, 400, "Unknown or unsupported API version", "version", why);
    return false;
}

bool lab_client_peer(struct lab_call *call, struct uuid *out)
{
    char token[LAB_QUERY_SIZE];
    uuid_random(call->rest->rng, out);
    if (!lab_query(call, "resume_token", token, sizeof token) || token[0] == '\0') {
        return true;
    }
    struct uuid peer;
    if (lab_coordinator_resume(call->rest->coordinator, call->now, token, &peer) == NET_OK &&
        lab_deployment_by_agent(call->rest->deployment, &peer) == NULL) {
        *out = peer;
        return true;
    }
    lab_answer_invalid(call, 401, "Invalid resume token", "resume_token", "Invalid resume token");
    return false;
}

/* A number without sign or needless zeroes, at most four digits. */
static bool read_number(const char **at, unsigned *out)
{
    size_t len = strspn(*at, "0123456789");
    if (len == 0 || len > 4 || (len > 1 && **at == '0')) {
        return false;
    }
    *out = (unsigned)strtoul(*at, NULL, 10);
    *at += len;
    return true;
}

static bool read_version(const char *text, unsigned *major, unsigned *minor)
{
    if (!read_number(&text, major) || *text != '.') {
        return false;
    }
    text++;
    return read_number(&text, minor) && *text == '\0';
}

bool lab_version_supported(const char *version, char *why, size_t size)
{
    unsigned major = 0;
    unsigned minor = 0;
    char shown[32];
    (void)text_clean(shown, sizeof shown, bytes_text(version));
    if (!read_version(version, &major, &minor)) {
        text_format(why, size, "invalid version string: %s", shown);
    } else if (major > LAB_API_MAJOR) {
        text_format(why, size, "server is at version %d.%d, behind requested major version %s",
                    LAB_API_MAJOR, LAB_API_MINOR, shown);
    } else if (major == LAB_API_MAJOR && minor > LAB_API_MINOR) {
        text_format(why, size, "server is at version %d.%d, behind requested minor version %s",
                    LAB_API_MAJOR, LAB_API_MINOR, shown);
    } else if (major < LAB_API_MAJOR) {
        text_format(why, size, "version %s is no longer supported", shown);
    } else {
        return true;
    }
    return false;
}
