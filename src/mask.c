#include "src/mask.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"

/* Texts of ours that hold no secret, though a name may look like a part of them. */
#define OURS "https://coder.com/docs"

void mask_init(struct mask *mask)
{
    memset(mask, 0, sizeof *mask);
}

void mask_name(struct mask *mask, const char *kind, const char *name)
{
    size_t same = 0;
    size_t len = strlen(kind);
    for (size_t i = 0; i < mask->name_count; i++) {
        if (strcmp(mask->names[i].name, name) == 0) {
            return;
        }
        same += strncmp(mask->names[i].word, kind, len) == 0 && mask->names[i].word[len] == '-';
    }
    if (name[0] == '\0' || strlen(name) >= MASK_TEXT || mask->name_count == MASK_NAMES_MAX) {
        return;
    }
    size_t at = mask->name_count++;
    text_copy(mask->names[at].name, MASK_TEXT, name);
    text_format(mask->names[at].word, sizeof mask->names[at].word, "%s-%zu", kind, same + 1);
}

/* --- addresses
 * ------------------------------------------------------------------------------------------------
 */

static const char *address_word(struct mask *mask, const struct net_address *ip)
{
    bool inside = address_is_private(ip) || address_is_link_local(ip);
    const char *kind = inside ? "private-ip" : "public-ip";
    size_t same = 0;
    for (size_t i = 0; i < mask->address_count; i++) {
        if (address_equal(&mask->addresses[i].ip, ip)) {
            return mask->addresses[i].word;
        }
        same += strncmp(mask->addresses[i].word, kind, strlen(kind)) == 0;
    }
    if (mask->address_count == MASK_ADDRESSES_MAX) {
        return "an-ip";
    }
    size_t at = mask->address_count++;
    mask->addresses[at].ip = *ip;
    text_format(mask->addresses[at].word, sizeof mask->addresses[at].word, "%s-%zu", kind,
                same + 1);
    return mask->addresses[at].word;
}

/* How many characters of `in` are an IP address; 0 = none begins here. */
static size_t address_at(const char *in, struct net_address *out)
{
    char text[ADDRESS_TEXT_SIZE];
    size_t len = strspn(in, "0123456789abcdefABCDEF.:");
    for (len = len < sizeof text ? len : sizeof text - 1; len > 1; len--) {
        text_copy(text, len + 1, in);
        if (address_parse_ip(text, out) == NET_OK) {
            return len;
        }
    }
    return 0;
}

/* --- texts
 * ------------------------------------------------------------------------------------------------
 */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '-' || ((unsigned char)c & 0x80) != 0;
}

/* The longest name that begins here and ends with a word. */
static size_t name_at(const struct mask *mask, const char *in, const char **word)
{
    size_t best = 0;
    for (size_t i = 0; i < mask->name_count; i++) {
        size_t len = strlen(mask->names[i].name);
        if (len > best && strncmp(in, mask->names[i].name, len) == 0 && !is_word(in[len])) {
            best = len;
            *word = mask->names[i].word;
        }
    }
    return best;
}

/* What is at `in` and what it becomes; 0 = one character, as it is. */
static size_t secret_at(struct mask *mask, const char *in, const char **word)
{
    struct net_address ip = {.family = ADDRESS_NONE};
    size_t len = name_at(mask, in, word);
    if (len > 0) {
        return len;
    }
    len = address_at(in, &ip);
    if (len == 0 || isalnum((unsigned char)in[len]) != 0 || address_is_loopback(&ip) ||
        address_is_unspecified(&ip)) {
        return 0;
    }
    *word = address_word(mask, &ip);
    return len;
}

void mask_text(struct mask *mask, const char *in, char *out, size_t size)
{
    size_t len = 0;
    bool begins = true; /* a word may begin here */
    while (*in != '\0' && len + 1 < size) {
        const char *word = NULL;
        bool ours = strncmp(in, OURS, strlen(OURS)) == 0;
        size_t found = begins && !ours ? secret_at(mask, in, &word) : 0;
        size_t ours_len = ours ? strcspn(in, " \n") : 1;
        if (found > 0) {
            text_copy(out + len, size - len, word);
            len += strlen(out + len);
            in += found;
            begins = false;
            continue;
        }
        for (; ours_len > 0 && len + 1 < size; ours_len--) {
            begins = !is_word(*in) && *in != '.';
            out[len++] = *in++;
        }
    }
    out[len] = '\0';
}

static bool is_ours(const char *name)
{
    static const char *const ours[] = {"type",     "time", "code",        "side",
                                       "severity", "docs", "explained_by"};
    for (size_t i = 0; name != NULL && i < sizeof ours / sizeof *ours; i++) {
        if (strcmp(name, ours[i]) == 0) {
            return true;
        }
    }
    return false;
}

void mask_json(struct mask *mask, cJSON *object)
{
    if (cJSON_IsString(object) && !is_ours(object->string)) {
        size_t size = strlen(object->valuestring) * 2 + 64;
        char *text = mem_new(size);
        mask_text(mask, object->valuestring, text, size);
        (void)cJSON_SetValuestring(object, text);
        free(text);
    }
    for (cJSON *child = object->child; child != NULL; child = child->next) {
        mask_json(mask, child);
    }
}
