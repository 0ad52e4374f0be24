#include "net/lab/lab_search.h"

#include <ctype.h>
#include <string.h>

#include "net/base/text.h"
#include "net/lab/lab_json.h"

struct term {
    char key[LAB_SEARCH_KEY_SIZE]; /* "" = bare */
    char value[LAB_SEARCH_SIZE];
};

/* Reads the next term; letters become small, as coderd does. False at the end. */
static bool next_term(const char **at, struct term *out, bool *unfinished)
{
    size_t used = 0;
    bool quoted = false;
    while (isspace((unsigned char)**at)) {
        (*at)++;
    }
    if (**at == '\0') {
        return false;
    }
    out->key[0] = '\0';
    for (; **at != '\0' && (quoted || !isspace((unsigned char)**at)); (*at)++) {
        if (**at == '"') {
            quoted = !quoted;
        } else if (**at == ':' && !quoted && out->key[0] == '\0') {
            out->value[used] = '\0';
            text_copy(out->key, sizeof out->key, out->value);
            used = 0;
        } else if (used + 1 < sizeof out->value) {
            out->value[used++] = (char)tolower((unsigned char)**at);
        }
    }
    out->value[used] = '\0';
    *unfinished = quoted;
    return true;
}

static bool match_bare(const struct lab_deployment *deployment, const char *value,
                       const struct lab_workspace *workspace)
{
    const char *slash = strchr(value, '/');
    if (slash == NULL) {
        return strstr(workspace->name, value) != NULL;
    }
    char owner[LAB_SEARCH_SIZE];
    text_format(owner, sizeof owner, "%.*s", (int)(slash - value), value);
    return lab_deployment_is_owner(deployment, owner) && strstr(workspace->name, slash + 1) != NULL;
}

/* Known keys; those that are about what the lab does not have match everything or nothing. */
static bool match_term(const struct lab_deployment *deployment, const struct term *term,
                       const struct lab_workspace *workspace, bool *known)
{
    const char *value = term->value;
    char id[UUID_TEXT_SIZE];
    *known = true;
    if (term->key[0] == '\0') {
        return match_bare(deployment, value, workspace);
    }
    if (strcmp(term->key, "name") == 0) {
        return strstr(workspace->name, value) != NULL;
    }
    if (strcmp(term->key, "owner") == 0) {
        return lab_deployment_is_owner(deployment, value);
    }
    if (strcmp(term->key, "id") == 0) {
        uuid_text(&workspace->id, id);
        return strcmp(id, value) == 0;
    }
    if (strcmp(term->key, "template") == 0) {
        return strcmp(value, "lab") == 0;
    }
    if (strcmp(term->key, "status") == 0) {
        return strcmp(value, workspace->stopped ? "stopped" : "running") == 0;
    }
    if (strcmp(term->key, "has-agent") == 0) {
        return !workspace->stopped && strcmp(value, lab_agent_status(workspace)) == 0;
    }
    if (strcmp(term->key, "dormant") == 0 || strcmp(term->key, "outdated") == 0) {
        return strcmp(value, "false") == 0;
    }
    *known = false;
    return false;
}

enum net_err lab_search(const struct lab_deployment *deployment, const char *query,
                        const struct lab_workspace *workspace, bool *match,
                        char key[LAB_SEARCH_KEY_SIZE])
{
    struct term term;
    bool unfinished = false;
    *match = true;
    while (next_term(&query, &term, &unfinished)) {
        bool known = true;
        if (unfinished) {
            text_copy(key, LAB_SEARCH_KEY_SIZE, "q");
            return NET_ERR_USAGE;
        }
        if (!match_term(deployment, &term, workspace, &known)) {
            *match = false;
        }
        if (!known) {
            text_copy(key, LAB_SEARCH_KEY_SIZE, term.key);
            return NET_ERR_USAGE;
        }
    }
    return NET_OK;
}
