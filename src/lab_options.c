#include "src/lab_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/text.h"
#include "net/lab/lab_deployment.h"
#include "net/wire/address.h"

enum { NEAR = 3 /* edits: further away is not what was meant */ };

enum option_code {
    OPTION_WORKSPACES = 256,
    OPTION_STOPPED,
    OPTION_BLOCK_DIRECT,
    OPTION_NO_STUN,
    OPTION_RELAY_DELAY,
    OPTION_RELAY_JITTER,
    OPTION_LISTEN,
    OPTION_FORCE_WEBSOCKETS,
    OPTION_JSON,
    OPTION_STDIN_EOF,
    OPTION_CONTROL,
};

static const struct option options_table[] = {
    {"workspaces", required_argument, NULL, OPTION_WORKSPACES},
    {"stopped", required_argument, NULL, OPTION_STOPPED},
    {"block-direct", no_argument, NULL, OPTION_BLOCK_DIRECT},
    {"no-stun", no_argument, NULL, OPTION_NO_STUN},
    {"relay-delay", required_argument, NULL, OPTION_RELAY_DELAY},
    {"relay-jitter", required_argument, NULL, OPTION_RELAY_JITTER},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"force-websockets", no_argument, NULL, OPTION_FORCE_WEBSOCKETS},
    {"json", no_argument, NULL, OPTION_JSON},
    {"stdin-eof", no_argument, NULL, OPTION_STDIN_EOF},
    {"control", no_argument, NULL, OPTION_CONTROL},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

const char *lab_options_help(void)
{
    return "usage: derptop lab [options]\n"
           "\n"
           "Runs a complete small deployment on loopback: coordinator, DERP relay, STUN\n"
           "server and agents, over real sockets, and prints how to reach it. Ends on\n"
           "Ctrl-C. SIGUSR1 takes the agents' direct paths away, or gives them back.\n"
           "\n"
           "  --workspaces N       how many workspaces there are (default 3, at most 64)\n"
           "  --stopped N          how many of them, from the last, are stopped (default 1)\n"
           "  --block-direct       the deployment says that direct connections are disabled\n"
           "  --no-stun            no STUN servers\n"
           "  --force-websockets   clients are told to reach the relay by websocket\n"
           "  --relay-delay MS     each packet waits so long in the relay (both ways)\n"
           "  --relay-jitter MS    and up to so much longer, at random\n"
           "  --listen IP:PORT     where to listen (default 127.0.0.1:0; 0 = any)\n"
           "  --json               print one JSON object a line\n"
           "  --stdin-eof          end when standard input ends\n"
           "  --control            do wrong what lines of standard input say (see README)\n"
           "  -v, --verbose        log to standard error\n"
           "  -h, --help           this text\n";
}

void lab_options_init(struct lab_options *options)
{
    memset(options, 0, sizeof *options);
    options->workspaces = LAB_OPTIONS_WORKSPACES;
    options->stopped = LAB_OPTIONS_STOPPED;
    text_copy(options->ip, sizeof options->ip, "127.0.0.1");
}

static enum net_err parse_number(const char *name, const char *text, unsigned max, unsigned *out,
                                 struct failure *why)
{
    char *end = NULL;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > max) {
        return failure_set(why, NET_ERR_USAGE, "--%s wants a number from 0 to %u, not \"%s\"", name,
                           max, text);
    }
    *out = (unsigned)value;
    return NET_OK;
}

static enum net_err parse_listen(const char *text, struct lab_options *out, struct failure *why)
{
    struct net_address address;
    char ip[ADDRESS_TEXT_SIZE];
    if (address_parse(text, &address) != NET_OK) {
        return failure_set(why, NET_ERR_USAGE,
                           "--listen wants an address and a port such as 127.0.0.1:8080, not "
                           "\"%s\"",
                           text);
    }
    address_ip_text(&address, ip);
    text_copy(out->ip, sizeof out->ip, ip);
    out->port = address.port;
    return NET_OK;
}

/* Names the nearest one. */
static enum net_err unknown(const char *given, struct failure *why)
{
    const char *best = NULL;
    unsigned best_distance = NEAR + 1;
    char name[64];
    text_copy(name, sizeof name, given);
    name[strcspn(name, "=")] = '\0';
    for (const struct option *option = options_table; option->name != NULL; option++) {
        unsigned distance =
            strncmp(name, "--", 2) == 0 ? text_distance(name + 2, option->name) : best_distance;
        if (distance < best_distance) {
            best = option->name;
            best_distance = distance;
        }
    }
    if (best == NULL) {
        return failure_set(why, NET_ERR_USAGE, "unknown flag %s; see derptop lab --help", name);
    }
    return failure_set(why, NET_ERR_USAGE, "unknown flag %s; did you mean --%s?", name, best);
}

static enum net_err apply(int code, struct lab_options *out, bool *stopped_given, char **argv,
                          struct failure *why)
{
    switch (code) {
    case OPTION_WORKSPACES:
        return parse_number("workspaces", optarg, LAB_WORKSPACES_MAX, &out->workspaces, why);
    case OPTION_STOPPED:
        *stopped_given = true;
        return parse_number("stopped", optarg, LAB_WORKSPACES_MAX, &out->stopped, why);
    case OPTION_RELAY_DELAY:
        return parse_number("relay-delay", optarg, LAB_OPTIONS_DELAY_MAX, &out->relay_delay_ms,
                            why);
    case OPTION_RELAY_JITTER:
        return parse_number("relay-jitter", optarg, LAB_OPTIONS_DELAY_MAX, &out->relay_jitter_ms,
                            why);
    case OPTION_LISTEN:
        return parse_listen(optarg, out, why);
    case OPTION_BLOCK_DIRECT:
        out->block_direct = true;
        break;
    case OPTION_NO_STUN:
        out->no_stun = true;
        break;
    case OPTION_FORCE_WEBSOCKETS:
        out->force_websockets = true;
        break;
    case OPTION_JSON:
        out->json = true;
        break;
    case OPTION_STDIN_EOF:
        out->stdin_eof = true;
        break;
    case OPTION_CONTROL:
        out->control = true;
        break;
    case 'v':
        out->verbose = true;
        break;
    case 'h':
        out->help = true;
        break;
    case ':':
        return failure_set(why, NET_ERR_USAGE, "%s wants a value", argv[optind - 1]);
    default:
        return unknown(argv[optind - 1], why);
    }
    return NET_OK;
}

enum net_err lab_options_parse(int argc, char **argv, struct lab_options *out, struct failure *why)
{
    bool stopped_given = false;
    lab_options_init(out);
    optind = 0; /* getopt starts afresh: the general options were read before */
    opterr = 0;
    for (;;) {
        /* One thread at this point. NOLINTNEXTLINE(concurrency-mt-unsafe) */
        int code = getopt_long(argc, argv, "+:vh", options_table, NULL);
        if (code == -1) {
            break;
        }
        if (apply(code, out, &stopped_given, argv, why) != NET_OK) {
            return NET_ERR_USAGE;
        }
    }
    if (optind < argc) {
        return failure_set(why, NET_ERR_USAGE, "derptop lab takes no operand \"%s\"", argv[optind]);
    }
    if (!stopped_given && out->workspaces < 2) {
        out->stopped = 0; /* a single workspace is of use only when it runs */
    }
    if (out->stopped > out->workspaces) {
        return failure_set(why, NET_ERR_USAGE, "--stopped %u is more than the %u workspaces",
                           out->stopped, out->workspaces);
    }
    return NET_OK;
}

static void add(struct lab_options_args *out, const char *text)
{
    text_copy(out->texts[out->count], sizeof out->texts[0], text);
    out->argv[out->count] = out->texts[out->count];
    out->argv[++out->count] = NULL;
}

static void add_number(struct lab_options_args *out, const char *name, unsigned value)
{
    char text[16];
    text_format(text, sizeof text, "%u", value);
    add(out, name);
    add(out, text);
}

void lab_options_args(const struct lab_options *options, const char *program,
                      struct lab_options_args *out)
{
    out->count = 0;
    add(out, program);
    add(out, "lab");
    add_number(out, "--workspaces", options->workspaces);
    add_number(out, "--stopped", options->stopped);
    add_number(out, "--relay-delay", options->relay_delay_ms);
    add_number(out, "--relay-jitter", options->relay_jitter_ms);
    char listen[ADDRESS_TEXT_SIZE + 8];
    text_format(listen, sizeof listen, strchr(options->ip, ':') == NULL ? "%s:%u" : "[%s]:%u",
                options->ip, options->port);
    add(out, "--listen");
    add(out, listen);
    const struct {
        bool wanted;
        const char *name;
    } switches[] = {
        {options->block_direct, "--block-direct"},
        {options->no_stun, "--no-stun"},
        {options->force_websockets, "--force-websockets"},
        {options->json, "--json"},
        {options->stdin_eof, "--stdin-eof"},
        {options->control, "--control"},
        {options->verbose, "--verbose"},
    };
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (switches[i].wanted) {
            add(out, switches[i].name);
        }
    }
}
