#include "ui/links_known.h"

#include <stdlib.h>
#include <string.h>

enum { VTE_LEAST = 5000 }; /* 0.50 */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool links_known(const char *(*get_env)(const char *name))
{
    static const char *const terms[] = {"xterm-kitty", "xterm-ghostty", "alacritty",
                                        "foot",        "wezterm",       "contour"};
    static const char *const programs[] = {"iTerm.app", "WezTerm", "ghostty", "vscode", "rio"};
    static const char *const variables[] = {"KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION"};
    const char *term = get_env("TERM");
    const char *program = get_env("TERM_PROGRAM");
    const char *vte = get_env("VTE_VERSION");
    /* These stand between, and pass links on only where they are told to. */
    if (term == NULL || begins(term, "tmux") || begins(term, "screen")) {
        return false;
    }
    bool known = vte != NULL && strtol(vte, NULL, 10) >= VTE_LEAST;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        known |= begins(term, terms[i]);
    }
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        known |= program != NULL && strcmp(program, programs[i]) == 0;
    }
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        known |= get_env(variables[i]) != NULL;
    }
    return known;
}
