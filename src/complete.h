/*
 * What a word on the command line may become, for the completions of the shells. Pure: made from
 * the tables of flags and commands, so that no shell script has to know them.
 */
#ifndef SRC_COMPLETE_H
#define SRC_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

enum { COMPLETION_WORDS_MAX = 64, COMPLETION_WORD = 80 };

enum completion_kind { COMPLETION_WORDS, COMPLETION_FILES, COMPLETION_DIRECTORIES };

struct completion {
    enum completion_kind kind; /* files and directories are the shell's own business */
    bool workspaces;           /* the names of workspaces fit, too */
    size_t count;
    struct {
        char word[COMPLETION_WORD];
        char help[COMPLETION_WORD];
    } words[COMPLETION_WORDS_MAX];
    const char *typed; /* what was typed of it; each word begins so */
};

/* `words` are those after the program's name, the last is being typed (it may be empty). Borrowed.
 * A word "=" alone, into which bash cuts "--flag=value", is passed over. */
void complete(size_t count, const char *const *words, struct completion *out);

/* One more word, if it begins as typed and there is room. */
void completion_add(struct completion *out, const char *word, const char *help);

#endif
