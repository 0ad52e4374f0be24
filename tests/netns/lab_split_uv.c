/*
 * The lab in two processes, so that its server and its agent can stand in different networks:
 *
 *   lab_split server IP PORT          one workspace, no agent; prints how to reach it as JSON
 *   lab_split agent URL TOKEN ID      its agent, on all addresses of its computer
 *
 * Both end on SIGTERM.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "net/lab/lab_agent_uv.h"
#include "net/lab/lab_uv.h"

struct split {
    uv_loop_t loop;
    uv_signal_t terminate;
    struct log log;
    struct lab *lab;
    struct http_client *client;
    struct lab_agent_shell *agent;
};

static void on_terminate(uv_signal_t *handle, int number)
{
    struct split *split = handle->data;
    (void)number;
    if (split->lab != NULL) {
        lab_close(split->lab, NULL, NULL);
    }
    if (split->agent != NULL) {
        lab_agent_shell_close(split->agent);
        http_client_close(split->client);
    }
    uv_close((uv_handle_t *)handle, NULL);
}

static void on_ready(void *owner)
{
    const struct split *split = owner;
    const struct lab_deployment *deployment = lab_deployment(split->lab);
    const struct lab_workspace *workspace = &deployment->workspaces[0];
    char id[UUID_TEXT_SIZE];
    uuid_text(&workspace->agent_id, id);
    (void)printf("{\"url\":\"%s\",\"token\":\"%s\",\"agent_token\":\"%s\",\"agent_id\":\"%s\"}\n",
                 deployment->url, deployment->token, workspace->agent_token, id);
    (void)fflush(stdout);
}

static int serve(struct split *split, char **argv)
{
    struct failure why;
    const struct lab_config config = {.ip = argv[2],
                                      .port = (uint16_t)strtoul(argv[3], NULL, 10),
                                      .workspaces = 1,
                                      .no_agents = true,
                                      .log = &split->log};
    if (lab_new(&split->loop, &config, on_ready, split, &split->lab, &why) != NET_OK) {
        (void)fprintf(stderr, "%s\n", why.text);
        return 1;
    }
    return uv_run(&split->loop, UV_RUN_DEFAULT);
}

static int be_agent(struct split *split, char **argv)
{
    struct failure why;
    const struct http_config client = {.user_agent = "derptop-lab-agent", .log = &split->log};
    struct lab_agent_config config = {.loop = &split->loop,
                                      .rng = rng_os(),
                                      .log = &split->log,
                                      .name = "dev1",
                                      .url = argv[2],
                                      .token = argv[3]};
    if (uuid_parse(argv[4], &config.id) != NET_OK ||
        http_client_new(&split->loop, &client, &split->client, &why) != NET_OK) {
        (void)fputs("no such id, or no HTTP client\n", stderr);
        return 1;
    }
    config.client = split->client;
    split->agent = lab_agent_shell_new(&config);
    return uv_run(&split->loop, UV_RUN_DEFAULT);
}

int main(int argc, char **argv)
{
    static struct split split;
    bool server = argc == 4 && strcmp(argv[1], "server") == 0;
    bool agent = argc == 5 && strcmp(argv[1], "agent") == 0;
    if ((!server && !agent) || crypto_start() != NET_OK || uv_loop_init(&split.loop) != 0) {
        (void)fputs("usage: lab_split server IP PORT | agent URL TOKEN ID\n", stderr);
        return 2;
    }
    log_init(&split.log, getenv("LAB_VERBOSE") != NULL ? LOG_DEBUG : LOG_WARN); // NOLINT
    split.log.sink = log_to_file;
    split.log.owner = stderr;
    (void)uv_signal_init(&split.loop, &split.terminate);
    split.terminate.data = &split;
    (void)uv_signal_start(&split.terminate, on_terminate, SIGTERM);
    int status = server ? serve(&split, argv) : be_agent(&split, argv);
    log_clear(&split.log);
    return status;
}
