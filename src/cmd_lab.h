/*
 * `derptop lab`: runs the loopback deployment and prints how to reach it.
 */
#ifndef SRC_CMD_LAB_H
#define SRC_CMD_LAB_H

/* argv[0] is the command's name; options follow. Returns the exit status: 0 ended by SIGTERM or by
 * the end of its input, 1 it cannot run, 2 wrong usage, 130 interrupted. */
int cmd_lab(int argc, char **argv);

#endif
