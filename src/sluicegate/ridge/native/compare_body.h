/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of the exact comparison, compiled once per set of instructions. Hot loops run over whole blocks
 * of LANES, side by side, so that any compiler can make vectors of them.
 */
#include <math.h>
#include <string.h>

#include "compare_vectors.h"

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

/* ---- a record read: minutiae, and their cylinders ---- */

static int32_t unit_of(const uint8_t *record)
{
    int32_t width = record[2] | record[3] << 8, height = record[4] | record[5] << 8;
    int32_t side = width > height ? width : height, shift = 0;
    while (side > 1023 << shift)
        shift++;
    return shift;
}

/* The `most` smallest of `count` keys, in no order. */
static int32_t keep_least(int32_t *keys, int32_t count, int32_t most)
{
    int32_t largest = 0;
    for (int32_t k = 0; k < most; k++)
        largest = keys[k] > keys[largest] ? k : largest;
    for (int32_t k = most; k < count; k++) {
        if (keys[k] > keys[largest])
            continue;
        keys[largest] = keys[k];
        for (int32_t l = 0; l < most; l++)
            largest = keys[l] > keys[largest] ? l : largest;
    }
    return most;
}

/* The nearest others in reach of minutia i, as squared distance << 9 | row, in no order; how many. */
static int32_t nearest(const finger_t *f, int32_t i, const numbers_t *n, int32_t *near)
{
    _Alignas(64) int32_t apart[MOST_MINUTIAE];
    int32_t x = f->ix[i], y = f->iy[i], reach = n->reach, count = 0;
    for (int32_t j = 0; j < f->padded; j += LANES)
        for (int k = j; k < j + LANES; k++) {
            int32_t dx = f->ix[k] - x, dy = f->iy[k] - y;
            apart[k] = dx * dx + dy * dy;
        }
    apart[i] = INT32_MAX;
    for (int32_t j = 0; j < f->padded; j += LANES)
        for (uint32_t left = lanes_within(apart + j, reach); left; left &= left - 1) {
            int32_t k = j + __builtin_ctz(left);
            near[count] = apart[k] << 9 | k;
            count += k < f->count;
        }
    return count <= n->neighbors ? count : keep_least(near, count, n->neighbors);
}

static void fill_cells(const finger_t *f, int32_t i, const int32_t *near, int32_t count, const numbers_t *n,
                       cells_t value[SIDE])
{
    _Alignas(64) uint16_t sides[MOST_NEIGHBORS][SIDE * SECTORS];
    const uint16_t *across[MOST_NEIGHBORS];
    int32_t c = n->cosine14[f->theta[i]], s = n->sine14[f->theta[i]];
    for (int32_t k = 0; k < count; k++) {
        int32_t j = near[k] & 511, dx = f->ix[j] - f->ix[i], dy = f->iy[j] - f->iy[i];
        /* u along the minutia's direction, v to the left of it, in half pixels from the edge of the tables. */
        int32_t u = ((dx * c - dy * s + (1 << 12)) >> 13) + ROWS / 2;
        int32_t v = ((-dx * s - dy * c + (1 << 12)) >> 13) + ROWS / 2;
        across[k] = n->across[u];
        multiply_out(n->along[v], n->sector[(uint8_t)(f->theta[j] - f->theta[i])], sides[k]);
    }
    for (int a = 0; a < SIDE; a += 4) {
        cells_t sum[4];
        memset(sum, 0, sizeof sum);
        for (int32_t k = 0; k < count; k++) {
            cells_t side;
            memcpy(&side, sides[k], sizeof side);
            for (int b = 0; b < 4; b++)
                add_scaled(&sum[b], &side, across[k][a + b]);
        }
        for (int b = 0; b < 4; b++)
            value[a + b] = sum[b];
    }
}

static void build_cylinder(finger_t *f, int32_t i, const numbers_t *n)
{
    int32_t near[MOST_MINUTIAE];
    cells_t value[SIDE];
    int32_t count = nearest(f, i, n, near);
    int32_t ones = 0;
    if (count < n->least_neighbors)
        return;
    fill_cells(f, i, near, count, n, value);
    for (int a = 0; a < SIDE; a++) {
        f->bits[a][i] = flags(&value[a], (uint16_t)n->cell_bar) & n->circle[a];
        ones += __builtin_popcount(f->bits[a][i]);
    }
    f->ones[i] = ones > 0 ? ones : 1;
}

static void read_finger(const numbers_t *n, const uint8_t *record, finger_t *f)
{
    int32_t shift = unit_of(record);
    f->count = record[0] | record[1] << 8;
    f->padded = (f->count + LANES - 1) / LANES * LANES;
    for (int32_t i = 0; i < f->padded; i++) {
        const uint8_t *at = record + HEAD + 4 * i;
        uint32_t m = 0;
        if (i < f->count)
            m = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        f->ix[i] = (int32_t)(m & 1023) << shift;
        f->iy[i] = (int32_t)(m >> 10 & 1023) << shift;
        f->theta[i] = m >> 20 & 255;
        f->quality[i] = (uint8_t)(m >> 28);
        /* What fills up the last block lies out of everything's reach. */
        f->x[i] = i < f->count ? (float)f->ix[i] : 1e6f;
        f->y[i] = i < f->count ? (float)f->iy[i] : 1e6f;
        f->u[i] = n->cosine[f->theta[i]];
        f->v[i] = n->sine[f->theta[i]];
        for (int w = 0; w < SIDE; w++)
            f->bits[w][i] = 0;
        f->ones[i] = 1;
    }
    for (int32_t i = 0; i < f->count; i++)
        build_cylinder(f, i, n);
    for (int32_t i = 0; i < f->count; i++) {
        int32_t block = i / LANES;
        if (i % LANES == 0)
            f->top[block] = f->bottom[block] = f->y[i];
        f->top[block] = f->y[i] < f->top[block] ? f->y[i] : f->top[block];
        f->bottom[block] = f->y[i] > f->bottom[block] ? f->y[i] : f->bottom[block];
    }
}

/* ---- likely pairs ---- */

static void likenesses(const finger_t *p, const finger_t *r, uint8_t *restrict like)
{
    _Alignas(64) int32_t common[MOST_MINUTIAE];
    for (int32_t i = 0; i < p->count; i++, like += r->padded) {
        int32_t ones = p->ones[i];
        uint32_t a[SIDE];
        for (int w = 0; w < SIDE; w++)
            a[w] = p->bits[w][i];
        for (int32_t j = 0; j < r->padded; j += LANES)
            common_bits(a, (const uint32_t(*)[MOST_MINUTIAE])(&r->bits[0][j]), common + j);
        /* Dice's share of common bits, in 1/256. */
        for (int32_t j = 0; j < r->padded; j++) {
            int32_t share = (int32_t)((float)(common[j] * 512) / (float)(ones + r->ones[j]));
            like[j] = (uint8_t)(share < 255 ? share : 255);
        }
    }
}

typedef struct {
    int32_t bar, room; /* above the bar all are taken, at the bar the first `room` */
} cut_t;

/* The bar that at most `most` of the likenesses exceed, and as few as can be miss. */
static cut_t cut_for(const uint8_t *like, int32_t size, int32_t least, int32_t most)
{
    int32_t over = least, under = 256, above = 0, count = bytes_reaching(like, size, (uint8_t)least);
    if (count <= most)
        return (cut_t){least - 1, 0};
    /* More than `most` reach `over`; `above`, which is no more, reach `under`. */
    while (under - over > 1) {
        int32_t middle = (over + under) / 2;
        count = bytes_reaching(like, size, (uint8_t)middle);
        if (count > most) {
            over = middle;
        } else {
            under = middle;
            above = count;
        }
    }
    return (cut_t){over, most - above};
}

/* 1 if it is taken, and 0; without a branch that nothing could foretell. */
static inline int32_t taken_by(cut_t *cut, int32_t likeness)
{
    int32_t at_bar = likeness == cut->bar, taken = (likeness > cut->bar) | (at_bar & (cut->room > 0));
    cut->room -= at_bar;
    return taken;
}

static void choose_pairs(workspace_t *w)
{
    const numbers_t *n = &w->numbers;
    const finger_t *p = &w->probe, *r = &w->reference;
    voters_t *o = &w->voters;
    int32_t size = p->count * r->padded, filled = (size + 63) & ~63, count = 0, seed_count = 0;
    memset(w->like + size, 0, (size_t)(filled - size));
    cut_t pairs = cut_for(w->like, filled, n->alike, n->pairs);
    uint8_t bar = (uint8_t)(pairs.bar < n->alike ? n->alike : pairs.bar);
    /* A row is a place times this, without its lower half: exact for as many places as there can be. */
    uint64_t inverse = r->padded > 0 ? 0xffffffffu / (uint32_t)r->padded + 1 : 0;
    for (int32_t from = 0; from < filled; from += 64)
        for (uint64_t left = reaching(w->like + from, bar); left; left &= left - 1) {
            int32_t at = from + __builtin_ctzll(left), likeness = w->like[at];
            int32_t row = (int32_t)((uint64_t)at * inverse >> 32), column = at - row * r->padded;
            o->row[count] = row;
            o->column[count] = column;
            o->turn[count] = (uint8_t)(r->theta[column] - p->theta[row]);
            w->chosen[count] = (uint8_t)likeness;
            count += taken_by(&pairs, likeness);
        }
    o->count = count;
    filled = (count + 63) & ~63;
    memset(w->chosen + count, 0, (size_t)(filled - count));
    cut_t seeds = cut_for(w->chosen, filled, n->alike, n->seeds);
    for (int32_t k = 0; k < count; k++) {
        o->seeds[seed_count] = k;
        seed_count += taken_by(&seeds, w->chosen[k]);
    }
    o->seed_count = seed_count;
}

/* ---- votes ---- */

/* Order the chosen pairs by rotation; `sorted[k]` is where pair k went. */
static void order_by_turn(workspace_t *w, int32_t sorted[MOST_PAIRS])
{
    voters_t *o = &w->voters;
    const finger_t *p = &w->probe, *r = &w->reference;
    int32_t next[257] = {0};
    for (int32_t k = 0; k < o->count; k++)
        next[o->turn[k] + 1]++;
    for (int t = 0; t < 256; t++)
        next[t + 1] += next[t];
    memcpy(o->start, next, sizeof o->start);
    for (int32_t k = 0; k < o->count; k++) {
        int32_t to = sorted[k] = next[o->turn[k]]++;
        o->which[to] = k;
        for (int32_t copy = to; copy < 2 * o->count; copy += o->count) {
            o->px[copy] = p->x[o->row[k]];
            o->py[copy] = p->y[o->row[k]];
            o->rx[copy] = r->x[o->column[k]];
            o->ry[copy] = r->y[o->column[k]];
            o->weight[copy] = w->chosen[k];
        }
    }
    memset(o->px + 2 * o->count, 0, LANES * sizeof(float));
    memset(o->py + 2 * o->count, 0, LANES * sizeof(float));
    memset(o->rx + 2 * o->count, 0, LANES * sizeof(float));
    memset(o->ry + 2 * o->count, 0, LANES * sizeof(float));
    memset(o->weight + 2 * o->count, 0, LANES * sizeof(int32_t));
}

/* The pairs, in order of rotation, whose rotation is near enough to a turn. */
static void window(const voters_t *o, int32_t turn, int32_t spread, int32_t *from, int32_t *to)
{
    int32_t low = turn - spread + (turn < spread ? 256 : 0), high = low + 2 * spread + 1;
    *from = o->start[low & 255] + (low > 255 ? o->count : 0);
    *to = o->start[high & 255] + (high > 255 ? o->count : 0);
}

/* What the pairs that agree with pair `at` weigh together; `agrees[k]` is the weight of pair from + k, or 0. */
static int32_t votes_for(const voters_t *o, const numbers_t *n, int32_t at, int32_t turn, int32_t from,
                         int32_t to, int32_t *restrict agrees)
{
    float c = n->cosine[turn], s = n->sine[turn];
    float px = o->px[at], py = o->py[at], rx = o->rx[at], ry = o->ry[at];
    float base = n->seed_distance, longer = n->seed_long, shorter = n->seed_short;
    int32_t sum[LANES] = {0}, total = 0;
    for (int32_t l = from; l < to; l += LANES) {
        for (int k = 0; k < LANES; k++) {
            float dx = o->px[l + k] - px, dy = o->py[l + k] - py;
            float off_x = dx * c + dy * s - (o->rx[l + k] - rx);
            float off_y = dy * c - dx * s - (o->ry[l + k] - ry);
            float wide = fabsf(dx), high = fabsf(dy);
            float larger = wide > high ? wide : high, smaller = wide > high ? high : wide;
            float allowed = base + larger * longer + smaller * shorter;
            int32_t fits = (off_x * off_x + off_y * off_y <= allowed * allowed) & (l + k < to);
            agrees[l - from + k] = o->weight[l + k] & -fits;
            sum[k] += o->weight[l + k] & -fits;
        }
    }
    for (int k = 0; k < LANES; k++)
        total += sum[k];
    return total;
}

/* ---- placements ---- */

typedef struct {
    int64_t w, px, py, rx, ry, along, across, c, s;
} moments_t;

static void add_moment(moments_t *m, const finger_t *p, int32_t i, const finger_t *r, int32_t j, int64_t weight,
                       const numbers_t *n)
{
    int64_t px = p->ix[i], py = p->iy[i], rx = r->ix[j], ry = r->iy[j];
    uint8_t turn = (uint8_t)(r->theta[j] - p->theta[i]);
    m->w += weight;
    m->px += weight * px;
    m->py += weight * py;
    m->rx += weight * rx;
    m->ry += weight * ry;
    m->along += weight * (px * rx + py * ry);
    m->across += weight * (py * rx - px * ry);
    m->c += weight * n->cosine14[turn];
    m->s += weight * n->sine14[turn];
}

/* The rigid placement with the least weighted squared distance; directions vote with an arm of 20 pixels. */
static placement_t fitted(const moments_t *m)
{
    double w = (double)m->w, px = (double)m->px, py = (double)m->py, rx = (double)m->rx, ry = (double)m->ry;
    double along = (double)m->along - (px * rx + py * ry) / w;
    double across = (double)m->across - (py * rx - px * ry) / w;
    along = along + (double)m->c * (400.0 / 16384.0);
    across = across + (double)m->s * (400.0 / 16384.0);
    double length = sqrt(along * along + across * across);
    double c = length > 0.0 ? along / length : 1.0, s = length > 0.0 ? across / length : 0.0;
    double x = (rx - (c * px + s * py)) / w, y = (ry - (c * py - s * px)) / w;
    return (placement_t){(float)c, (float)s, (float)x, (float)y};
}

static void place(workspace_t *w, placement_t at)
{
    const finger_t *p = &w->probe;
    for (int32_t i = 0; i < p->padded; i += LANES)
        for (int k = i; k < i + LANES; k++) {
            w->x[k] = at.cosine * p->x[k] + at.sine * p->y[k] + at.x;
            w->y[k] = at.cosine * p->y[k] - at.sine * p->x[k] + at.y;
            w->u[k] = at.cosine * p->u[k] - at.sine * p->v[k];
            w->v[k] = at.sine * p->u[k] + at.cosine * p->v[k];
        }
}

/* ---- pairing, bending ---- */

/* Whether a block of minutiae lies too far above or below y for any to be in reach. Minutiae come in reading
 * order from the extractor, so most blocks do; in another order nothing changes but the time. */
static inline int out_of_reach(const finger_t *r, int32_t j, float y, float reach)
{
    return (y < r->top[j / LANES] - reach) | (y > r->bottom[j / LANES] + reach);
}

static int32_t least_of(const int32_t lane[LANES])
{
    int32_t least = lane[0];
    for (int k = 1; k < LANES; k++)
        least = lane[k] < least ? lane[k] : least;
    return least;
}

/* Pairs that are each other's cheapest, in order of the probe's rows; x, y are the probe's places. */
static void pair_up(workspace_t *w, const float *restrict x, const float *restrict y, float far)
{
    const finger_t *r = &w->reference;
    /* A pixel more than the distance whose cost alone is DEAR: never wrong by rounding. */
    float angle = w->numbers.angle, reach = sqrtf((float)DEAR / far) + 1.0f;
    int32_t *restrict by_column = w->by_column;
    for (int32_t j = 0; j < r->padded; j++)
        by_column[j] = DEAR << 9;
    for (int32_t i = 0; i < w->probe.count; i++) {
        float px = x[i], py = y[i], pu = w->u[i], pv = w->v[i];
        int32_t lane[LANES];
        for (int k = 0; k < LANES; k++)
            lane[k] = DEAR << 9;
        for (int32_t j = 0; j < r->padded; j += LANES) {
            if (out_of_reach(r, j, py, reach))
                continue;
            for (int k = 0; k < LANES; k++) {
                float dx = r->x[j + k] - px, dy = r->y[j + k] - py;
                float cost = (dx * dx + dy * dy) * far + (1.0f - (pu * r->u[j + k] + pv * r->v[j + k])) * angle;
                int32_t key = (int32_t)(cost < (float)DEAR ? cost : (float)DEAR) << 9;
                int32_t mine = key | (j + k), its = key | i;
                lane[k] = mine < lane[k] ? mine : lane[k];
                by_column[j + k] = its < by_column[j + k] ? its : by_column[j + k];
            }
        }
        w->by_row[i] = least_of(lane);
    }
    pairs_t *found = w->pairs;
    found->count = 0;
    for (int32_t i = 0; i < w->probe.count; i++) {
        int32_t cost = w->by_row[i] >> 9, j = w->by_row[i] & 511;
        if (cost < DEAR && by_column[j] == (cost << 9 | i)) {
            found->row[found->count] = i;
            found->column[found->count] = j;
            found->cost[found->count++] = cost;
        }
    }
}

static int32_t pair_quality(const workspace_t *w, int32_t k)
{
    return w->numbers.weight[w->probe.quality[w->pairs->row[k]]][w->reference.quality[w->pairs->column[k]]];
}

static int64_t pair_weight(const workspace_t *w)
{
    int64_t sum = 0;
    for (int32_t k = 0; k < w->pairs->count; k++)
        sum += (int64_t)w->numbers.close[w->pairs->cost[k] >> 5] * pair_quality(w, k);
    return sum;
}

/* Move each placed minutia as the pairs near it say: skin stretches smoothly. Sums run over pairs in order. */
static void bend(workspace_t *w)
{
    const finger_t *r = &w->reference;
    const pairs_t *pairs = w->pairs;
    float spread = w->numbers.bend;
    for (int32_t i = 0; i < w->probe.padded; i += LANES) {
        float sum[LANES], move_x[LANES], move_y[LANES];
        for (int k = 0; k < LANES; k++) {
            /* One pair's worth of "do not move": a lone pair must not pull its surroundings onto itself. */
            sum[k] = 1.0f;
            move_x[k] = move_y[k] = 0.0f;
        }
        for (int32_t l = 0; l < pairs->count; l++) {
            float ax = w->x[pairs->row[l]], ay = w->y[pairs->row[l]];
            float to_x = r->x[pairs->column[l]] - ax, to_y = r->y[pairs->column[l]] - ay;
            for (int k = 0; k < LANES; k++) {
                float dx = w->x[i + k] - ax, dy = w->y[i + k] - ay;
                float t = 1.0f - (dx * dx + dy * dy) * spread;
                t = t > 0.0f ? t : 0.0f;
                t = t * t;
                t = t * t;
                t = t * t;
                sum[k] += t;
                move_x[k] += t * to_x;
                move_y[k] += t * to_y;
            }
        }
        for (int k = 0; k < LANES; k++) {
            w->bent_x[i + k] = w->x[i + k] + move_x[k] / sum[k];
            w->bent_y[i + k] = w->y[i + k] + move_y[k] / sum[k];
        }
    }
}

/* ---- the score ---- */

/* The sums of quality, in fifteenths, of the minutiae that lie where the other print has any. */
static void overlapping(workspace_t *w, int64_t *probe, int64_t *reference)
{
    const finger_t *p = &w->probe, *r = &w->reference;
    float square = w->numbers.overlap, reach = sqrtf(square) + 1.0f;
    int32_t *restrict seen = w->by_column;
    for (int32_t j = 0; j < r->padded; j++)
        seen[j] = 0;
    *probe = *reference = 0;
    for (int32_t i = 0; i < p->count; i++) {
        float px = w->bent_x[i], py = w->bent_y[i];
        int32_t lane[LANES] = {0}, any = 0;
        for (int32_t j = 0; j < r->padded; j += LANES) {
            if (out_of_reach(r, j, py, reach))
                continue;
            for (int k = 0; k < LANES; k++) {
                float dx = r->x[j + k] - px, dy = r->y[j + k] - py;
                int32_t near = dx * dx + dy * dy <= square;
                lane[k] |= near;
                seen[j + k] |= near;
            }
        }
        for (int k = 0; k < LANES; k++)
            any |= lane[k];
        *probe += any ? p->quality[i] : 0;
    }
    for (int32_t j = 0; j < r->count; j++)
        *reference += seen[j] ? r->quality[j] : 0;
}

/* Refit to the pairs at hand, those of the best placement; pair, bend, pair, bend, pair, and score. */
static void settle(workspace_t *w)
{
    const numbers_t *n = &w->numbers;
    moments_t m = {0};
    int64_t ours, theirs;
    for (int32_t k = 0; k < w->pairs->count; k++)
        /* Never quite nothing: pairs of no quality still have places. */
        add_moment(&m, &w->probe, w->pairs->row[k], &w->reference, w->pairs->column[k], 1 + pair_quality(w, k), n);
    w->found.placement = fitted(&m);
    place(w, w->found.placement);
    pair_up(w, w->x, w->y, n->wide);
    bend(w);
    pair_up(w, w->bent_x, w->bent_y, n->narrow);
    bend(w);
    pair_up(w, w->bent_x, w->bent_y, n->narrow);
    if (w->pairs->count < n->least)
        return;
    overlapping(w, &ours, &theirs);
    if (ours == 0 || theirs == 0)
        return;
    double weight = (double)pair_weight(w) / (65535.0 * 255.0);
    double expected = sqrt((double)(ours * theirs)) / 15.0;
    w->found.similarity = (float)(weight * weight / expected);
    w->found.count = w->pairs->count;
    for (int32_t k = 0; k < w->pairs->count; k++) {
        w->found.pairs[k][0] = (uint16_t)w->pairs->row[k];
        w->found.pairs[k][1] = (uint16_t)w->pairs->column[k];
    }
}

/* The next placement to try: that of the seed with most votes of those that no earlier one agreed with. */
static int32_t propose(workspace_t *w, const int32_t *sorted, const int32_t *votes, uint8_t *taken,
                       placement_t *proposed)
{
    const voters_t *o = &w->voters;
    int32_t seed = -1, from, to;
    for (int32_t k = 0; k < o->seed_count; k++)
        if (!taken[sorted[o->seeds[k]]] && (seed < 0 || votes[k] > votes[seed]))
            seed = k;
    if (seed < 0)
        return 0;
    int32_t pair = o->seeds[seed], turn = o->turn[pair];
    window(o, turn, w->numbers.seed_turn, &from, &to);
    votes_for(o, &w->numbers, sorted[pair], turn, from, to, w->agrees);
    moments_t m = {0};
    for (int32_t at = from; at < to; at++) {
        int32_t k = o->which[at < o->count ? at : at - o->count];
        if (w->agrees[at - from] == 0)
            continue;
        taken[sorted[k]] = 1;
        add_moment(&m, &w->probe, o->row[k], &w->reference, o->column[k], w->agrees[at - from], &w->numbers);
    }
    *proposed = fitted(&m);
    return votes[seed];
}

static void swap_pairs(workspace_t *w)
{
    pairs_t *best = w->pairs;
    w->pairs = w->best;
    w->best = best;
}

static void compare_fingers(workspace_t *w)
{
    const numbers_t *n = &w->numbers;
    voters_t *o = &w->voters;
    int32_t sorted[MOST_PAIRS], votes[MOST_SEEDS], from, to;
    uint8_t taken[MOST_PAIRS] = {0};
    memset(&w->found, 0, offsetof(comparison_t, pairs));
    w->pairs = &w->pair_room[0];
    w->best = &w->pair_room[1];
    likenesses(&w->probe, &w->reference, w->like);
    choose_pairs(w);
    if (o->count < n->least)
        return;
    order_by_turn(w, sorted);
    for (int32_t k = 0; k < o->seed_count; k++) {
        int32_t pair = o->seeds[k];
        window(o, o->turn[pair], n->seed_turn, &from, &to);
        votes[k] = votes_for(o, n, sorted[pair], o->turn[pair], from, to, w->agrees);
    }
    placement_t proposed;
    int64_t most = 0;
    for (int32_t t = 0; t < n->tries && propose(w, sorted, votes, taken, &proposed); t++) {
        place(w, proposed);
        pair_up(w, w->x, w->y, n->wide);
        int64_t weight = pair_weight(w);
        if (w->pairs->count >= n->least && weight > most) {
            most = weight;
            swap_pairs(w);
        }
    }
    if (most > 0) {
        swap_pairs(w);
        settle(w);
    }
}
