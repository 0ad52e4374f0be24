#include <errno.h>
#include <string.h>

#include "net/base/text.h"
#include "net/transport/transfer_uv.h"

/* libcurl's own words where it gave some, else its words for the code. */
static const char *detail(const struct transfer *transfer, CURLcode code)
{
    return transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
}

static enum net_err certificate(const struct transfer *transfer, CURLcode code, struct failure *out)
{
    return failure_set(out, NET_ERR_IO,
                       "%s: the server's certificate is not trusted (%s). If the deployment uses a "
                       "private authority, give its file with --client-tls-ca-file or "
                       "SSL_CERT_FILE",
                       transfer->url, detail(transfer, code));
}

static enum net_err proxy_answer(const struct transfer *transfer, long status, struct failure *out)
{
    if (status == 407) {
        return failure_set(out, NET_ERR_IO,
                           "%s: the proxy wants a user name and password (407). Put them into "
                           "HTTPS_PROXY, as http://user:password@host:port",
                           transfer->url);
    }
    return failure_set(out, NET_ERR_IO,
                       "%s: the proxy refused to connect (status %ld). Check HTTPS_PROXY, or add "
                       "the host to NO_PROXY",
                       transfer->url, status);
}

/* "Failed to connect to HOST port N" names the proxy where one is used; what follows in libcurl's
 * text (" after 3 ms: Couldn't connect to server") says less than the system's error. */
static enum net_err cannot_connect(const struct transfer *transfer, struct failure *out)
{
    long os = 0;
    char where[CURL_ERROR_SIZE];
    text_copy(where, sizeof where, detail(transfer, CURLE_COULDNT_CONNECT));
    char *tail = strstr(where, " after ");
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os);
    if (os == 0) {
        return failure_set(out, NET_ERR_IO,
                           "%s: %s. Check the address, your network, VPN and firewall",
                           transfer->url, where);
    }
    if (tail != NULL) {
        *tail = '\0';
    }
    return failure_set(out, NET_ERR_IO, "%s: %s: %s. %s", transfer->url, where,
                       uv_strerror(uv_translate_sys_error((int)os)),
                       os == ECONNREFUSED
                           ? "Nothing listens there; check the address and that the server runs"
                           : "Check the address, your network, VPN and firewall");
}

static enum net_err no_tls(const struct transfer *transfer, CURLcode code, struct failure *out)
{
    const char *why = detail(transfer, code);
    if (strstr(why, "wrong version number") != NULL) {
        return failure_set(out, NET_ERR_IO,
                           "%s: what listens there does not speak TLS; is its address http:// "
                           "instead?",
                           transfer->url);
    }
    return failure_set(out, NET_ERR_IO,
                       "%s: no TLS connection could be made (%s). The server must speak TLS 1.2 or "
                       "newer",
                       transfer->url, why);
}

/* With TLS 1.3 this is known only after the handshake, as a failed read. */
static bool wants_client_certificate(const struct transfer *transfer)
{
    return strstr(transfer->error, "certificate required") != NULL;
}

enum net_err transfer_failure(const struct transfer *transfer, CURLcode code, struct failure *out)
{
    long proxy_status = 0;
    const char *url = transfer->url;
    if (transfer->early.code != NET_OK) {
        *out = transfer->early;
        return out->code;
    }
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (proxy_status != 0 && proxy_status / 100 != 2) {
        return proxy_answer(transfer, proxy_status, out);
    }
    if (wants_client_certificate(transfer)) {
        return failure_set(out, NET_ERR_IO,
                           "%s: the server wants a client certificate. Give its files with "
                           "--client-tls-cert-file and --client-tls-key-file",
                           url);
    }
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return failure_set(out, NET_ERR_NOT_FOUND,
                           "%s: the host name is not known. Check the address and your network's "
                           "DNS",
                           url);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return failure_set(out, NET_ERR_NOT_FOUND,
                           "%s: the proxy's host name is not known. Check HTTPS_PROXY and "
                           "HTTP_PROXY",
                           url);
    case CURLE_COULDNT_CONNECT:
        return cannot_connect(transfer, out);
    case CURLE_OPERATION_TIMEDOUT:
        return failure_set(out, NET_ERR_TIMEOUT,
                           "%s: no complete answer in time (%s). Check your network, VPN and "
                           "firewall",
                           url, detail(transfer, code));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return certificate(transfer, code, out);
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        return failure_set(out, NET_ERR_USAGE, "%s: a certificate or key file is not usable (%s)",
                           url, detail(transfer, code));
    case CURLE_SSL_CONNECT_ERROR:
        return no_tls(transfer, code, out);
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_WRITE_ERROR:
        return failure_set(out, NET_ERR_TOO_BIG,
                           "%s: the answer is larger than allowed; is this the right server?", url);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return failure_set(out, NET_ERR_MALFORMED,
                           "%s: the answer is not HTTP; is this the right address and port?", url);
    case CURLE_GOT_NOTHING:
        return failure_set(out, NET_ERR_IO,
                           "%s: the server closed the connection without an answer", url);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return failure_set(out, NET_ERR_IO, "%s: the connection broke: %s", url,
                           detail(transfer, code));
    default:
        return failure_set(out, NET_ERR_IO, "%s: %s", url, detail(transfer, code));
    }
}
