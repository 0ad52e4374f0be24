/*
 * One check as plain text, for a mail or a chat: what is known of it, whether its finding stands or
 * not.
 */
#ifndef SRC_FINDING_TEXT_H
#define SRC_FINDING_TEXT_H

#include <stdio.h>

#include "net/monitor/snapshot.h"

void finding_text(const struct snapshot *s, enum finding_code code, FILE *out);

#endif
