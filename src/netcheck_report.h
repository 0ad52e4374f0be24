/*
 * What `derptop netcheck` prints: for people, and as JSON with the field names of the Coder agent's
 * own report.
 */
#ifndef SRC_NETCHECK_REPORT_H
#define SRC_NETCHECK_REPORT_H

#include <stdio.h>

#include "net/probe/netcheck_view.h"

/* The report as text, `columns` wide; bars of blocks or of '#'. No escape codes. */
void netcheck_text(FILE *out, const struct netcheck_view *view, unsigned columns, bool utf8);

/* A region's line; the report itself. Free with cJSON_Delete, or print with out_json. */
cJSON *netcheck_region_json(const struct netcheck_view *view, const struct derp_region *region);
cJSON *netcheck_summary_json(const struct netcheck_view *view);

#endif
