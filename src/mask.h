/*
 * Names and addresses replaced by words that say only which is which, for what goes to others: the
 * same thing always gets the same word. Pure.
 *
 *   "dev1 at 203.0.113.7:41641"   becomes   "workspace-1 at public-ip-1:41641"
 */
#ifndef SRC_MASK_H
#define SRC_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/wire/address.h"

enum {
    MASK_NAMES_MAX = 4096,
    MASK_ADDRESSES_MAX = 512,
    MASK_TEXT = 128,
    MASK_WORD = 32,
    MASK_HEADS = 1024,
};

struct mask {
    size_t name_count, address_count;
    size_t found_count; /* of the names: those that were found in texts, and not given */
    struct {
        char name[MASK_TEXT];
        char word[MASK_WORD];
        bool usual;    /* it is also a word of our own messages */
        uint16_t next; /* that begins with a word of the same hash; index + 1, 0 = none */
    } names[MASK_NAMES_MAX];
    uint16_t heads[MASK_HEADS];
    struct {
        struct net_address ip; /* port 0 */
        char word[MASK_WORD];
    } addresses[MASK_ADDRESSES_MAX];
};

void mask_init(struct mask *mask);

/* From now on `name` becomes "KIND-1", "KIND-2", …; "", one that is there already, and more than
 * there is room for are passed over. */
void mask_name(struct mask *mask, const char *kind, const char *name);

/* What a text that is a name as a whole becomes: never the name itself. "" stays "". */
void mask_whole(struct mask *mask, const char *kind, const char *name, char out[MASK_WORD]);

/* Copies with names (whole words alone), IP and MAC addresses, hosts, UUIDs and keys replaced; cut
 * to fit. Loopback addresses stay. An address for which there is no room becomes "an-ip".
 *
 * A name that is also a word of our own messages ("relay", "home") is replaced only where it
 * cannot be that word: in quotes, beside another name, after "workspace" and the like. */
void mask_text(struct mask *mask, const char *in, char *out, size_t size);

/* Whether it is a word of our own messages; a letter and a number may always be one. */
bool mask_is_usual(const char *word);

#endif
