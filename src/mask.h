/*
 * Names and addresses replaced by words that say only which is which, for a report that goes to
 * others: the same thing always gets the same word. Pure.
 *
 *   "dev1 at 203.0.113.7:41641"   becomes   "workspace-1 at public-ip-1:41641"
 */
#ifndef SRC_MASK_H
#define SRC_MASK_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "net/wire/address.h"

enum { MASK_NAMES_MAX = 64, MASK_ADDRESSES_MAX = 128, MASK_TEXT = 128 };

struct mask {
    size_t name_count, address_count;
    struct {
        char name[MASK_TEXT];
        char word[32];
    } names[MASK_NAMES_MAX];
    struct {
        struct net_address ip; /* port 0 */
        char word[32];
    } addresses[MASK_ADDRESSES_MAX];
};

void mask_init(struct mask *mask);

/* From now on `name` becomes "KIND-1", "KIND-2", …; "", one that is there already, and more than
 * there is room for are passed over. */
void mask_name(struct mask *mask, const char *kind, const char *name);

/* Copies with names (whole words alone) and IP addresses replaced; cut to fit. Loopback addresses
 * stay. An address for which there is no room becomes "an-ip". */
void mask_text(struct mask *mask, const char *in, char *out, size_t size);

/* Every text in an object, but for members whose texts are this program's own: `type`, `time`,
 * `code`, `side`, `severity`, `docs`, `explained_by`. */
void mask_json(struct mask *mask, cJSON *object);

#endif
