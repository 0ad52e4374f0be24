/*
 * What a running lab can be told to do wrong, and to do right again, a line each: for trying out
 * and testing what a client makes of it.
 *
 *   relay health TEXT       it says that it is unwell; without TEXT: well again
 *   relay gone              it refuses connections, and drops those there are
 *   relay upgrade STATUS    it answers "Upgrade: DERP" with that status; websockets still work
 *   relay drop PERCENT      of the packets
 *   relay no-wireguard      it passes disco alone
 *   relay well              none of these any more
 *   coordinator gone|back   sessions are dropped, and refused
 *   version refused|known   clients' sessions are dropped; they ask for an API that is not known
 *   token refused|taken     the session token; clients' sessions are dropped
 *   agent gone NAME         its agent leaves, the workspace runs on
 *   agent back NAME
 *   agents relayed|direct   they give up direct paths; or take them again
 *   workspace stop|start NAME
 */
#ifndef NET_LAB_LAB_CONTROL_H
#define NET_LAB_LAB_CONTROL_H

#include "net/lab/lab_uv.h"

enum { LAB_CONTROL_LINE = 256 };

/* Does it. NET_ERR_USAGE: no such line; NET_ERR_NOT_FOUND: no workspace of that name; *why. */
NET_MUST_USE enum net_err lab_control(struct lab *lab, const char *line, struct failure *why);

#endif
