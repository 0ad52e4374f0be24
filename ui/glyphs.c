#include "ui/glyphs.h"

/* All that the sets for good fonts share. */
#define UTF8_SIGNS                                                                                 \
    .utf8 = true, .direct = "→", .relay = "⇄", .connected = "●", .stopped = "○",                   \
    .connecting = "◌", .ok = "✓", .info = "●", .warning = "▲", .error = "✘", .unknown = "?",       \
    .muted = "◇", .lost = "×", .selected = "▸", .pinned = "*", .ellipsis = "…", .dot = "·",        \
    .up = "↑", .down = "↓", .h = "─", .v = "│", .top_left = "┌", .top_right = "┐",                 \
    .bottom_left = "└", .bottom_right = "┘", .axis_v = "│", .tick_v = "┤", .clipped = "▲",         \
    .became_direct = "▲", .fell_back = "▼", .mark = "◆", .test_down = "↓", .test_up = "↑",         \
    .strip_direct = "━", .strip_relay = "╌", .body_direct = "█", .body_relay = "░",                \
    .top_direct = {"▄", "█"}, .top_relay = {"▄", "▀"}, .tunnel = "•",                              \
    .spark = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, .shade = {"░", "▒", "▓", "█"}

const struct glyphs glyphs_utf8 = {UTF8_SIGNS, .graph = GRAPH_BRAILLE};
const struct glyphs glyphs_block = {UTF8_SIGNS, .graph = GRAPH_BLOCK};

/* What the font of a PC's console has (code page 437). */
const struct glyphs glyphs_console = {
    .utf8 = true,
    .graph = GRAPH_BLOCK,
    .direct = "→",
    .relay = "=",
    .connected = "■",
    .stopped = "o",
    .connecting = ".",
    .ok = "√",
    .info = "i",
    .warning = "!",
    .error = "x",
    .unknown = "?",
    .muted = "z",
    .lost = "x",
    .selected = ">",
    .pinned = "*",
    .ellipsis = "~",
    .dot = "·",
    .up = "↑",
    .down = "↓",
    .h = "─",
    .v = "│",
    .top_left = "┌",
    .top_right = "┐",
    .bottom_left = "└",
    .bottom_right = "┘",
    .axis_v = "│",
    .tick_v = "┤",
    .clipped = "^",
    .became_direct = "^",
    .fell_back = "v",
    .mark = "#",
    .test_down = "↓",
    .test_up = "↑",
    .strip_direct = "═",
    .strip_relay = "-",
    .body_direct = "█",
    .body_relay = "░",
    .top_direct = {"▄", "█"},
    .top_relay = {"▄", "▀"},
    .tunnel = "+",
    .spark = {"_", "_", "░", "░", "▒", "▒", "▓", "█"},
    .shade = {"░", "▒", "▓", "█"},
};

const struct glyphs glyphs_ascii = {
    .utf8 = false,
    .graph = GRAPH_ASCII,
    .direct = ">",
    .relay = "=",
    .connected = "*",
    .stopped = "o",
    .connecting = ".",
    .ok = "+",
    .info = "i",
    .warning = "!",
    .error = "x",
    .unknown = "?",
    .muted = "z",
    .lost = "x",
    .selected = ">",
    .pinned = "*",
    .ellipsis = "~",
    .dot = "-",
    .up = "^",
    .down = "v",
    .h = "-",
    .v = "|",
    .top_left = "+",
    .top_right = "+",
    .bottom_left = "+",
    .bottom_right = "+",
    .axis_v = "|",
    .tick_v = "+",
    .clipped = "^",
    .became_direct = "^",
    .fell_back = "v",
    .mark = "m",
    .test_down = "D",
    .test_up = "U",
    .strip_direct = "#",
    .strip_relay = "=",
    .body_direct = "#",
    .body_relay = ":",
    .top_direct = {"#", "#"},
    .top_relay = {"=", "="},
    .tunnel = "o",
    .spark = {"_", ".", ",", "-", "=", "+", "*", "#"},
    .shade = {".", ":", "*", "#"},
};
