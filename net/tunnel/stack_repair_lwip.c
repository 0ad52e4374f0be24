#include "net/tunnel/stack_repair_lwip.h"

#include "net/tunnel/stack_internal_lwip.h"

enum {
    /* In tcp_seg.flags, beside lwIP's TF_SEG_ (up to 0x10). */
    SEGMENT_HELD = 0x40,   /* the peer has it */
    SEGMENT_RESENT = 0x80, /* in this repair */

    REORDERED_PART = 4, /* of the least round trip */
    LOST_SEGMENTS = 3,  /* so much that came later makes a gap a loss: RFC 6675, DupThresh */

    HEADER_MIN = 20,
    OFFSET_AT = 12,
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_SACK = 5,
};

static uint32_t first_of(const struct tcp_seg *seg)
{
    return lwip_ntohl(seg->tcphdr->seqno);
}

static uint32_t end_of(const struct tcp_seg *seg)
{
    return first_of(seg) + TCP_TCPLEN(seg);
}

/* --- what the peer says ------------------------------------------------------------------------
 */

static void note_block(struct repair *repair, const struct tcp_pcb *pcb, const uint8_t *at)
{
    uint32_t from = stack_u32(at);
    uint32_t to = stack_u32(at + 4);
    /* Below what is acknowledged it tells of a copy (RFC 2883); beyond what was sent, of nothing.
     */
    if (repair->block_count < REPAIR_BLOCKS_MAX && TCP_SEQ_LT(pcb->lastack, from) &&
        TCP_SEQ_LT(from, to) && TCP_SEQ_LEQ(to, pcb->snd_nxt)) {
        repair->blocks[repair->block_count][0] = from;
        repair->blocks[repair->block_count][1] = to;
        repair->block_count++;
    }
}

void repair_note(struct repair *repair, const struct tcp_pcb *pcb, const uint8_t *tcp, size_t len)
{
    size_t header = len > OFFSET_AT ? (size_t)(tcp[OFFSET_AT] >> 4) * 4 : 0;
    repair->block_count = 0;
    if (header > len) {
        return;
    }
    for (size_t at = HEADER_MIN; at < header && tcp[at] != OPTION_END;) {
        size_t left = header - at;
        size_t size = tcp[at] == OPTION_NOP ? 1 : left > 1 ? tcp[at + 1] : 0;
        if (size == 0 || size > left || (tcp[at] != OPTION_NOP && size < 2)) {
            return;
        }
        for (size_t i = 2; tcp[at] == OPTION_SACK && i + 8 <= size; i += 8) {
            note_block(repair, pcb, tcp + at + i);
        }
        at += size;
    }
}

/* --- what is known of the segments -------------------------------------------------------------
 */

static void forget_marks(struct tcp_seg *seg, unsigned marks)
{
    for (; seg != NULL; seg = seg->next) {
        seg->flags &= (u8_t)~marks;
    }
}

struct known {
    uint32_t highest; /* end of the last segment that the peer holds; `una` = it holds none */
    uint32_t held;    /* bytes */
};

static struct known take_blocks(const struct repair *repair, const struct tcp_pcb *pcb)
{
    struct known known = {.highest = pcb->lastack};
    for (struct tcp_seg *seg = pcb->unacked; seg != NULL; seg = seg->next) {
        for (size_t i = 0; i < repair->block_count; i++) {
            if (TCP_SEQ_GEQ(first_of(seg), repair->blocks[i][0]) &&
                TCP_SEQ_LEQ(end_of(seg), repair->blocks[i][1])) {
                seg->flags |= SEGMENT_HELD;
            }
        }
        if ((seg->flags & SEGMENT_HELD) != 0) {
            known.highest = end_of(seg);
            known.held += TCP_TCPLEN(seg);
        }
    }
    return known;
}

static bool is_lost(const struct tcp_seg *seg, const struct tcp_pcb *pcb, uint32_t highest)
{
    return (seg->flags & (SEGMENT_HELD | SEGMENT_RESENT)) == 0 &&
           TCP_SEQ_LEQ(end_of(seg) + (uint32_t)LOST_SEGMENTS * pcb->mss, highest);
}

/* --- sending again -----------------------------------------------------------------------------
 */

/* Bytes that are on their way, as far as is known. */
static uint32_t under_way(const struct tcp_pcb *pcb, uint32_t highest)
{
    uint32_t bytes = 0;
    for (const struct tcp_seg *seg = pcb->unacked; seg != NULL; seg = seg->next) {
        bool is_there = (seg->flags & SEGMENT_HELD) != 0 || is_lost(seg, pcb, highest);
        bytes += is_there ? 0 : TCP_TCPLEN(seg);
    }
    return bytes;
}

/* RFC 6937, 3: how much may be sent on this acknowledgement. */
static uint64_t allowed(const struct repair *repair, const struct tcp_pcb *pcb, uint32_t pipe,
                        uint64_t delivered_now)
{
    uint64_t sent = repair->sent;
    if (pipe > pcb->ssthresh) {
        uint64_t due = (repair->delivered * pcb->ssthresh + repair->flight - 1) / repair->flight;
        return due > sent ? due - sent : 0;
    }
    uint64_t behind = repair->delivered > sent ? repair->delivered - sent : 0;
    uint64_t limit = (behind > delivered_now ? behind : delivered_now) + pcb->mss;
    uint64_t room = pcb->ssthresh - pipe;
    return room < limit ? room : limit;
}

/* From its place among those that are under way to its place among those that are to be sent, which
 * are in order, too. *place: where that one is sought. */
static void put_back(struct tcp_pcb *pcb, struct tcp_seg **link, struct tcp_seg ***place)
{
    struct tcp_seg *seg = *link;
    *link = seg->next;
    while (**place != NULL && TCP_SEQ_LT(first_of(**place), first_of(seg))) {
        *place = &(**place)->next;
    }
    seg->next = **place;
    **place = seg;
    if (seg->next == NULL) {
        pcb->unsent_oversize = 0; /* as tcp_rexmit: nothing may be added to it */
    }
    seg->flags |= SEGMENT_RESENT;
    pcb->rttest = 0; /* it would not be known which of the two was answered (Karn) */
}

/* Lost ones in order, as many as may be; the first gap in any case if it is `due`. Returns what is
 * left of `room`; *left: some are still lost. */
static uint64_t send_lost(struct repair *repair, struct tcp_pcb *pcb, uint32_t highest, bool due,
                          uint64_t room, bool *left)
{
    struct tcp_seg **link = &pcb->unacked;
    struct tcp_seg **place = &pcb->unsent;
    *left = false;
    while (*link != NULL) {
        struct tcp_seg *seg = *link;
        uint32_t len = TCP_TCPLEN(seg);
        bool first =
            due && seg == pcb->unacked && (seg->flags & (SEGMENT_HELD | SEGMENT_RESENT)) == 0;
        bool lost = first || is_lost(seg, pcb, highest);
        if (!lost || seg->p->ref != 1) {
            link = &seg->next;
            continue;
        }
        if (!first && room < len) {
            *left = true;
            break;
        }
        put_back(pcb, link, &place);
        repair->sent += len;
        room = room > len ? room - len : 0;
        due = false;
    }
    return room;
}

static void begin(struct repair *repair, struct tcp_pcb *pcb)
{
    repair->under_way = true;
    repair->recover = pcb->snd_nxt;
    repair->una = pcb->lastack;
    repair->nxt = pcb->snd_nxt;
    repair->flight = pcb->snd_nxt - pcb->lastack;
    repair->held = 0;
    repair->delivered = 0;
    repair->sent = 0;
    forget_marks(pcb->unacked, SEGMENT_RESENT);
    forget_marks(pcb->unsent, SEGMENT_RESENT);
    /* lwIP has sent the first one again, or is about to. */
    struct tcp_seg *first = pcb->unacked;
    if (pcb->unsent != NULL &&
        (first == NULL || TCP_SEQ_LT(first_of(pcb->unsent), first_of(first)))) {
        first = pcb->unsent;
    }
    if (first != NULL) {
        first->flags |= SEGMENT_RESENT;
        repair->sent = TCP_TCPLEN(first);
    }
}

/* The least round trip, one measurement after the other. */
static void measure(struct repair *repair, const struct tcp_pcb *pcb, mono_ns now)
{
    if (repair->sample_at != 0 && TCP_SEQ_GEQ(pcb->lastack, repair->sample_end)) {
        uint64_t took = mono_since(now, repair->sample_at);
        repair->least_ns =
            repair->least_ns == 0 || took < repair->least_ns ? took : repair->least_ns;
        repair->sample_at = 0;
    }
    if (repair->sample_at == 0 && pcb->snd_nxt != pcb->lastack) {
        repair->sample_at = now;
        repair->sample_end = pcb->snd_nxt;
    }
}

/* Whether the first segment is lost by now. lwIP counts duplicates for that, which packets that
 * overtook each other make, too: where the peer says what it holds, it is kept from it. */
static bool has_lost(struct repair *repair, struct tcp_pcb *pcb, uint32_t highest, mono_ns now)
{
    if (!repair->selective) {
        return (pcb->flags & TF_INFR) != 0 && pcb->snd_nxt != pcb->lastack;
    }
    pcb->dupacks = 0;
    if (pcb->unacked == NULL || !is_lost(pcb->unacked, pcb, highest)) {
        repair->gap_at = 0;
        return false;
    }
    repair->gap_at = repair->gap_at == 0 ? now : repair->gap_at;
    if (mono_since(now, repair->gap_at) < repair->least_ns / REORDERED_PART) {
        return false;
    }
    repair->gap_at = 0;
    tcp_clear_flags(pcb, TF_INFR);
    tcp_rexmit_fast(pcb);
    return (pcb->flags & TF_INFR) != 0;
}

static void end(struct repair *repair, struct tcp_pcb *pcb)
{
    repair->under_way = false;
    pcb->cwnd = pcb->ssthresh;
    pcb->bytes_acked = 0;
    tcp_clear_flags(pcb, TF_INFR);
}

/* lwIP has timed out: it sends all of it again. */
static void give_way(struct repair *repair, struct tcp_pcb *pcb)
{
    if (!repair->timed_out) { /* the peer may have thrown away what it held: RFC 2018, 8 */
        forget_marks(pcb->unacked, SEGMENT_HELD | SEGMENT_RESENT);
        forget_marks(pcb->unsent, SEGMENT_HELD | SEGMENT_RESENT);
    }
    repair->timed_out = true;
    repair->under_way = false;
    repair->block_count = 0;
    repair->gap_at = 0;
    repair->sample_at = 0;
}

void repair_look(struct repair *repair, struct tcp_pcb *pcb, mono_ns now)
{
    if ((pcb->flags & TF_RTO) != 0) {
        give_way(repair, pcb);
        return;
    }
    repair->timed_out = false;
    measure(repair, pcb, now);
    repair->selective |= repair->block_count > 0;
    if (!repair->under_way && repair->block_count == 0 && repair->gap_at == 0 &&
        (pcb->flags & TF_INFR) == 0) {
        return;
    }
    const struct known known = take_blocks(repair, pcb);
    repair->block_count = 0;
    if (!repair->under_way) {
        if (!has_lost(repair, pcb, known.highest, now)) {
            return;
        }
        begin(repair, pcb);
    }
    if (!TCP_SEQ_LT(pcb->lastack, repair->recover)) {
        end(repair, pcb);
        return;
    }
    uint32_t acked = pcb->lastack - repair->una;
    uint32_t gained = acked + known.held > repair->held ? acked + known.held - repair->held : 0;
    repair->delivered += gained;
    repair->sent += pcb->snd_nxt - repair->nxt;
    uint64_t room = allowed(repair, pcb, under_way(pcb, known.highest), gained);
    bool left = false;
    room = send_lost(repair, pcb, known.highest, acked > 0, room, &left);
    /* What lies between is sent again by its place; new data go only when nothing is lost. */
    uint32_t span = pcb->snd_nxt - pcb->lastack;
    pcb->cwnd = (tcpwnd_size_t)(left ? span : span + room);
    repair->una = pcb->lastack;
    repair->nxt = pcb->snd_nxt;
    repair->held = known.held;
    tcp_set_flags(pcb, TF_INFR); /* else three more duplicates would halve the window once more */
    (void)tcp_output(pcb);
}
