#include "ui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_NOMACROS 1
#include <curses.h>
#include <term.h>

#include "net/base/bytes.h"
#include "net/base/text.h"
#include "ui/canvas_curses.h"
#include "ui/key.h"
#include "ui/links_known.h"

#define TITLE_PUSH "\033[22;2t"
#define TITLE_POP  "\033[23;2t"
#define TITLE_NONE "\033]2;\007"

enum { ESC_DELAY_MS = 25, RESTORE_MAX = 512, ALT_STACK = 64 << 10, NOTE_MAX = 160 };

static struct {
    bool open;
    SCREEN *screen;
    const struct glyphs *glyphs;
    char note[NOTE_MAX];
    bool has_title;
    bool mouse;
    struct term_click click;
    struct termios before;
    int kept_stderr;           /* the real one; -1 = not replaced */
    FILE *aside;               /* where stderr goes meanwhile */
    char restore[RESTORE_MAX]; /* prepared: a handler may only write */
    size_t restore_len;
} term = {.kept_stderr = -1};

/* --- the way back
 * ----------------------------------------------------------------------------------------- */

static void add_restore(const char *capability)
{
    const char *text = tigetstr((NCURSES_CONST char *)(uintptr_t)capability);
    if (text == NULL || text == (const char *)-1) {
        return;
    }
    size_t len = strlen(text);
    if (term.restore_len + len < RESTORE_MAX) {
        memcpy(term.restore + term.restore_len, text, len);
        term.restore_len += len;
    }
}

/* What a handler can do about the messages set aside: copy them with read and write. */
static void copy_aside(void)
{
    char block[1024];
    if (term.kept_stderr < 0 || term.aside == NULL) {
        return;
    }
    int from = fileno(term.aside);
    (void)lseek(from, 0, SEEK_SET);
    for (ssize_t got = read(from, block, sizeof block); got > 0;
         got = read(from, block, sizeof block)) {
        if (write(term.kept_stderr, block, (size_t)got) < 0) {
            return;
        }
    }
}

/* Only async-signal-safe calls: the program is broken here. */
static void on_fatal(int number)
{
    static const char line[] =
        "\nderptop: crashed; the terminal was restored (" DERPTOP_VERSION ")\n";
    if (term.open) {
        term.open = false;
        bool written = write(STDOUT_FILENO, term.restore, term.restore_len) >= 0;
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
        copy_aside();
        int to = term.kept_stderr >= 0 ? term.kept_stderr : STDERR_FILENO;
        written = write(to, line, sizeof line - 1) >= 0 && written;
        (void)written; /* there is nobody left to tell */
    }
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static void catch_fatal_signals(void)
{
    static uint8_t stack[ALT_STACK];
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGQUIT};
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_flags = SA_ONSTACK | (int)SA_RESETHAND};
    action.sa_handler = on_fatal;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
        (void)sigaction(fatal[i], &action, NULL);
    }
}

static void keep_stderr(void)
{
    term.aside = tmpfile();
    if (term.aside == NULL) {
        return; /* a stray line would tear the frame; nothing worse */
    }
    (void)fflush(stderr);
    term.kept_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (term.kept_stderr >= 0) {
        (void)dup2(fileno(term.aside), STDERR_FILENO);
    }
}

static void give_stderr_back(void)
{
    if (term.kept_stderr >= 0) {
        (void)fflush(stderr);
        (void)dup2(term.kept_stderr, STDERR_FILENO);
        copy_aside();
        (void)close(term.kept_stderr);
        term.kept_stderr = -1;
    }
    if (term.aside != NULL) {
        (void)fclose(term.aside);
        term.aside = NULL;
    }
}

/* --- opening
 * ------------------------------------------------------------------------------------------------
 */

static const char *env(const char *name)
{
    return getenv(name); // NOLINT(concurrency-mt-unsafe): nothing changes the environment
}

static bool wants_color(const struct term_options *options)
{
    const char *no_color = env("NO_COLOR");
    if (strcmp(options->color, "auto") != 0) {
        return strcmp(options->color, "always") == 0;
    }
    return no_color == NULL || no_color[0] == '\0';
}

/* UTF-8 signs only where the locale has them and each takes one column. */
static bool shows_utf8(void)
{
    static const wchar_t signs[] = L"→⇄●○◌✓▲▼✘×▸…·↑↓─│┌┤▁█⣿━╌◆◇•░▀";
    const char *codeset = nl_langinfo(CODESET); // NOLINT(concurrency-mt-unsafe): main thread only
    if (strcmp(codeset, "UTF-8") != 0) {
        return false;
    }
    for (size_t i = 0; signs[i] != L'\0'; i++) {
        if (wcwidth(signs[i]) != 1) {
            return false;
        }
    }
    return true;
}

/* The console's font has no braille and few signs; a user may know better. */
static const struct glyphs *choose_glyphs(const struct term_options *options, const char *name)
{
    const char *ascii = env("DERPTOP_ASCII");
    if (options->ascii || (ascii != NULL && ascii[0] != '\0') || !shows_utf8()) {
        return &glyphs_ascii;
    }
    if (strcmp(options->graph, "braille") == 0) {
        return &glyphs_utf8;
    }
    if (strcmp(options->graph, "block") == 0) {
        return &glyphs_block;
    }
    if (strcmp(options->graph, "ascii") == 0) {
        return &glyphs_ascii;
    }
    return strcmp(name, "linux") == 0 ? &glyphs_console : &glyphs_utf8;
}

/* Asked before newterm, which does not give back what it took when it does not know the name. */
static bool is_known(const char *name)
{
    int found = 0;
    if (setupterm(name, STDOUT_FILENO, &found) != OK) {
        return false;
    }
    (void)del_curterm(cur_term);
    return true;
}

static SCREEN *open_screen(const char *name)
{
    bool like_xterm = strncmp(name, "xterm", 5) == 0 || env("COLORTERM") != NULL;
    static const char stand_in[] = "xterm-256color";
    const char *use = name;
    if (like_xterm && !is_known(name)) {
        use = stand_in;
        text_format(term.note, sizeof term.note,
                    "the terminal \"%s\" is not known here: taken for %s", name, use);
    }
    return is_known(use) ? newterm((NCURSES_CONST char *)(uintptr_t)use, stdout, stdin) : NULL;
}

static enum net_err check_terminal(const char *name, struct failure *why)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        return failure_set(why, NET_ERR_USAGE,
                           "the monitor needs a terminal on standard input and output; without one "
                           "use `derptop ping WORKSPACE` or `derptop list`");
    }
    if (name[0] == '\0' || strcmp(name, "dumb") == 0) {
        return failure_set(why, NET_ERR_USAGE,
                           "the terminal \"%s\" cannot place the cursor; use `derptop ping "
                           "WORKSPACE` here, or set TERM",
                           name);
    }
    return NET_OK;
}

/* The title that the window had comes back, where the terminal keeps it (XTWINOPS); elsewhere it is
 * left empty. */
static void keep_title(bool keep)
{
    if (term.has_title) {
        (void)fputs(keep ? TITLE_PUSH : TITLE_NONE TITLE_POP, stdout);
        (void)fflush(stdout);
    }
}

static void set_modes(void)
{
    (void)raw();
    (void)noecho();
    (void)nonl();
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)curs_set(0);
}

/* What the terminal is sent if the program dies: its title, the reports of the mouse off, then
 * curses' own. */
static void prepare_restore(void)
{
    static const char *const back[] = {"sgr0", "rmkx", "cnorm", "rmcup"};
    static const char first[] = TITLE_NONE TITLE_POP "\033[?1000l\033[?1006l";
    term.restore_len = 0;
    if (term.has_title) { /* of the family that has a mouse */
        memcpy(term.restore, first, sizeof first - 1);
        term.restore_len = sizeof first - 1;
    }
    for (size_t i = 0; i < sizeof back / sizeof *back; i++) {
        add_restore(back[i]);
    }
}

enum net_err term_open(const struct term_options *options, struct failure *why)
{
    const char *term_name = env("TERM");
    const char *name = term_name == NULL ? "" : term_name;
    enum net_err err = check_terminal(name, why);
    if (err != NET_OK) {
        return err;
    }
    (void)tcgetattr(STDIN_FILENO, &term.before);
    if (env("ESCDELAY") == NULL) {
        (void)set_escdelay(ESC_DELAY_MS);
    }
    term.screen = open_screen(name);
    if (term.screen == NULL) {
        return failure_set(why, NET_ERR_USAGE,
                           "the terminal \"%s\" is not known here; set TERM=xterm-256color, or "
                           "install ncurses-term",
                           name);
    }
    const char *cup = tigetstr((NCURSES_CONST char *)(uintptr_t) "cup");
    if (cup == NULL || cup == (const char *)-1) {
        (void)endwin();
        delscreen(term.screen);
        return failure_set(why, NET_ERR_USAGE,
                           "the terminal \"%s\" cannot place the cursor; use `derptop ping "
                           "WORKSPACE` here",
                           name);
    }
    term.glyphs = choose_glyphs(options, name);
    term.has_title = strncmp(name, "xterm", 5) == 0 || strncmp(name, "tmux", 4) == 0 ||
                     strncmp(name, "screen", 6) == 0 || strncmp(name, "rxvt", 4) == 0 ||
                     env("COLORTERM") != NULL;
    prepare_restore();
    keep_title(true);
    set_modes();
    canvas_curses_start(wants_color(options));
    canvas_curses_theme(THEME_SAFE);
    canvas_curses_links(links_known(env));
    catch_fatal_signals();
    keep_stderr();
    term.open = true;
    return NET_OK;
}

void term_close(void)
{
    if (!term.open) {
        return;
    }
    term.open = false;
    term_mouse(false);
    keep_title(false);
    (void)endwin();
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
    delscreen(term.screen);
    give_stderr_back();
}

void term_suspend(void)
{
    keep_title(false);
    (void)endwin();
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
}

void term_resume(void)
{
    keep_title(true);
    (void)wrefresh(stdscr);
    set_modes();
    term_mouse(term.mouse);
}

void term_retake(void)
{
    (void)reset_prog_mode();
}

const char *term_note(void)
{
    return term.note[0] == '\0' ? NULL : term.note;
}

const struct glyphs *term_glyphs(void)
{
    return term.glyphs;
}

void term_size(int *rows, int *cols)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0) {
        *rows = size.ws_row < CANVAS_SIDE_MAX ? size.ws_row : CANVAS_SIDE_MAX;
        *cols = size.ws_col < CANVAS_SIDE_MAX ? size.ws_col : CANVAS_SIDE_MAX;
        if (*rows != LINES || *cols != COLS) {
            (void)resizeterm(*rows, *cols);
        }
    } else {
        *rows = LINES;
        *cols = COLS;
    }
}

/* --- keys
 * -----------------------------------------------------------------------------------------------------
 */

/* Clicks of the first button, and the wheel; the rest means nothing. */
static int read_mouse(void)
{
    MEVENT event;
    if (getmouse(&event) != OK) {
        return KEY_CODE_UNKNOWN;
    }
    bool up = (event.bstate & BUTTON4_PRESSED) != 0;
    bool down = (event.bstate & BUTTON5_PRESSED) != 0;
    term.click = (struct term_click){event.y, event.x, up ? -1 : down ? 1 : 0};
    bool first = (event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)) != 0;
    return up || down || first ? KEY_CODE_MOUSE : KEY_CODE_UNKNOWN;
}

static int key_of(int code)
{
    static const struct {
        int curses, ours;
    } keys[] = {
        {KEY_UP, KEY_CODE_UP},
        {KEY_DOWN, KEY_CODE_DOWN},
        {KEY_LEFT, KEY_CODE_LEFT},
        {KEY_RIGHT, KEY_CODE_RIGHT},
        {KEY_HOME, KEY_CODE_HOME},
        {KEY_END, KEY_CODE_END},
        {KEY_PPAGE, KEY_CODE_PAGE_UP},
        {KEY_NPAGE, KEY_CODE_PAGE_DOWN},
        {KEY_BACKSPACE, KEY_CODE_BACKSPACE},
        {KEY_BTAB, KEY_CODE_BACK_TAB},
        {KEY_ENTER, KEY_CODE_ENTER},
        {KEY_RESIZE, KEY_CODE_RESIZE},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].curses == code) {
            return keys[i].ours;
        }
    }
    if (code > KEY_F0 && code <= KEY_F0 + KEY_CODE_F12 - KEY_CODE_F1 + 1) {
        return KEY_CODE_F1 + code - KEY_F0 - 1;
    }
    return code == KEY_MOUSE ? read_mouse() : KEY_CODE_UNKNOWN;
}

int term_key(bool *end)
{
    wint_t code = 0;
    errno = 0;
    int kind = wget_wch(stdscr, &code);
    *end = kind == ERR && errno != 0 && errno != EAGAIN && errno != EINTR;
    if (kind == ERR) {
        return KEY_NONE;
    }
    if (kind == KEY_CODE_YES) {
        return key_of((int)code);
    }
    if (code == '\r') {
        return KEY_CODE_ENTER;
    }
    return code == 0x7f || code == '\b' ? KEY_CODE_BACKSPACE : (int)code;
}

void term_show(const struct canvas *canvas, bool anew)
{
    canvas_curses_show(canvas, anew);
}

bool term_can_show(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) > 0;
}

void term_theme(enum theme theme)
{
    canvas_curses_theme(theme);
}

enum theme term_theme_guess(void)
{
    return theme_guess(env("COLORFGBG"));
}

void term_mouse(bool on)
{
    term.mouse = on;
    (void)mouseinterval(0); /* no waiting for a double click */
    (void)mousemask(on ? BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0,
                    NULL);
}

struct term_click term_clicked(void)
{
    return term.click;
}

void term_bell(void)
{
    (void)beep();
}

void term_notify(const char *text)
{
    char safe[256];
    (void)beep();
    if (term.has_title) {
        (void)text_clean(safe, sizeof safe, bytes_text(text));
        (void)printf("\033]9;%s\007\033]777;notify;derptop;%s\007", safe, safe);
        (void)fflush(stdout);
    }
}

/* Three bytes at a time, as four characters. */
static void print_base64(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i += 3) {
        const unsigned char *at = (const unsigned char *)text + i;
        size_t have = len - i < 3 ? len - i : 3;
        unsigned bits = (unsigned)at[0] << 16 | (have > 1 ? (unsigned)at[1] << 8 : 0U) |
                        (have > 2 ? (unsigned)at[2] : 0U);
        (void)putchar(digits[bits >> 18]);
        (void)putchar(digits[bits >> 12 & 63]);
        (void)putchar(have > 1 ? digits[bits >> 6 & 63] : '=');
        (void)putchar(have > 2 ? digits[bits & 63] : '=');
    }
}

bool term_copy(const char *text)
{
    if (term.has_title) {
        (void)fputs("\033]52;c;", stdout);
        print_base64(text);
        (void)fputs("\007", stdout);
        (void)fflush(stdout);
    }
    return term.has_title;
}

void term_title(const char *title)
{
    char safe[256];
    if (term.has_title) {
        (void)text_clean(safe, sizeof safe, bytes_text(title));
        (void)printf("\033]2;%s\007", safe);
        (void)fflush(stdout);
    }
}

const char *term_library(void)
{
    return curses_version();
}
