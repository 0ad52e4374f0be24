/*
 * `derptop --version`: ours, and those of the libraries.
 */
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <sodium.h>
#include <uv.h>

#include "src/cmd.h"
#include "src/out.h"

int cmd_version(void)
{
    out_text("derptop %s\nlibuv %s, libsodium %s, cJSON %s, %s\n", DERPTOP_VERSION,
             uv_version_string(), sodium_version_string(), cJSON_Version(), curl_version());
    return EXIT_DONE;
}
