/*
 * Every codec of net/wire: the first byte chooses which, the rest is what came off the wire. What
 * is decoded and can be encoded again must decode to the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/buf.h"
#include "net/wire/derp.h"
#include "net/wire/disco.h"
#include "net/wire/drpc.h"
#include "net/wire/stun.h"
#include "net/wire/tailnet.h"
#include "net/wire/wireguard.h"
#include "net/wire/yamux.h"

enum codec {
    STUN_REQUEST,
    STUN_RESPONSE,
    DISCO_PAYLOAD,
    DISCO_PACKET,
    DERP_FRAMES,
    YAMUX_HEADERS,
    DRPC_STREAM,
    ADDRESS_TEXT,
    WIREGUARD,
    TAILNET_REQUEST,
    TAILNET_RESPONSE,
    TAILNET_MAP,
    TAILNET_WORKSPACES,
    TAILNET_TOKEN,
    CODECS
};

static void stun(struct bytes in, bool request)
{
    struct stun_tx tx;
    struct net_address address;
    uint8_t memory[STUN_RESPONSE_MAX];
    struct writer out = writer_of(memory, sizeof memory);
    if (request) {
        (void)!stun_request_decode(in, &tx);
    } else if (stun_response_decode(in, &tx, &address) == NET_OK) {
        struct stun_tx tx_again;
        struct net_address again;
        stun_response_encode(&out, &tx, &address);
        assert(stun_response_decode(writer_done(&out), &tx_again, &again) == NET_OK);
        assert(address_equal(&address, &again) && memcmp(&tx, &tx_again, sizeof tx) == 0);
    }
    (void)stun_looks_like(in);
}

static void disco_payload(struct bytes in)
{
    struct disco_message message = {0};
    struct disco_message again = {0};
    uint8_t memory[4096];
    struct writer out = writer_of(memory, sizeof memory);
    if (disco_payload_decode(in, &message) != NET_OK) {
        return;
    }
    disco_payload_encode(&message, true, &out);
    assert(!out.failed);
    assert(disco_payload_decode(writer_done(&out), &again) == NET_OK);
    assert(again.type == message.type && memcmp(&again.tx, &message.tx, sizeof again.tx) == 0);
    assert(again.endpoint_count == message.endpoint_count);
}

static void disco_packet(struct bytes in)
{
    static const struct box_key key = {{7}};
    struct disco_message message;
    (void)!disco_open(&key, in, &message);
    (void)disco_looks_like_for_relay(in);
    if (disco_looks_like(in)) {
        (void)disco_sender(in);
    }
}

static void derp(struct bytes in)
{
    struct reader reader = reader_of(in);
    struct derp_frame frame;
    while (derp_frame_decode(&reader, DERP_FRAME_MAX, &frame) == NET_OK) {
        struct node_public key;
        struct bytes packet;
        uint8_t reason = 0;
        uint32_t ms = 0;
        (void)!derp_server_key_decode(frame.payload, &key);
        (void)!derp_packet_decode(frame.payload, &key, &packet);
        (void)!derp_peer_gone_decode(frame.payload, &key, &reason);
        (void)!derp_restarting_decode(frame.payload, &ms, &ms);
    }
}

static void yamux(struct bytes in)
{
    struct reader reader = reader_of(in);
    struct yamux_header header;
    while (yamux_header_decode(&reader, &header) == NET_OK) {
        uint8_t memory[YAMUX_HEADER_LEN];
        struct writer out = writer_of(memory, sizeof memory);
        yamux_header_encode(&out, &header);
        assert(!out.failed && memcmp(memory, reader.at - YAMUX_HEADER_LEN, sizeof memory) == 0);
    }
}

/* In pieces whose length the input says. */
static void drpc(struct bytes in)
{
    struct drpc_reader reader;
    drpc_reader_init(&reader);
    while (in.len > 0) {
        size_t step = in.ptr[0] % 61U + 1;
        step = step < in.len ? step : in.len;
        if (drpc_reader_feed(&reader, bytes_of(in.ptr, step)) != NET_OK) {
            break;
        }
        in = bytes_of(in.ptr + step, in.len - step);
        struct drpc_packet packet;
        enum net_err err = NET_OK;
        while ((err = drpc_reader_next(&reader, &packet)) == NET_OK) {
            uint64_t code = 0;
            char text[64];
            drpc_error_decode(packet.data, &code, text, sizeof text);
            (void)drpc_error_is_unknown_rpc(code, text);
        }
        if (err != NET_ERR_AGAIN) {
            break;
        }
    }
    drpc_reader_clear(&reader);
}

static void address(struct bytes in)
{
    char text[128];
    struct net_address parsed;
    size_t len = in.len < sizeof text - 1 ? in.len : sizeof text - 1;
    memcpy(text, in.ptr, len);
    text[len] = '\0';
    if (address_parse(text, &parsed) == NET_OK) {
        char again[ADDRESS_TEXT_SIZE];
        struct net_address back;
        address_text(&parsed, again);
        assert(address_parse(again, &back) == NET_OK && address_equal(&parsed, &back));
    }
    (void)!address_parse_ip(text, &parsed);
}

static void wireguard(struct bytes in)
{
    struct wg_initiation initiation;
    struct wg_response response;
    struct wg_cookie cookie;
    struct wg_data data;
    uint8_t memory[WG_INITIATION_LEN];
    struct writer out = writer_of(memory, sizeof memory);
    switch (wireguard_type(in)) {
    case WG_INITIATION:
        wireguard_read_initiation(in, &initiation);
        wireguard_write_initiation(&out, &initiation);
        assert(memcmp(memory, in.ptr, WG_INITIATION_LEN - WG_MACS_LEN) == 0);
        break;
    case WG_RESPONSE:
        wireguard_read_response(in, &response);
        wireguard_write_response(&out, &response);
        assert(memcmp(memory, in.ptr, WG_RESPONSE_LEN - WG_MACS_LEN) == 0);
        break;
    case WG_COOKIE:
        wireguard_read_cookie(in, &cookie);
        wireguard_write_cookie(&out, &cookie);
        assert(memcmp(memory, in.ptr, WG_COOKIE_LEN) == 0);
        break;
    case WG_DATA:
        wireguard_read_data(in, &data);
        assert(data.sealed.len == in.len - WG_DATA_HEADER_LEN);
        break;
    default:
        break;
    }
}

static void on_update(void *owner, const struct tailnet_peer_update *update)
{
    (void)owner;
    assert(update->node.endpoint_count <= TAILNET_ENDPOINTS_MAX);
    assert(update->node.address_count <= TAILNET_ADDRESSES_MAX);
}

static void tailnet(enum codec codec, struct bytes in)
{
    static struct tailnet_request request;
    static struct tailnet_node node;
    static struct tailnet_resume_token token;
    struct tailnet_workspaces workspaces = {0};
    struct derp_map map;
    char error[TAILNET_REASON_SIZE];
    size_t skipped = 0;
    derp_map_init(&map);
    if (codec == TAILNET_REQUEST) {
        (void)!tailnet_request_decode(in, &request, &node);
    } else if (codec == TAILNET_RESPONSE) {
        (void)!tailnet_response_decode(in, on_update, NULL, error, &skipped);
    } else if (codec == TAILNET_TOKEN) {
        (void)!tailnet_resume_token_decode(in, &token);
    } else if (codec == TAILNET_WORKSPACES) {
        if (tailnet_workspaces_decode(in, &workspaces) == NET_OK) {
            tailnet_workspaces_clear(&workspaces);
        }
    } else if (tailnet_derp_map_decode(in, &map) == NET_OK) {
        struct buf out = {0};
        struct derp_map again;
        derp_map_init(&again);
        buf_init(&out, 1 << 22);
        if (tailnet_derp_map_encode(&out, &map) == NET_OK) {
            assert(tailnet_derp_map_decode(buf_view(&out), &again) == NET_OK);
            assert(derp_map_equal(&map, &again));
        }
        buf_clear(&out);
        derp_map_clear(&again);
    }
    derp_map_clear(&map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    enum codec codec = (enum codec)(data[0] % CODECS);
    struct bytes in = bytes_of(data + 1, size - 1);
    switch (codec) {
    case STUN_REQUEST:
    case STUN_RESPONSE:
        stun(in, codec == STUN_REQUEST);
        break;
    case DISCO_PAYLOAD:
        disco_payload(in);
        break;
    case DISCO_PACKET:
        disco_packet(in);
        break;
    case DERP_FRAMES:
        derp(in);
        break;
    case YAMUX_HEADERS:
        yamux(in);
        break;
    case DRPC_STREAM:
        drpc(in);
        break;
    case ADDRESS_TEXT:
        address(in);
        break;
    case WIREGUARD:
        wireguard(in);
        break;
    case TAILNET_REQUEST:
    case TAILNET_RESPONSE:
    case TAILNET_MAP:
    case TAILNET_WORKSPACES:
    case TAILNET_TOKEN:
    case CODECS:
        tailnet(codec, in);
        break;
    }
    return 0;
}
