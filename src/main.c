#include <locale.h>
#include <stdio.h>

#include "net/crypto/key.h"
#include "src/cmd.h"
#include "src/cmd_lab.h"
#include "src/config.h"
#include "src/options.h"
#include "src/out.h"
#include "src/surroundings.h"

static int run(const struct options *options)
{
    switch (options->command) {
    case OPTIONS_LIST:
        return cmd_list(options);
    case OPTIONS_PING:
        return cmd_ping(options);
    case OPTIONS_STATUS:
        return cmd_status_line(options);
    case OPTIONS_DOCTOR:
        return cmd_doctor(options);
    case OPTIONS_SPEEDTEST:
        return cmd_speedtest(options);
    case OPTIONS_NETCHECK:
        return cmd_netcheck(options);
    case OPTIONS_RECORD:
        return cmd_record(options);
    case OPTIONS_EXPORT:
        return cmd_export(options);
    case OPTIONS_REPLAY:
        return cmd_replay(options);
    case OPTIONS_DIFF:
        return cmd_diff(options);
    case OPTIONS_PATHS:
        return cmd_paths(options);
    case OPTIONS_LAB:
        return cmd_lab(options->rest_argc, options->rest_argv);
    case OPTIONS_COMPLETE:
        return cmd_complete(options->rest_argc, options->rest_argv);
    case OPTIONS_MONITOR:
        break;
    }
    return cmd_monitor(options);
}

int main(int argc, char **argv)
{
    static struct options options;
    struct failure why;
    /* No other thread is there yet. Figures and JSON have a point, whatever the locale. */
    (void)setlocale(LC_ALL, "");      // NOLINT(concurrency-mt-unsafe): one thread
    (void)setlocale(LC_NUMERIC, "C"); // NOLINT(concurrency-mt-unsafe): one thread
    if (surroundings_prepare(&why) != NET_OK) {
        out_error(why.text);
        return EXIT_FAILED;
    }
    if (options_parse(argc, argv, &options, &why) != NET_OK) {
        out_error(why.text);
        return EXIT_USAGE;
    }
    if (options.help) {
        options_help(stdout, &options);
        out_flush();
        return EXIT_DONE;
    }
    if (options.version) {
        return cmd_version();
    }
    if (options.print_config || options.print_config_schema) {
        (options.print_config ? config_print : config_print_schema)(stdout);
        out_flush();
        return EXIT_DONE;
    }
    if (crypto_start() != NET_OK) { /* before the first token lands in locked memory */
        out_error("libsodium or libcrypto cannot start");
        return EXIT_FAILED;
    }
    return run(&options);
}
