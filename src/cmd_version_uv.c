/*
 * `derptop --version`: ours, and those of the libraries.
 */
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <sodium.h>
#include <uv.h>

#include "net/path/upnp.h"
#include "net/transport/websocket.h"
#include "net/tunnel/stack.h"
#include "net/wire/tailnet.h"
#include "src/cmd.h"
#include "src/out.h"
#include "ui/term.h"

int cmd_version(void)
{
    out_text("derptop %s\n", DERPTOP_VERSION);
    out_text("libuv %s, libsodium %s, cJSON %s, protobuf-c %s, wslay %s, lwIP %s, miniupnpc %s, "
             "%s\n",
             uv_version_string(), sodium_version_string(), cJSON_Version(),
             tailnet_protobuf_version(), websocket_wslay_version(), stack_lwip_version(),
             upnp_miniupnpc_version(), term_library());
    out_text("%s\n", curl_version());
    return EXIT_DONE;
}
