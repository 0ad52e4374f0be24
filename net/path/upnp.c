#include "net/path/upnp.h"

#include <assert.h>
#include <miniupnpc/igd_desc_parse.h>
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpreplyparse.h>
#include <string.h>

#include "net/base/text.h"

enum { STATUS_OK = 200, STATUS_LAST_OK = 299 };

static const char *const kinds[] = {
    [UPNP_WAN_IP_2] = "urn:schemas-upnp-org:service:WANIPConnection:2",
    [UPNP_WAN_IP_1] = "urn:schemas-upnp-org:service:WANIPConnection:1",
    [UPNP_WAN_PPP_1] = "urn:schemas-upnp-org:service:WANPPPConnection:1",
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/* --- the description ---------------------------------------------------------------------------
 */

/* Resolves a control URL as RFC 3986 has it, as far as routers use it: whole, from the root, or
 * beside the base. Only path and port of the result are used. */
static bool resolve(const char *url, const struct ssdp_location *base, struct ssdp_location *out)
{
    if (ssdp_location_parse(bytes_text(url), out)) {
        return true;
    }
    char whole[ADDRESS_TEXT_SIZE + 2 * SSDP_PATH_SIZE];
    char host[ADDRESS_TEXT_SIZE];
    const char *slash = strrchr(base->path, '/');
    int folder_len = url[0] == '/' || slash == NULL ? 0 : (int)(slash - base->path);
    if (url[0] == '\0' || strstr(url, "://") != NULL) {
        return false;
    }
    address_text(&base->host, host);
    text_format(whole, sizeof whole, "http://%s%.*s%s%s", host, folder_len, base->path,
                url[0] == '/' ? "" : "/", url);
    return ssdp_location_parse(bytes_text(whole), out);
}

/* KINDS: not one that we can use. */
static size_t kind_of(const struct IGDdatas_service *service)
{
    size_t kind = 0;
    while (kind < KINDS && strcmp(service->servicetype, kinds[kind]) != 0) {
        kind++;
    }
    return service->controlurl[0] == '\0' ? KINDS : kind;
}

enum net_err upnp_description(struct bytes xml, const struct ssdp_location *at,
                              struct upnp_service *out)
{
    struct IGDdatas found;
    struct ssdp_location base = *at;
    struct ssdp_location control;
    assert(xml.len <= UPNP_DESCRIPTION_MAX);
    memset(&found, 0, sizeof found);
    parserootdesc((const char *)xml.ptr, (int)xml.len, &found);
    size_t first = kind_of(&found.first);
    size_t second = kind_of(&found.second);
    size_t kind = first <= second ? first : second;
    if (kind == KINDS) {
        return NET_ERR_NOT_FOUND;
    }
    (void)ssdp_location_parse(bytes_text(found.urlbase), &base);
    const char *url = first <= second ? found.first.controlurl : found.second.controlurl;
    if (!resolve(url, &base, &control)) {
        return NET_ERR_NOT_FOUND;
    }
    out->kind = (enum upnp_kind)kind;
    out->port = control.host.port;
    text_copy(out->path, sizeof out->path, control.path);
    return NET_OK;
}

/* --- calls -------------------------------------------------------------------------------------
 */

static const char *const names[] = {
    [UPNP_ADD_ANY_PORT] = "AddAnyPortMapping",
    [UPNP_ADD_PORT] = "AddPortMapping",
    [UPNP_DELETE_PORT] = "DeletePortMapping",
    [UPNP_GET_EXTERNAL_ADDRESS] = "GetExternalIPAddress",
};

static void put(struct writer *out, const char *text)
{
    writer_put(out, bytes_text(text));
}

/* Values are numbers and addresses: nothing in them needs escaping. */
static void put_argument(struct writer *out, const char *name, const char *value)
{
    put(out, "<");
    put(out, name);
    put(out, ">");
    put(out, value);
    put(out, "</");
    put(out, name);
    put(out, ">");
}

static void put_number(struct writer *out, const char *name, uint32_t value)
{
    char text[16];
    text_format(text, sizeof text, "%u", (unsigned)value);
    put_argument(out, name, text);
}

static void put_mapping(struct writer *out, const struct upnp_mapping *mapping)
{
    char own[ADDRESS_TEXT_SIZE];
    address_ip_text(&mapping->own, own);
    put_number(out, "NewInternalPort", mapping->own.port);
    put_argument(out, "NewInternalClient", own);
    put_argument(out, "NewEnabled", "1");
    put_argument(out, "NewPortMappingDescription", "derptop");
    put_number(out, "NewLeaseDuration", mapping->lease_s);
}

void upnp_call_encode(struct writer *out, char header[UPNP_ACTION_SIZE], enum upnp_kind kind,
                      enum upnp_action action, const struct upnp_mapping *mapping)
{
    text_format(header, UPNP_ACTION_SIZE, "\"%s#%s\"", kinds[kind], names[action]);
    put(out, "<?xml version=\"1.0\"?>\r\n"
             "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
             "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><u:");
    put(out, names[action]);
    put(out, " xmlns:u=\"");
    put(out, kinds[kind]);
    put(out, "\">");
    if (action != UPNP_GET_EXTERNAL_ADDRESS) {
        put_argument(out, "NewRemoteHost", "");
        put_number(out, "NewExternalPort", mapping->external_port);
        put_argument(out, "NewProtocol", "UDP"); /* some routers insist on upper case */
    }
    if (action == UPNP_ADD_ANY_PORT || action == UPNP_ADD_PORT) {
        put_mapping(out, mapping);
    }
    put(out, "</u:");
    put(out, names[action]);
    put(out, "></s:Body></s:Envelope>\r\n");
}

/* --- answers -----------------------------------------------------------------------------------
 */

/* A whole number up to `max`; 0 for anything else. */
static unsigned number(const char *text, unsigned max)
{
    unsigned value = 0;
    if (text == NULL || text[0] == '\0') {
        return 0;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value > max) {
            return 0;
        }
        value = value * 10 + (unsigned)(*text - '0');
    }
    return value <= max ? value : 0;
}

void upnp_answer_decode(int status, struct bytes xml, struct upnp_answer *out)
{
    struct NameValueParserData found;
    assert(xml.len <= UPNP_ANSWER_MAX);
    *out = (struct upnp_answer){0};
    memset(&found, 0, sizeof found);
    ParseNameValue((const char *)xml.ptr, (int)xml.len, &found);
    out->error = number(GetValueFromNameValueList(&found, "errorCode"), UINT16_MAX);
    if (out->error == UPNP_ERROR_NONE && (status < STATUS_OK || status > STATUS_LAST_OK)) {
        out->error = UPNP_ERROR_UNKNOWN;
    }
    if (out->error == UPNP_ERROR_NONE) {
        const char *ip = GetValueFromNameValueList(&found, "NewExternalIPAddress");
        out->reserved_port =
            (uint16_t)number(GetValueFromNameValueList(&found, "NewReservedPort"), UINT16_MAX);
        if (ip == NULL || address_parse_ip(ip, &out->external) != NET_OK) {
            out->external = (struct net_address){0};
        }
    }
    ClearNameValueList(&found);
}

const char *upnp_miniupnpc_version(void)
{
    return MINIUPNPC_VERSION;
}
