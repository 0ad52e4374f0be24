#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/base/mem.h"
#include "net/base/text.h"
#include "tests/support/face.h"
#include "ui/panels.h"

#include <cmocka.h>

/* The style of the title's first letter, when it was first seen so long ago. */
static enum style title_style_after(uint64_t ms)
{
    enum { TITLE_COL = 4, ROWS = 6, COLS = 50 };
    struct snapshot *s = mem_new(sizeof *s);
    struct canvas canvas = {0};
    struct app app;
    app_init(&app);
    s->now = 1000 * NS_PER_SEC;
    s->finding_count = 1;
    s->findings[0].severity = SEVERITY_WARNING;
    s->findings[0].since = s->now - ms * NS_PER_MS;
    text_copy(s->findings[0].title, sizeof s->findings[0].title, "Title");
    canvas_init(&canvas, ROWS, COLS, &glyphs_ascii);
    panel_findings(&canvas, canvas_all(&canvas), &app, s);
    const struct cell *cell = canvas_cell(&canvas, 1, TITLE_COL);
    assert_string_equal(cell->text, "T");
    enum style style = (enum style)cell->style;
    canvas_clear(&canvas);
    free(s);
    return style;
}

static void test_a_new_finding_stands_out_once(void **state)
{
    (void)state;
    assert_int_equal(title_style_after(0), STYLE_SELECTED);
    assert_int_equal(title_style_after(4900), STYLE_SELECTED);
    assert_int_equal(title_style_after(5100), STYLE_STRONG);
    assert_int_equal(title_style_after(600000), STYLE_STRONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_finding_stands_out_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
