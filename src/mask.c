#include "src/mask.h"

#include <ctype.h>
#include <string.h>

#include "net/base/text.h"

/* Texts of ours that hold no secret, though a name may look like a part of them. */
#define OURS "https://coder.com/docs"

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '-' || ((unsigned char)c & 0x80) != 0;
}

static size_t word_length(const char *in)
{
    size_t len = 0;
    while (is_word(in[len])) {
        len++;
    }
    return len;
}

/* --- names ------------------------------------------------------------------------------------ */

void mask_init(struct mask *mask)
{
    memset(mask, 0, sizeof *mask);
}

/* By its first word: a text is then looked up word by word, however many names there are. */
static uint16_t *head_of(struct mask *mask, const char *name)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0, len = word_length(name); i < len; i++) {
        hash = (hash ^ (uint8_t)name[i]) * 16777619U;
    }
    return &mask->heads[(hash ^ hash >> 16) % MASK_HEADS];
}

static const char *known_word(struct mask *mask, const char *name)
{
    for (size_t i = *head_of(mask, name); i != 0; i = mask->names[i - 1].next) {
        if (strcmp(mask->names[i - 1].name, name) == 0) {
            return mask->names[i - 1].word;
        }
    }
    return NULL;
}

void mask_name(struct mask *mask, const char *kind, const char *name)
{
    size_t same = 0;
    size_t len = strlen(kind);
    if (name[0] == '\0' || strlen(name) >= MASK_TEXT || mask->name_count == MASK_NAMES_MAX ||
        known_word(mask, name) != NULL) {
        return;
    }
    for (size_t i = 0; i < mask->name_count; i++) {
        same += strncmp(mask->names[i].word, kind, len) == 0 && mask->names[i].word[len] == '-';
    }
    uint16_t *head = head_of(mask, name);
    size_t at = mask->name_count++;
    text_copy(mask->names[at].name, MASK_TEXT, name);
    text_format(mask->names[at].word, MASK_WORD, "%s-%zu", kind, same + 1);
    mask->names[at].usual = mask_is_usual(name);
    mask->names[at].next = *head;
    *head = (uint16_t)(at + 1);
}

void mask_whole(struct mask *mask, const char *kind, const char *name, char out[MASK_WORD])
{
    mask_name(mask, kind, name);
    const char *word = known_word(mask, name);
    if (word != NULL || name[0] == '\0') {
        text_copy(out, MASK_WORD, word != NULL ? word : "");
    } else {
        text_format(out, MASK_WORD, "a-%s", kind);
    }
}

/* The word of what was found in a text. Half of the room stays for names that are given. */
static const char *found_word(struct mask *mask, const char *kind, const char *in, size_t len)
{
    static const char none[] = "masked";
    char name[MASK_TEXT];
    if (len >= sizeof name) {
        return none;
    }
    text_copy(name, len + 1, in);
    const char *word = known_word(mask, name);
    if (word == NULL && mask->found_count < MASK_NAMES_MAX / 2) {
        mask->found_count++;
        mask_name(mask, kind, name);
        word = known_word(mask, name);
    }
    return word == NULL ? none : word;
}

/* --- addresses -------------------------------------------------------------------------------- */

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
    text_format(mask->addresses[at].word, MASK_WORD, "%s-%zu", kind, same + 1);
    return mask->addresses[at].word;
}

/* How many characters of `in` are an IP address; 0 = none begins here. */
static size_t address_at(const char *in, struct net_address *out)
{
    char text[ADDRESS_TEXT_SIZE];
    size_t len = strspn(in, "0123456789abcdefABCDEF.:");
    if (strcspn(in, ".:") >= len) {
        return 0; /* a plain word or number */
    }
    for (len = len < sizeof text ? len : sizeof text - 1; len > 1; len--) {
        text_copy(text, len + 1, in);
        if (address_parse_ip(text, out) == NET_OK) {
            return len;
        }
    }
    return 0;
}

/* Whether `in` is written like `form`, where "x" stands for a hexadecimal digit. */
static bool is_like(const char *in, const char *form)
{
    for (; *form != '\0'; in++, form++) {
        if (*form == 'x' ? isxdigit((unsigned char)*in) == 0 : *in != *form) {
            return false;
        }
    }
    return !is_word(*in) && *in != ':';
}

/* --- what is known by its form ---------------------------------------------------------------- */

/* MAC addresses, UUIDs, keys. */
static size_t form_at(struct mask *mask, const char *in, const char **word)
{
    static const struct {
        const char *kind, *form;
    } forms[] = {
        {"mac", "xx:xx:xx:xx:xx:xx"},
        {"mac", "xx-xx-xx-xx-xx-xx"},
        {"id", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"},
    };
    enum { KEY_LEAST = 32 };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (is_like(in, forms[i].form)) {
            size_t len = strlen(forms[i].form);
            *word = found_word(mask, forms[i].kind, in, len);
            return len;
        }
    }
    size_t len = strspn(in, "0123456789abcdefABCDEF");
    if (len >= KEY_LEAST && !is_word(in[len])) {
        *word = found_word(mask, "key", in, len);
        return len;
    }
    return 0;
}

static bool is_file(const char *ending, size_t len)
{
    static const char *const endings[] = {"json", "jsonl", "txt",  "pem", "crt",
                                          "key",  "conf",  "sock", "so"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (strlen(endings[i]) == len && strncmp(ending, endings[i], len) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether these labels are a host's: the last one is a word, and no file's ending. */
static bool is_host(const char *in, size_t len, size_t *labels)
{
    size_t last = 0;
    *labels = 1;
    for (size_t i = 0; i < len; i++) {
        if (in[i] == '.') {
            if (i == last) {
                return false; /* an empty one */
            }
            last = i + 1;
            ++*labels;
        }
    }
    for (size_t i = last; i < len; i++) {
        if (isalpha((unsigned char)in[i]) == 0) {
            return false;
        }
    }
    return len >= last + 2 && !is_file(in + last, len - last);
}

/* A host's name: after "://" any, else one with a dot. `start`: of the whole text. */
static size_t host_at(struct mask *mask, const char *start, const char *in, const char **word)
{
    static const char after[] = "://";
    static const char local[] = "localhost";
    size_t labels = 0;
    bool url = (size_t)(in - start) >= sizeof after - 1 &&
               strncmp(in - (sizeof after - 1), after, sizeof after - 1) == 0;
    bool path = !url && in > start && in[-1] == '/';
    size_t len = 0;
    while ((is_word(in[len]) && ((unsigned char)in[len] & 0x80) == 0) || in[len] == '.') {
        len++;
    }
    while (len > 0 && (in[len - 1] == '.' || in[len - 1] == '-')) {
        len--;
    }
    if (len == 0 || path || !is_host(in, len, &labels) || (labels == 1 && !url) ||
        (len == sizeof local - 1 && strncmp(in, local, len) == 0)) {
        return 0;
    }
    *word = found_word(mask, "host", in, len);
    return len;
}

/* --- texts ------------------------------------------------------------------------------------ */

static bool ends_with(const char *start, const char *end, const char *what)
{
    size_t len = strlen(what);
    return (size_t)(end - start) >= len && memcmp(end - len, what, len) == 0;
}

/* Whether what stands there, up to `end`, can only be a name. */
static bool is_marked(const char *start, const char *in, const char *end)
{
    static const char dot[] = " · ";
    static const char *const before[] = {
        "\"", "'", "/", ".", dot, "workspace ", "agent of ", "coder start ", "coder ssh "};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        if (ends_with(start, in, before[i])) {
            return true;
        }
    }
    bool joined = (end[0] == '.' || end[0] == '/') && is_word(end[1]);
    bool first = in == start && end[0] == ':' && end[1] == ' ';
    return joined || first || end[0] == '"' || end[0] == '\'' ||
           strncmp(end, dot, sizeof dot - 1) == 0;
}

/* The longest name that begins here and ends with a word. */
static size_t name_at(struct mask *mask, const char *start, const char *in, const char **word)
{
    size_t best = 0;
    for (size_t i = *head_of(mask, in); i != 0; i = mask->names[i - 1].next) {
        const char *name = mask->names[i - 1].name;
        size_t len = strlen(name);
        if (len > best && strncmp(in, name, len) == 0 && !is_word(in[len]) &&
            (!mask->names[i - 1].usual || is_marked(start, in, in + len))) {
            best = len;
            *word = mask->names[i - 1].word;
        }
    }
    return best;
}

/* "dev1.main" is no host: both are names. */
static bool is_pair(struct mask *mask, const char *start, const char *in, size_t len)
{
    const char *word = NULL;
    return in[len] == '.' && is_word(in[len + 1]) && name_at(mask, start, in + len + 1, &word) > 0;
}

/* What is at `in`, where a word begins, and what it becomes; 0 = it stays. */
static size_t secret_at(struct mask *mask, const char *start, const char *in, const char **word)
{
    struct net_address ip = {.family = ADDRESS_NONE};
    const char *host = NULL;
    size_t name_len = name_at(mask, start, in, word);
    size_t len = host_at(mask, start, in, &host);
    if (len > name_len && !(name_len > 0 && is_pair(mask, start, in, name_len))) {
        *word = host;
        return len;
    }
    if (name_len > 0) {
        return name_len;
    }
    len = form_at(mask, in, word);
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

/* Bytes of the character at `in`; of what is none, 1. */
static size_t character(const char *in)
{
    size_t len = 1;
    while (((unsigned char)in[0] & 0xc0) == 0xc0 && ((unsigned char)in[len] & 0xc0) == 0x80) {
        len++;
    }
    return len;
}

void mask_text(struct mask *mask, const char *in, char *out, size_t size)
{
    const char *start = in;
    size_t len = 0;
    bool begins = true;      /* a word may begin here */
    bool after_name = false; /* so that in "dev1.main" one begins after the dot */
    while (*in != '\0' && len + 1 < size) {
        const char *word = NULL;
        bool ours = begins && strncmp(in, OURS, strlen(OURS)) == 0;
        size_t found = begins && !ours && is_word(*in) ? secret_at(mask, start, in, &word) : 0;
        found = found == 0 && begins && *in == ':' ? secret_at(mask, start, in, &word) : found;
        if (found > 0) {
            text_copy(out + len, size - len, word);
            len += strlen(out + len);
            in += found;
            begins = false;
            after_name = true;
            continue;
        }
        size_t step = ours ? strcspn(in, " \n") : character(in);
        begins = !is_word(*in) && (*in != '.' || after_name);
        after_name = false;
        for (; step > 0 && len + (ours ? 1 : step) < size; step--) {
            out[len++] = *in++;
        }
        if (step > 0) {
            break; /* the character does not fit */
        }
    }
    out[len] = '\0';
}
