#include <errno.h>
#include <string.h>

#include "net/base/text.h"
#include "net/transport/transfer_uv.h"

/* libcurl's own words where it gave some, else its words for the code. */
static const char *detail(const struct transfer *transfer, CURLcode code)
{
    return transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);
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

/* Whether libcurl's text speaks of the URL's own host, and not of a proxy's. */
static bool names_host_of(const char *url, const char *text)
{
    char host[CURL_ERROR_SIZE];
    const char *begin = strstr(url, "://");
    begin = begin == NULL ? url : begin + 3;
    begin += *begin == '[' ? 1 : 0;
    text_copy(host, sizeof host, begin);
    host[strcspn(host, *(begin - 1) == '[' ? "]" : ":/")] = '\0';
    return strstr(text, host) != NULL;
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
    if (!names_host_of(transfer->url, where)) {
        return failure_set(out, NET_ERR_IO,
                           "%s: the proxy cannot be reached (%s: %s). Check HTTPS_PROXY and "
                           "HTTP_PROXY",
                           transfer->url, where, uv_strerror(uv_translate_sys_error((int)os)));
    }
    return failure_set(out, NET_ERR_IO, "%s: %s: %s. %s", transfer->url, where,
                       uv_strerror(uv_translate_sys_error((int)os)),
                       os == ECONNREFUSED
                           ? "Nothing listens there; check the address and that the server runs"
                           : "Check the address, your network, VPN and firewall");
}

struct explanation {
    CURLcode code;
    enum net_err err;
    bool with_detail; /* libcurl's words, in brackets */
    const char *what;
    const char *advice;
};

static const struct explanation explanations[] = {
    {CURLE_COULDNT_RESOLVE_HOST, NET_ERR_NOT_FOUND, false, "the host name is not known",
     "Check the address and your network's DNS"},
    {CURLE_COULDNT_RESOLVE_PROXY, NET_ERR_NOT_FOUND, false, "the proxy's host name is not known",
     "Check HTTPS_PROXY and HTTP_PROXY"},
    {CURLE_OPERATION_TIMEDOUT, NET_ERR_TIMEOUT, true, "no complete answer in time",
     "Check your network, VPN and firewall"},
    {CURLE_PEER_FAILED_VERIFICATION, NET_ERR_IO, true, "the server's certificate is not trusted",
     "If the deployment uses a private authority, give its file with --client-tls-ca-file or "
     "SSL_CERT_FILE"},
    {CURLE_SSL_CACERT_BADFILE, NET_ERR_USAGE, true, "the file of authorities is not usable",
     "Check --client-tls-ca-file and SSL_CERT_FILE"},
    {CURLE_SSL_CERTPROBLEM, NET_ERR_USAGE, true, "the client certificate or its key is not usable",
     "Check --client-tls-cert-file and --client-tls-key-file"},
    {CURLE_SSL_CONNECT_ERROR, NET_ERR_IO, true, "no TLS connection could be made",
     "The server must speak TLS 1.2 or newer"},
    {CURLE_FILESIZE_EXCEEDED, NET_ERR_TOO_BIG, false, "the answer is larger than allowed",
     "Is this the right server?"},
    {CURLE_UNSUPPORTED_PROTOCOL, NET_ERR_MALFORMED, false, "the answer is not HTTP",
     "Is this the right address and port?"},
    {CURLE_WEIRD_SERVER_REPLY, NET_ERR_MALFORMED, false, "the answer is not HTTP",
     "Is this the right address and port?"},
    {CURLE_GOT_NOTHING, NET_ERR_IO, false, "the server closed the connection without an answer",
     "Is it starting, or does something between close connections?"},
    {CURLE_SEND_ERROR, NET_ERR_IO, true, "the connection broke", "Check your network"},
    {CURLE_RECV_ERROR, NET_ERR_IO, true, "the connection broke", "Check your network"},
};

static enum net_err explain(const struct transfer *transfer, CURLcode code, struct failure *out)
{
    for (size_t i = 0; i < sizeof explanations / sizeof explanations[0]; i++) {
        const struct explanation *row = &explanations[i];
        if (row->code == code) {
            return failure_set(out, row->err, "%s: %s%s%s%s. %s", transfer->url, row->what,
                               row->with_detail ? " (" : "",
                               row->with_detail ? detail(transfer, code) : "",
                               row->with_detail ? ")" : "", row->advice);
        }
    }
    return failure_set(out, NET_ERR_IO, "%s: %s", transfer->url, detail(transfer, code));
}

enum net_err transfer_failure(const struct transfer *transfer, CURLcode code, struct failure *out)
{
    long proxy_status = 0;
    if (transfer->early.code != NET_OK) {
        *out = transfer->early;
        return out->code;
    }
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    if (proxy_status != 0 && proxy_status / 100 != 2) {
        return proxy_answer(transfer, proxy_status, out);
    }
    if (code == CURLE_COULDNT_CONNECT) {
        return cannot_connect(transfer, out);
    }
    if (strstr(transfer->error, "certificate required") != NULL) { /* in TLS 1.3, a failed read */
        return failure_set(out, NET_ERR_IO,
                           "%s: the server wants a client certificate. Give its files with "
                           "--client-tls-cert-file and --client-tls-key-file",
                           transfer->url);
    }
    if (strstr(transfer->error, "wrong version number") != NULL) {
        return failure_set(out, NET_ERR_IO,
                           "%s: what listens there does not speak TLS; is its address http:// "
                           "instead?",
                           transfer->url);
    }
    return explain(transfer, code, out);
}
