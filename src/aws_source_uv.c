#include "src/aws_source_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "net/base/mem.h"
#include "net/base/now.h"
#include "net/base/text.h"
#include "net/transport/http_uv.h"
#include "src/cmd.h"
#include "src/out.h"

#define PUBLISHED "https://ip-ranges.amazonaws.com/ip-ranges.json"
#define KEPT_NAME "aws-ip-ranges.json"

static const char *get_env(const char *name)
{
    const char *value = getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread is started
    return value == NULL ? "" : value;
}

static void tell(const char *what, const char *path, const char *why)
{
    char text[AWS_SOURCE_PATH + 600];
    text_format(text, sizeof text, "%s %s: %s", what, path, why);
    out_error(text);
}

/* --- files
 * ------------------------------------------------------------------------------------------------
 */

/* The whole file, to be freed. NULL with *why. */
static char *read_whole(const char *path, size_t *len, struct failure *why)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 0 ||
        info.st_size > AWS_LIST_BYTES_MAX) {
        failure_set(why, NET_ERR_IO,
                    fd < 0 ? "it cannot be opened" : "it is no file of a fit size");
        if (fd >= 0) {
            (void)close(fd);
        }
        return NULL;
    }
    char *text = mem_new((size_t)info.st_size + 1);
    *len = 0;
    for (ssize_t got = 1; got > 0 && *len < (size_t)info.st_size;) {
        got = read(fd, text + *len, (size_t)info.st_size - *len);
        *len += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd);
    return text;
}

static enum net_err load_file(const char *path, struct aws_list *out, struct failure *why)
{
    size_t len = 0;
    char *text = read_whole(path, &len, why);
    if (text == NULL) {
        return NET_ERR_IO;
    }
    enum net_err err = aws_list_parse(bytes_of(text, len), out, why);
    free(text);
    return err;
}

bool aws_source_kept_path(char out[AWS_SOURCE_PATH])
{
    const char *cache = get_env("XDG_CACHE_HOME");
    const char *home = get_env("HOME");
    const char *base = cache[0] == '/' ? cache : home;
    const char *below = cache[0] == '/' ? "" : "/.cache";
    int len = snprintf(out, AWS_SOURCE_PATH, "%s%s/derptop/" KEPT_NAME, base, below);
    bool good = base[0] == '/' && len > 0 && len < AWS_SOURCE_PATH;
    out[good ? len : 0] = '\0';
    return good;
}

/* The last two folders on the way. */
static void make_folders(const char *path)
{
    char folder[AWS_SOURCE_PATH];
    text_copy(folder, sizeof folder, path);
    char *last = strrchr(folder, '/');
    *last = '\0';
    char *before = strrchr(folder, '/');
    *before = '\0';
    (void)mkdir(folder, 0700);
    *before = '/';
    (void)mkdir(folder, 0700);
}

/* Beside it first, then renamed: a reader finds the old or the new one, whole. */
static void keep(const char *path, struct bytes body)
{
    char beside[AWS_SOURCE_PATH + 8];
    make_folders(path);
    text_format(beside, sizeof beside, "%s.new", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return; /* then it is fetched again the next time */
    }
    bool whole = write(fd, body.ptr, body.len) == (ssize_t)body.len;
    whole = close(fd) == 0 && whole;
    if (!whole || rename(beside, path) != 0) {
        (void)unlink(beside);
    }
}

/* How old the kept list is; -1: there is none. */
static int64_t kept_age_s(const char *path)
{
    struct stat info;
    int64_t age = -1;
    if (stat(path, &info) == 0) {
        age = wall_now().seconds - (int64_t)info.st_mtime;
        age = age < 0 ? 0 : age;
    }
    return age;
}

/* --- the fetch
 * ------------------------------------------------------------------------------------------------
 */

struct fetch {
    uv_loop_t loop;
    struct http_client *client;
    const char *keep_at; /* "" = nowhere */
    struct aws_list *out;
    struct failure why;
};

static void on_answer(void *owner, const struct http_response *response)
{
    struct fetch *fetch = owner;
    if (response->failure.code != NET_OK) {
        fetch->why = response->failure;
    } else if (response->status != 200) {
        failure_set(&fetch->why, NET_ERR_REFUSED, "the server answered %d", response->status);
    } else if (aws_list_parse(response->body, fetch->out, &fetch->why) == NET_OK &&
               fetch->keep_at[0] != '\0') {
        keep(fetch->keep_at, response->body);
    }
    http_client_close(fetch->client);
}

static enum net_err fetch_list(const char *url, const char *keep_at, struct aws_list *out,
                               struct failure *why)
{
    struct fetch *fetch = mem_new(sizeof *fetch);
    const struct http_config config = {.user_agent = "derptop/" DERPTOP_VERSION};
    const struct http_request request = {
        .url = url, .body_max = AWS_LIST_BYTES_MAX, .timeout_ns = AWS_FETCH_TIMEOUT_S * NS_PER_SEC};
    fetch->keep_at = keep_at;
    fetch->out = out;
    (void)uv_loop_init(&fetch->loop);
    if (http_client_new(&fetch->loop, &config, &fetch->client, &fetch->why) == NET_OK) {
        (void)http_get(fetch->client, &request, on_answer, fetch);
        (void)uv_run(&fetch->loop, UV_RUN_DEFAULT);
    }
    (void)uv_loop_close(&fetch->loop);
    *why = fetch->why;
    free(fetch);
    return why->code;
}

/* --- the wish
 * ------------------------------------------------------------------------------------------------
 */

static void name_source(struct aws_source *out, const char *what, int64_t age_s)
{
    char date[11];
    text_copy(date, sizeof date, out->list.created); /* the day is enough */
    out->ranges.prefixes = out->list.prefixes;
    out->ranges.count = out->list.count;
    text_format(out->ranges.source, sizeof out->ranges.source, "%s of %s, ", what,
                date[0] != '\0' ? date : "unknown date");
    char *end = out->ranges.source + strlen(out->ranges.source);
    size_t room = sizeof out->ranges.source - strlen(out->ranges.source);
    if (age_s < 3600) {
        text_format(end, room, "%lld min old", (long long)(age_s / 60));
    } else if (age_s < INT64_C(48) * 3600) {
        text_format(end, room, "%lld h old", (long long)(age_s / 3600));
    } else {
        text_format(end, room, "%lld days old", (long long)(age_s / 86400));
    }
}

static void load_fetched(struct aws_source *out)
{
    char path[AWS_SOURCE_PATH] = "";
    struct failure why = {.code = NET_OK};
    struct failure kept_why;
    const char *elsewhere = get_env("DERPTOP_AWS_RANGES_URL");
    const char *url = elsewhere[0] != '\0' ? elsewhere : PUBLISHED;
    int64_t age = aws_source_kept_path(path) ? kept_age_s(path) : -1;
    bool young = age >= 0 && age < AWS_KEPT_FOR_S;
    if (young && load_file(path, &out->list, &kept_why) == NET_OK) {
        name_source(out, "fetched list", age);
        return;
    }
    if (fetch_list(url, path, &out->list, &why) == NET_OK) {
        name_source(out, "fetched list", 0);
        return;
    }
    tell("cannot fetch AWS's address ranges from", url, why.text);
    if (age >= 0 && load_file(path, &out->list, &kept_why) == NET_OK) {
        name_source(out, "kept list", age);
    }
}

int aws_source_load(struct aws_source *out, const char *wish)
{
    struct failure why;
    *out = (struct aws_source){0};
    aws_ranges_bundled(&out->ranges);
    if (wish == NULL) {
        return EXIT_DONE;
    }
    if (strcmp(wish, "fetch") == 0) {
        load_fetched(out);
        return EXIT_DONE;
    }
    if (load_file(wish, &out->list, &why) != NET_OK) {
        tell("--aws-ranges", wish, why.text);
        return EXIT_USAGE;
    }
    int64_t age = kept_age_s(wish);
    name_source(out, "file", age < 0 ? 0 : age);
    return EXIT_DONE;
}

void aws_source_clear(struct aws_source *source)
{
    aws_list_clear(&source->list);
}
