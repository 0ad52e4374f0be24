/*
 * The hand-over of snapshots. Three slots: the writer's draft, the reader's, and the one between
 * them. Publishing swaps the draft with the middle one and marks it fresh; taking swaps the
 * reader's with the middle one if that is fresh. Each swap is one atomic exchange, so neither side
 * ever waits, and neither ever sees a slot that the other one touches.
 */
#include "net/monitor/snapshot.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "net/base/mem.h"

enum { SLOTS = 3, FRESH = 4, SLOT_MASK = 3 };

bool snapshot_is_silent(const struct snapshot *snapshot)
{
    return snapshot->silent_since != 0 && !snapshot->paused;
}

struct snapshot_box {
    struct snapshot *slots[SLOTS];
    unsigned draft;          /* the writer's alone */
    unsigned shown;          /* the reader's alone */
    _Atomic unsigned middle; /* index, and FRESH when it was not taken yet */
};

struct snapshot_box *snapshot_box_new(void)
{
    struct snapshot_box *box = mem_new(sizeof *box);
    for (size_t i = 0; i < SLOTS; i++) {
        box->slots[i] = mem_new(sizeof(struct snapshot));
        box->slots[i]->selected = -1;
    }
    box->draft = 0;
    box->shown = 1;
    atomic_init(&box->middle, 2U);
    return box;
}

void snapshot_box_free(struct snapshot_box *box)
{
    if (box == NULL) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        free(box->slots[i]);
    }
    free(box);
}

struct snapshot *snapshot_box_draft(struct snapshot_box *box)
{
    return box->slots[box->draft];
}

void snapshot_box_publish(struct snapshot_box *box)
{
    unsigned was = atomic_exchange_explicit(&box->middle, box->draft | FRESH, memory_order_acq_rel);
    box->draft = was & SLOT_MASK;
}

const struct snapshot *snapshot_box_take(struct snapshot_box *box, bool *fresh)
{
    *fresh = (atomic_load_explicit(&box->middle, memory_order_acquire) & FRESH) != 0;
    if (*fresh) {
        unsigned was = atomic_exchange_explicit(&box->middle, box->shown, memory_order_acq_rel);
        box->shown = was & SLOT_MASK;
    }
    return box->slots[box->shown];
}

const char *ladder_step_name(enum ladder_step step)
{
    static const char *const names[] = {
#define X(code, name, text) [(code)] = (name),
        LADDER_LIST(X)
#undef X
    };
    return step < LADDER_STEPS ? names[step] : "?";
}

const char *ladder_step_text(enum ladder_step step)
{
    static const char *const texts[] = {
#define X(code, name, text) [(code)] = (text),
        LADDER_LIST(X)
#undef X
    };
    return step < LADDER_STEPS ? texts[step] : "?";
}
