/*
 * The other half of the diagnosis: what was looked for and is not so, and what cannot be told yet.
 * A check for every code of a finding. Pure.
 */
#ifndef NET_DIAGNOSE_CHECKS_H
#define NET_DIAGNOSE_CHECKS_H

#include <stddef.h>

#include "net/diagnose/diagnose.h"

enum check_state {
    CHECK_STANDS,  /* its finding is there */
    CHECK_UNKNOWN, /* what it rests on is not known */
    CHECK_PASSED,  /* it is known that there is nothing to find */
};

struct check {
    enum check_state state;
    const char *unknown; /* UNKNOWN: why, in a few words; static. Else "" */
};

/* One for each code. A check stands if and only if diagnose() finds it, and has passed only if no
 * fact that is still to come could have made it stand. `limits` may be NULL. */
void checks_make(const struct facts *facts, const struct diagnose_limits *limits,
                 struct check out[FINDING_CODES]);

/* The same beside a list of findings, which lag behind the facts so that nothing flickers: what is
 * in it stands, and what the facts alone show does not yet, nor has it passed. */
void checks_beside(const struct facts *facts, const struct finding *standing, size_t count,
                   struct check out[FINDING_CODES]);

/* The figures that a check rests on, as whole lines; how many. None that is not known is there. */
enum { CHECK_LINES_MAX = 6, CHECK_LINE_SIZE = 400 };
size_t check_evidence(const struct facts *facts, enum finding_code code,
                      char out[CHECK_LINES_MAX][CHECK_LINE_SIZE]);

/* Why it would matter ("" = that depends); static. And where it is described. */
const char *check_why(enum finding_code code);
void check_docs(const struct facts *facts, enum finding_code code, char out[FINDING_DOCS_SIZE]);

#endif
