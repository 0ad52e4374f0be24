#include "src/mask_snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "src/mask.h"
#include "src/recording_fields.h"

enum {
    KEPT_SETS = 512, /* texts that are remembered with what became of them, by their hash; */
    KEPT_WAYS = 8,   /* so many of each, so that a frame's do not drive each other out */
    KEPT_FROM = FINDING_OBSERVED_SIZE,
    KEPT_TO = FINDING_OBSERVED_SIZE + 112,
    IDS_MAX = 4096,
};

/* Log and events are the same from frame to frame, but for what is new: each text is looked through
 * once, and anew when there are more names. */
struct kept {
    uint64_t hash;
    size_t names; /* so many were known */
    char from[KEPT_FROM], to[KEPT_TO];
};

struct masker {
    struct mask mask;
    size_t given; /* names that were known when the texts below were made */
    struct kept kept[KEPT_SETS][KEPT_WAYS];
    unsigned oldest[KEPT_SETS];
    struct uuid ids[IDS_MAX];
    size_t id_count;
    struct snapshot copy;
};

struct masker *masker_new(void)
{
    return mem_new(sizeof(struct masker));
}

void masker_free(struct masker *masker)
{
    free(masker);
}

/* --- single texts ----------------------------------------------------------------------------- */

/* What was cut to fit, here or on its way here, may end in a part of a name, which nobody could
 * know. */
static void drop_cut_word(char *text, size_t size)
{
    static const char cut[] = "…";
    char *space = strrchr(text, ' ');
    size_t len = strlen(text);
    bool marked = len >= sizeof cut - 1 && strcmp(text + len - (sizeof cut - 1), cut) == 0;
    if ((marked || len + 4 > size) && space != NULL) {
        text_copy(space + 1, size - (size_t)(space + 1 - text), cut);
    }
}

static const struct kept *find_kept(struct masker *masker, uint64_t hash, const char *text)
{
    size_t set = hash % KEPT_SETS;
    for (size_t i = 0; i < KEPT_WAYS; i++) {
        const struct kept *kept = &masker->kept[set][i];
        if (kept->hash == hash && kept->names == masker->given && strcmp(kept->from, text) == 0) {
            return kept;
        }
    }
    struct kept *kept = &masker->kept[set][masker->oldest[set]++ % KEPT_WAYS];
    kept->hash = hash;
    kept->names = masker->given;
    text_copy(kept->from, KEPT_FROM, text);
    mask_text(&masker->mask, text, kept->to, KEPT_TO);
    return kept;
}

static void mask_prose(struct masker *masker, char *text, size_t size)
{
    char whole[KEPT_TO];
    uint64_t hash = 14695981039346656037U;
    drop_cut_word(text, size);
    if (strlen(text) >= KEPT_FROM) {
        mask_text(&masker->mask, text, whole, sizeof whole);
        text_copy(text, size, whole);
        return;
    }
    for (const char *at = text; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 1099511628211U;
    }
    text_copy(text, size, find_kept(masker, hash, text)->to);
}

/* An address may stand in its place. */
static void mask_name_whole(struct masker *masker, const char *kind, char *text, size_t size)
{
    static const char none[] = "unknown"; /* which the core says in place of a region's name */
    char word[MASK_WORD];
    struct net_address ip;
    bool plain = strpbrk(text, ".:") == NULL; /* as most are, and there are many */
    if (!plain && (address_parse_ip(text, &ip) == NET_OK || address_parse(text, &ip) == NET_OK)) {
        mask_prose(masker, text, size); /* which knows what this computer's own addresses are */
    } else if (strcmp(text, none) != 0) {
        mask_whole(&masker->mask, kind, text, word);
        text_copy(text, size, word);
    }
}

/* "coder.example.com:8443": the port stays. */
static void mask_host(struct masker *masker, char *text, size_t size)
{
    char host[SNAPSHOT_NAME];
    char port[16];
    size_t len = text[0] == '[' ? strlen(text) : strcspn(text, ":");
    text_copy(host, sizeof host, text);
    text_copy(port, sizeof port, text + len);
    host[len] = '\0';
    mask_name_whole(masker, "deployment", host, sizeof host);
    text_format(text, size, "%s%s", host, port);
}

static void mask_title(struct masker *masker, char *text, size_t size)
{
    static const char dot[] = " · ";
    char title[SNAPSHOT_NAME * 2];
    char workspace[MASK_WORD];
    char agent[MASK_WORD] = "";
    text_copy(title, sizeof title, text);
    char *at = strstr(title, dot);
    if (at != NULL) {
        *at = '\0';
        mask_whole(&masker->mask, "agent", at + sizeof dot - 1, agent);
    }
    mask_whole(&masker->mask, "workspace", title, workspace);
    text_format(text, size, "%s%s%s", workspace, at != NULL ? dot : "", agent);
}
static void mask_one(struct masker *masker, const struct field *field, char *text)
{
    if (text[0] == '\0') {
        return;
    }
    switch (field->holds) {
    case HOLDS_PROSE:
        mask_prose(masker, text, field->size);
        break;
    case HOLDS_NAME:
        mask_name_whole(masker, field->kind_of_name, text, field->size);
        break;
    case HOLDS_HOST:
        mask_host(masker, text, field->size);
        break;
    case HOLDS_TITLE:
        mask_title(masker, text, field->size);
        break;
    case HOLDS_OURS:
        return;
    }
    size_t len = strlen(text);
    memset(text + len, 0, field->size - len);
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool has_kind(const struct field_table *table, enum field_kind a, enum field_kind b)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->fields[i];
        if (field->kind == a || field->kind == b ||
            (field->inner != NULL && has_kind(field->inner, a, b))) {
            return true;
        }
    }
    return false;
}

typedef void visit_fn(struct masker *masker, const struct field *field, char *place);

/* Every element of the kinds `a` and `b`. */
static void walk(struct masker *masker, const struct field_table *table, char *place,
                 enum field_kind a, enum field_kind b, visit_fn *visit)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct field *field = &table->fields[i];
        size_t count = field->count;
        bool wanted = field->kind == a || field->kind == b;
        if (!wanted && (field->inner == NULL || !has_kind(field->inner, a, b))) {
            continue;
        }
        if (field->kind == FIELD_SERIES) {
            memcpy(&count, place + field->length_offset, sizeof count);
        }
        for (size_t n = 0; n < count; n++) {
            char *element = place + field->offset + n * field->size;
            if (wanted) {
                visit(masker, field, element);
            } else {
                walk(masker, field->inner, element, a, b, visit);
            }
        }
    }
}

/* Names first: they may stand in any text. */
static void mask_names(struct masker *masker, const struct field *field, char *text)
{
    if (field->holds != HOLDS_PROSE) {
        mask_one(masker, field, text);
    }
}

static void mask_texts(struct masker *masker, const struct field *field, char *text)
{
    if (field->holds == HOLDS_PROSE) {
        mask_one(masker, field, text);
    }
}

/* The file's name tells what was watched; how fast it goes is the last word. */
static void mask_replay(struct snapshot *s)
{
    char speed[SNAPSHOT_ADDRESS];
    const char *space = strrchr(s->replay, ' ');
    text_copy(speed, sizeof speed, space == NULL ? "" : space);
    if (s->replay[0] != '\0') {
        memset(s->replay, 0, sizeof s->replay);
        text_format(s->replay, sizeof s->replay, "file%.16s", speed);
    }
}

void masker_snapshot(struct masker *masker, struct snapshot *s)
{
    mask_replay(s);
    if (s->masked) {
        return;
    }
    s->masked = true;
    walk(masker, &recording_snapshot, (char *)s, FIELD_TEXT, FIELD_TEXTS, mask_names);
    masker->given = masker->mask.name_count - masker->mask.found_count + 1;
    walk(masker, &recording_snapshot, (char *)s, FIELD_TEXT, FIELD_TEXTS, mask_texts);
}

void masker_text(struct masker *masker, const char *in, char *out, size_t size)
{
    mask_text(&masker->mask, in, out, size);
}

static void mask_id(struct masker *masker, const struct field *field, char *place)
{
    struct uuid id;
    uint32_t number = 0;
    (void)field;
    memcpy(&id, place, sizeof id);
    if (uuid_is_zero(&id)) {
        return;
    }
    while (number < masker->id_count && !uuid_equal(&masker->ids[number], &id)) {
        number++;
    }
    if (number == masker->id_count && number < IDS_MAX) {
        masker->ids[masker->id_count++] = id;
    }
    id = (struct uuid){{0}};
    number++;
    id.b[UUID_LEN - 2] = (uint8_t)(number >> 8);
    id.b[UUID_LEN - 1] = (uint8_t)number;
    memcpy(place, &id, sizeof id);
}

const struct snapshot *masker_copy(struct masker *masker, const struct snapshot *s)
{
    memcpy(&masker->copy, s, sizeof *s);
    masker_snapshot(masker, &masker->copy);
    walk(masker, &recording_snapshot, (char *)&masker->copy, FIELD_UUID, FIELD_UUID, mask_id);
    return &masker->copy;
}

/* --- WORKSPACE -------------------------------------------------------------------------------- */

void masker_target(struct masker *masker, const char *target, char *out, size_t size)
{
    char words[SNAPSHOT_TEXT * 2];
    char owner[MASK_WORD] = "";
    char name[MASK_WORD];
    char agent[MASK_WORD] = "";
    text_copy(words, sizeof words, target);
    char *slash = strchr(words, '/');
    char *start = slash == NULL ? words : slash + 1;
    char *dot = strchr(start, '.');
    if (slash != NULL) {
        *slash = '\0';
        mask_whole(&masker->mask, "user", words, owner);
    }
    if (dot != NULL) {
        *dot = '\0';
        mask_whole(&masker->mask, "agent", dot + 1, agent);
    }
    mask_whole(&masker->mask, "workspace", start, name);
    text_format(out, size, "%s%s%s%s%s", owner, slash != NULL ? "/" : "", name,
                dot != NULL ? "." : "", agent);
}
