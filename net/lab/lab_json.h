/*
 * The lab's REST objects as coderd writes them. Pure: data in, cJSON out (cJSON_Delete is the
 * caller's). Fields: protocol notes 1.4, 2.2, 3.
 */
#ifndef NET_LAB_LAB_JSON_H
#define NET_LAB_LAB_JSON_H

#include <cjson/cJSON.h>

#include "net/lab/lab_deployment.h"

cJSON *lab_json_build_info(const struct lab_deployment *deployment);
cJSON *lab_json_appearance(void);
cJSON *lab_json_user(const struct lab_deployment *deployment);
cJSON *lab_json_workspace(const struct lab_deployment *deployment,
                          const struct lab_workspace *workspace);
cJSON *lab_json_agent(const struct lab_deployment *deployment,
                      const struct lab_workspace *workspace);
/* DERP map members have Go's field names, those at zero left out as Go does. */
cJSON *lab_json_connection(const struct lab_deployment *deployment);

/* {"message", "detail", "validations"}; detail and field may be NULL. */
cJSON *lab_json_error(const char *message, const char *detail, const char *field,
                      const char *field_detail);

/* As coderd computes it: "connecting", "connected" or "disconnected". */
const char *lab_agent_status(const struct lab_workspace *workspace);

#endif
