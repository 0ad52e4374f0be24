#include <errno.h>

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

static enum net_err cannot_connect(const struct transfer *transfer, struct failure *out)
{
    long os = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os);
    const char *advice = os == ECONNREFUSED
                             ? "nothing listens there: check the address and that the server runs"
                             : "check the address, your network, VPN and firewall";
    return failure_set(
        out, NET_ERR_IO, "%s: %s. %s%s%s", transfer->url, detail(transfer, CURLE_COULDNT_CONNECT),
        os == 0 ? "" : uv_strerror(uv_translate_sys_error((int)os)), os == 0 ? "" : "; ", advice);
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
        return failure_set(out, NET_ERR_IO,
                           "%s: no TLS connection (%s). Is it an https:// server with TLS 1.2 or "
                           "newer?",
                           url, detail(transfer, code));
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
    default:
        return failure_set(out, NET_ERR_IO, "%s: %s", url, detail(transfer, code));
    }
}
