#include "src/muted.h"

#include <string.h>

static const char kind[] = "muted";

void muted_path(const char *folder, const char *deployment, char out[STATE_FILE_PATH])
{
    state_file_path(folder, kind, deployment, out);
}

static void read_line(void *owner, const char *text)
{
    bool *muted = owner;
    for (int code = 0; code < FINDING_CODES; code++) {
        muted[code] |= strcmp(finding_name((enum finding_code)code), text) == 0;
    }
}

void muted_read(const char *folder, const char *deployment, bool out[FINDING_CODES])
{
    memset(out, 0, FINDING_CODES * sizeof *out);
    state_file_read(folder, kind, deployment, read_line, out);
}

static bool write_lines(const void *what, FILE *out)
{
    const bool *muted = what;
    bool good = true;
    for (int code = 0; code < FINDING_CODES; code++) {
        good &= !muted[code] || fprintf(out, "%s\n", finding_name((enum finding_code)code)) > 0;
    }
    return good;
}

void muted_write(const char *folder, const char *deployment, const bool muted[FINDING_CODES])
{
    state_file_write(folder, kind, deployment, write_lines, muted);
}
