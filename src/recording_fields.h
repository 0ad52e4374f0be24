/*
 * What a recording holds of a snapshot: one table a struct, from which writer, reader and mask are
 * made. A member of a struct without its row here is not recorded, nor masked; a test finds it.
 */
#ifndef SRC_RECORDING_FIELDS_H
#define SRC_RECORDING_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
    FIELD_BOOL,
    FIELD_NUMBER, /* of `size` bytes */
    FIELD_TIME,   /* mono_ns: microseconds since the recording began; null = 0, "never" */
    FIELD_WALL,   /* struct wall_time: seconds since 1970 */
    FIELD_TEXT,
    FIELD_UUID,
    FIELD_ENUM, /* by its name */
    FIELD_STRUCT,
    FIELD_NUMBERS, /* an array; zeros at its end are left out */
    FIELD_TEXTS,   /* likewise */
    FIELD_ROWS,    /* an array of structs that keep their place: only those that changed */
    FIELD_SERIES,  /* an array of structs that grows at its end and is cut at its front */
};

/* What is in a text, for the mask. */
enum field_holds {
    HOLDS_PROSE, /* names and addresses may stand in it */
    HOLDS_OURS,  /* the program's own words alone */
    HOLDS_NAME,  /* it is a name of the kind `kind_of_name`, or an address */
    HOLDS_HOST,  /* of the deployment, perhaps with a port */
    HOLDS_TITLE, /* "dev1", "dev1 · main" */
};

enum { RECORDING_ELEMENT_MAX = 4096 }; /* bytes of a struct in an array; a test sees to it */

struct field_table;

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    size_t size;              /* of one element */
    size_t count;             /* elements; 1 unless it is an array */
    double least, most;       /* of a number */
    const char *const *names; /* of an enum */
    size_t name_count;
    const struct field_table *inner;
    enum field_holds holds; /* of texts */
    const char *kind_of_name;
    /* Of a series: where the number of its elements stands, a size_t; and how each is known: by a
     * member that only grows (key_offset, in the element), or by its place, counted from the number
     * at first_offset. */
    size_t length_offset;
    bool by_place;
    size_t key_offset, first_offset;
};

struct field_table {
    const struct field *fields;
    size_t count;
    size_t size; /* of the struct */
};

/* struct snapshot, but for seq, now, wall and replay, which playing makes anew. */
extern const struct field_table recording_snapshot;

#endif
