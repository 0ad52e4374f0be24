#include "src/cmd.h"

#include <stdlib.h>

#include "src/out.h"

int cmd_status(const struct failure *failure)
{
    if (failure->code == NET_OK) {
        return EXIT_DONE;
    }
    return failure->code == NET_ERR_AUTH    ? EXIT_REFUSED
           : failure->code == NET_ERR_USAGE ? EXIT_USAGE
                                            : EXIT_FAILED;
}

static const char *get_env(const char *name)
{
    return getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread is started
}

int cmd_settings(const struct options *options, struct settings *out)
{
    struct settings_flags flags;
    struct failure why;
    options_settings_flags(options, &flags);
    if (settings_load(&flags, get_env, out, &why) == NET_OK) {
        return EXIT_DONE;
    }
    out_error(why.text);
    return cmd_status(&why);
}
