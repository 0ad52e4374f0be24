"""Draws a pyte screen as a picture: what a terminal would show, without a terminal."""

import pyte
from PIL import Image, ImageDraw, ImageFont

FONTS = "/usr/share/fonts/truetype/dejavu/"
SIZE = 20
DARK, LIGHT = ("#14171c", "#d5d9e0"), ("#fbfaf7", "#24282f")  # behind, and in front
# The sixteen colours, as a common dark scheme has them; pyte gives names for the first eight twice.
NAMED = {
    "black": "#21252b", "red": "#e06c75", "green": "#98c379", "brown": "#d19a66", "yellow": "#d19a66",
    "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2", "white": "#d5d9e0",
    "brightblack": "#6b7380", "brightred": "#ff7b86", "brightgreen": "#b5e890", "brightbrown": "#f0c674",
    "brightyellow": "#f0c674", "brightblue": "#8ac6ff", "brightmagenta": "#df9bf5",
    "brightcyan": "#7fd6e0", "brightwhite": "#ffffff",
}
# Lines of boxes: which of left, right, up, down go out from the middle. Fonts leave gaps between rows.
LINES = {"─": "lr", "│": "ud", "┌": "rd", "┐": "ld", "└": "ru", "┘": "lu", "┤": "lud", "━": "LR", "╌": "--"}
# Eighths of a cell, from below.
LOWER_BLOCKS = {chr(0x2581 + i): (i + 1) / 8 for i in range(8)}


def colour(name, default):
    if name == "default":
        return default
    return NAMED.get(name) or f"#{name}"


class Painter:
    def __init__(self, light=False):
        self.back, self.front = LIGHT if light else DARK
        self.regular = ImageFont.truetype(FONTS + "DejaVuSansMono.ttf", SIZE)
        self.bold = ImageFont.truetype(FONTS + "DejaVuSansMono-Bold.ttf", SIZE)
        ascent, descent = self.regular.getmetrics()
        self.width = round(self.regular.getlength("M"))
        self.height = ascent + descent

    def paint(self, screen, margin=12):
        size = (screen.columns * self.width + 2 * margin, screen.lines * self.height + 2 * margin)
        image = Image.new("RGB", size, self.back)
        draw = ImageDraw.Draw(image)
        for row in range(screen.lines):
            for column in range(screen.columns):
                self.cell(draw, screen.buffer[row][column], margin + column * self.width, margin + row * self.height)
        return image

    def cell(self, draw, char, x, y):
        front, back = colour(char.fg, self.front), colour(char.bg, self.back)
        if char.reverse:
            front, back = back, front
        if back != self.back:
            draw.rectangle((x, y, x + self.width - 1, y + self.height - 1), back)
        if char.underscore:
            draw.line((x, y + self.height - 3, x + self.width - 1, y + self.height - 3), front)
        text = char.data
        if not text.strip():
            return
        if "\u2800" <= text <= "\u28ff":
            self.braille(draw, ord(text) - 0x2800, x, y, front)
        elif text in LINES:
            self.lines(draw, LINES[text], x, y, front)
        elif text in LOWER_BLOCKS:
            top = y + self.height - round(self.height * LOWER_BLOCKS[text])
            draw.rectangle((x, top, x + self.width - 1, y + self.height - 1), front)
        else:
            draw.text((x, y), text, font=self.bold if char.bold else self.regular, fill=front)

    def lines(self, draw, ways, x, y, fill):
        """From the middle of the cell to its edges; capitals are bold, dashes leave gaps."""
        middle_x, middle_y = x + self.width // 2, y + self.height // 2
        ends = {"l": (x, middle_y), "r": (x + self.width, middle_y), "u": (middle_x, y), "d": (middle_x, y + self.height)}
        if ways == "--":
            for part in range(2):
                start = x + part * self.width // 2 + 1
                draw.line((start, middle_y, start + self.width // 4, middle_y), fill, 2)
            return
        for way in ways:
            bold = 1 if way.isupper() else 0
            left, right = sorted((middle_x, ends[way.lower()][0]))
            top, bottom = sorted((middle_y, ends[way.lower()][1]))
            draw.rectangle((left, top - bold, right, bottom + bold), fill)

    def braille(self, draw, dots, x, y, fill):
        """Eight dots, two by four; the bits are in the order that Unicode gives them."""
        places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
        radius = self.width / 5.2
        for bit, (across, down) in enumerate(places):
            if dots >> bit & 1:
                middle_x = x + self.width * (across * 2 + 1) / 4
                middle_y = y + self.height * (down * 2 + 1) / 8
                draw.ellipse((middle_x - radius, middle_y - radius, middle_x + radius, middle_y + radius), fill)


def save(screen, path, light=False):
    Painter(light).paint(screen).save(path, optimize=True)


def of_text(rows, columns, data):
    """A screen with these bytes on it, for the tests of this file."""
    screen = pyte.Screen(columns, rows)
    pyte.ByteStream(screen).feed(data)
    return screen
