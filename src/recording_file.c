#include "src/recording_file.h"

#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "src/recording_read.h"

enum {
    PLACES_MAX = 32, /* a state has some 700 kB */
    EVERY = 16,      /* states between two of them, to begin with */
    NEAR = 16,       /* and between the last two, which follow what is read */
};

/* A state that stood, and where the line after it begins. */
struct place {
    struct recording *recording; /* NULL: none */
    off_t offset;
    uint64_t due;
};

struct recording_file {
    FILE *file;
    char *line; /* RECORDING_LINE_MAX + 2 */
    struct recording *recording;
    bool loaded;   /* a state waits */
    uint64_t due;  /* of the one that stands */
    uint64_t read; /* states that stood since the beginning, or the last place */
    size_t place_count;
    uint64_t every;
    struct place places[PLACES_MAX]; /* in order */
    struct place near[2];            /* the newer one by turns: near[turn] */
    size_t turn;
    struct failure failure;
};

struct recording_file *recording_file_new(FILE *stream)
{
    struct recording_file *file = mem_new(sizeof *file);
    file->file = stream;
    file->line = mem_new(RECORDING_LINE_MAX + 2);
    file->recording = recording_new();
    file->every = EVERY;
    return file;
}

void recording_file_free(struct recording_file *file)
{
    if (file == NULL) {
        return;
    }
    for (size_t i = 0; i < file->place_count; i++) {
        recording_free(file->places[i].recording);
    }
    recording_free(file->near[0].recording);
    recording_free(file->near[1].recording);
    recording_free(file->recording);
    free(file->line);
    free(file);
}

/* --- reading on ------------------------------------------------------------------------------- */

/* Reads on to the next state; none is loaded at the end of what can be read. */
static void load_next(struct recording_file *file)
{
    enum recording_what what = RECORDING_NOTHING;
    file->loaded = false;
    while (what != RECORDING_STATE) {
        if (fgets(file->line, RECORDING_LINE_MAX + 2, file->file) == NULL) {
            return; /* cut short is no failure: the recorder may have been killed */
        }
        size_t len = strlen(file->line);
        bool whole = len > 0 && file->line[len - 1] == '\n';
        if (!whole && feof(file->file) != 0) {
            return; /* a line that was not written to its end */
        }
        struct bytes line = {(const uint8_t *)file->line, whole ? len - 1 : len};
        if (recording_load(file->recording, line, &what, &file->failure) != NET_OK ||
            what == RECORDING_END) {
            return;
        }
    }
    file->loaded = true;
}

static void note_place(const struct recording_file *file, struct place *place)
{
    recording_free(place->recording);
    *place = (struct place){recording_copy(file->recording), ftello(file->file), file->due};
}

/* When there are too many, every other one goes. */
static void thin_out(struct recording_file *file)
{
    size_t kept = 0;
    for (size_t i = 0; i < file->place_count; i++) {
        if (i % 2 == 0) {
            file->places[kept++] = file->places[i];
        } else {
            recording_free(file->places[i].recording);
        }
    }
    memset(&file->places[kept], 0, (file->place_count - kept) * sizeof file->places[0]);
    file->place_count = kept;
    file->every *= 2;
}

static void note_places(struct recording_file *file)
{
    size_t count = file->place_count;
    bool newer = count == 0 || file->due > file->places[count - 1].due;
    file->read++;
    if (file->read % NEAR == 0) {
        file->turn = 1 - file->turn;
        note_place(file, &file->near[file->turn]);
    }
    if (newer && file->read >= file->every) {
        file->read = 0;
        if (count == PLACES_MAX) {
            thin_out(file);
        }
        note_place(file, &file->places[file->place_count++]);
    }
}

void recording_file_advance(struct recording_file *file)
{
    file->due = recording_due(file->recording);
    if (recording_apply(file->recording, &file->failure) != NET_OK) {
        file->loaded = false;
        return;
    }
    note_places(file);
    load_next(file);
}

/* --- going to another place ------------------------------------------------------------------- */

bool recording_file_begin(struct recording_file *file)
{
    rewind(file->file);
    recording_free(file->recording);
    file->recording = recording_new();
    file->failure = (struct failure){.code = NET_OK};
    file->due = 0;
    file->read = 0;
    load_next(file);
    return file->loaded;
}

static const struct place *later(const struct place *best, const struct place *place,
                                 uint64_t position)
{
    bool before = place->recording != NULL && place->due < position;
    return before && (best == NULL || place->due > best->due) ? place : best;
}

/* To the last place that is remembered before the position. */
static bool go_to_place(struct recording_file *file, uint64_t position)
{
    const struct place *best = later(NULL, &file->near[0], position);
    best = later(best, &file->near[1], position);
    for (size_t i = 0; i < file->place_count; i++) {
        best = later(best, &file->places[i], position);
    }
    if (best == NULL || fseeko(file->file, best->offset, SEEK_SET) != 0) {
        return false;
    }
    recording_free(file->recording);
    file->recording = recording_copy(best->recording);
    file->failure = (struct failure){.code = NET_OK};
    file->due = best->due;
    file->read = 0;
    load_next(file);
    return true;
}

void recording_file_back(struct recording_file *file, uint64_t position)
{
    if (!go_to_place(file, position) && recording_file_begin(file)) {
        recording_file_advance(file);
    }
    while (file->loaded && recording_due(file->recording) < position) {
        recording_file_advance(file);
    }
}

/* --- what stands ------------------------------------------------------------------------------ */

bool recording_file_next(const struct recording_file *file, uint64_t *due)
{
    *due = file->loaded ? recording_due(file->recording) : 0;
    return file->loaded;
}

uint64_t recording_file_due(const struct recording_file *file)
{
    return file->due;
}

const struct snapshot *recording_file_at(struct recording_file *file, uint64_t position)
{
    return recording_at(file->recording, position);
}

const struct failure *recording_file_failure(const struct recording_file *file)
{
    return &file->failure;
}
