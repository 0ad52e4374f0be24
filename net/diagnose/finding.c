#include "net/diagnose/finding.h"

static const struct {
    const char *name;
    enum finding_side side;
    const char *title;
} codes[FINDING_CODES] = {
#define X(code, name, side, title) [code] = {name, FINDING_SIDE_##side, title},
    FINDING_LIST(X)
#undef X
};

const char *finding_name(enum finding_code code)
{
    return codes[code].name;
}

const char *finding_title(enum finding_code code)
{
    return codes[code].title;
}

enum finding_side finding_side_of(enum finding_code code)
{
    return codes[code].side;
}

const char *finding_side_name(enum finding_side side)
{
    static const char *const names[] = {
        [FINDING_SIDE_DEPLOYMENT] = "deployment",
        [FINDING_SIDE_CLIENT] = "client",
        [FINDING_SIDE_AGENT] = "agent",
        [FINDING_SIDE_PATH] = "path",
    };
    return names[side];
}

const char *finding_severity_name(enum finding_severity severity)
{
    static const char *const names[] = {
        [SEVERITY_OK] = "ok",
        [SEVERITY_INFO] = "info",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_ERROR] = "error",
    };
    return names[severity];
}
