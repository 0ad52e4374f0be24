#include "net/monitor/grade.h"

#include "net/base/now.h"

static enum latency_grade grade_of(const struct grade_limits *limits, uint64_t rtt_ns)
{
    return rtt_ns < limits->good_ns   ? GRADE_GOOD
           : rtt_ns > limits->poor_ns ? GRADE_POOR
                                      : GRADE_FAIR;
}

void grade_sample(struct grade *grade, const struct grade_limits *limits, uint64_t rtt_ns)
{
    static const struct grade_limits usual = {GRADE_GOOD_MS * NS_PER_MS, GRADE_POOR_MS * NS_PER_MS,
                                              GRADE_SAMPLES};
    limits = limits->samples == 0 ? &usual : limits;
    enum latency_grade is = grade_of(limits, rtt_ns);
    if (grade->now == GRADE_UNKNOWN || is == grade->now) {
        *grade = (struct grade){.now = is};
        return;
    }
    bool worse = is > grade->now;
    bool goes_on = grade->count > 0 && (grade->next > grade->now) == worse;
    bool nearer = worse ? is < grade->next : is > grade->next;
    grade->next = goes_on && !nearer ? grade->next : is;
    grade->count = goes_on ? grade->count + 1 : 1;
    if (grade->count >= limits->samples) {
        *grade = (struct grade){.now = grade->next};
    }
}
