/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks for records on which a kernel of the exact comparison reads or writes out of bounds, does what C
 * leaves undefined, or gives another answer than the rest. Built with the address and undefined-behavior
 * sanitizers by run.sh; every record lies in memory of exactly its length. Arguments: seconds, seed.
 */
#include "compare.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t state;

/* Marsaglia's xorshift64*: the same inputs for the same seed, everywhere. */
static uint32_t chance(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(state * 0x2545f4914f6cdd1du >> 32);
}

static uint32_t below(uint32_t end)
{
    return chance() % end;
}

static void fail(const char *what)
{
    fprintf(stderr, "compare: %s\n", what);
    abort();
}

/* Tables like those that comparing_tables.py makes; the exact values do not matter here. */
static void make_numbers(numbers_t *n)
{
    *n = (numbers_t){.layout = LAYOUT, .pairs = 500, .alike = 51, .seeds = 48, .tries = 3, .least = 3,
                     .seed_turn = 16, .reach = 7861, .neighbors = 32, .least_neighbors = 3, .cell_bar = 360,
                     .seed_distance = 12.0f, .seed_long = 0.096f, .seed_short = 0.04f, .wide = 12.64f,
                     .narrow = 50.57f, .angle = 51200.0f, .bend = 1.0f / 57600.0f, .overlap = 1296.0f};
    for (int t = 0; t < 256; t++) {
        double turn = t * 6.283185307179586 / 256.0;
        n->cosine[t] = (float)cos(turn);
        n->sine[t] = (float)sin(turn);
        n->cosine14[t] = (int32_t)lrint(16384.0 * cos(turn));
        n->sine14[t] = (int32_t)lrint(16384.0 * sin(turn));
        n->weight[t / 16][t % 16] = (int32_t)lrint(17.0 * sqrt((t / 16) * (t % 16)));
        n->close[t / 2] = (int32_t)lrint(65535.0 * exp(-(t / 2 + 0.5) / 128.0));
        for (int d = 0; d < SECTORS; d++)
            n->sector[t][d] = (uint16_t)lrint(65535.0 * exp(-0.3 * d * (t % 64) / 64.0));
    }
    for (int k = 0; k < ROWS * SIDE; k++) {
        double off = ((k / SIDE - ROWS / 2) / 2.0 - (k % SIDE - 3.5) * 17.5) / 9.33;
        n->across[k / SIDE][k % SIDE] = (uint16_t)lrint(2000.0 * exp(-0.5 * off * off));
        n->along[k / SIDE][k % SIDE] = (uint16_t)lrint(65535.0 * exp(-0.5 * off * off));
    }
    memset(n->circle, 0x7e, sizeof n->circle);
}

/* A record in memory of exactly its length: any bytes, or minutiae in a heap, on a lattice, or near others. */
static uint8_t *make_record(size_t *length)
{
    const uint32_t kind = below(6), count = below(8) ? below(60) : below(MOST_MINUTIAE + 8);
    const uint32_t width = below(9) ? 300 + below(700) : below(20000), spread = 1 + below(300);
    *length = HEAD + 4 * count;
    if (below(16) == 0)
        *length -= below((uint32_t)*length);
    uint8_t *record = malloc(*length ? *length : 1);
    if (record == NULL)
        abort();
    for (size_t k = 0; k < *length; k++)
        record[k] = (uint8_t)chance();
    const uint8_t head[HEAD] = {(uint8_t)count, (uint8_t)(count >> 8), (uint8_t)width, (uint8_t)(width >> 8), 88, 2};
    if (*length >= HEAD)
        memcpy(record, head, HEAD);
    const uint32_t common = chance();
    for (uint32_t k = 0; HEAD + 4 * k + 4 <= *length && kind < 5; k++) {
        uint32_t x = below(spread), y = below(spread), any = chance() & 0xfff00000u;
        uint32_t m = kind == 0   ? chance()
                     : kind == 1 ? common
                     : kind == 2 ? (k % 20 * 9) | (k / 20 * 9) << 10 | (common & 0xfff00000u)
                     : kind == 3 ? x | y << 10 | any
                                 : (x + 700) | (y + 700) << 10 | any;
        memcpy(record + HEAD + 4 * k, &m, 4);
    }
    return record;
}

/* The other record's minutiae, each moved a little: what corresponds must be found alike by all kernels. */
static void imitate(const uint8_t *from, size_t from_length, uint8_t *to, size_t to_length)
{
    size_t least = from_length < to_length ? from_length : to_length;
    for (size_t at = HEAD; at + 4 <= least; at += 4) {
        uint32_t m;
        memcpy(&m, from + at, 4);
        m += below(4) | below(4) << 10 | below(8) << 20;
        memcpy(to + at, &m, 4);
    }
}

static void check(const workspace_t *work)
{
    const comparison_t *found = &work->found;
    uint8_t row[MOST_MINUTIAE] = {0}, column[MOST_MINUTIAE] = {0};
    if (!(found->similarity >= 0.0f && isfinite(found->similarity)))
        fail("a similarity is no number, or below 0");
    for (int32_t k = 0; k < found->count; k++) {
        if (found->pairs[k][0] >= work->probe.count || found->pairs[k][1] >= work->reference.count)
            fail("a pair names no minutia");
        if (row[found->pairs[k][0]]++ || column[found->pairs[k][1]]++)
            fail("a minutia is paired twice");
    }
}

static workspace_t *workspace(const numbers_t *numbers)
{
    workspace_t *work = aligned_alloc(64, (sizeof *work + 63) / 64 * 64);
    if (work == NULL)
        abort();
    memset(work, (int)chance(), sizeof *work);
    work->numbers = *numbers;
    return work;
}

static int same(const comparison_t *a, const comparison_t *b)
{
    return a->similarity == b->similarity && a->count == b->count &&
           memcmp(&a->placement, &b->placement, sizeof a->placement) == 0 &&
           memcmp(a->pairs, b->pairs, (size_t)a->count * sizeof a->pairs[0]) == 0;
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? atof(argv[1]) : 10.0;
    const kernel_t *kernels[4];
    numbers_t numbers;
    uint64_t runs = 0, found = 0;
    const time_t end = time(NULL) + (time_t)seconds;
    state = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * 0x9e3779b97f4a7c15u | 1;
    compare_kernels(kernels);
    make_numbers(&numbers);
    if (!sane_numbers(&numbers))
        fail("the harness makes no sane numbers");
    workspace_t *first = workspace(&numbers), *other = workspace(&numbers);
    for (; time(NULL) <= end; runs++) {
        size_t lengths[2];
        uint8_t *records[2] = {make_record(&lengths[0]), make_record(&lengths[1])};
        if (below(2))
            imitate(records[0], lengths[0], records[1], lengths[1]);
        if (whole_record(records[0], lengths[0], 0) && whole_record(records[1], lengths[1], 0) &&
            !whole_record(records[1], lengths[1], UINT64_MAX - below(16))) {
            for (int k = 0; kernels[k] != NULL; k++) {
                workspace_t *work = k ? other : first;
                kernels[k]->read(&work->numbers, records[0], &work->probe);
                kernels[k]->read(&work->numbers, records[1], &work->reference);
                kernels[k]->compare(work);
                check(work);
                if (k && !same(&first->found, &other->found))
                    fail("two kernels answer differently");
            }
            found += first->found.count > 0;
        }
        free(records[0]);
        free(records[1]);
    }
    free(first);
    free(other);
    printf("compare: %" PRIu64 " inputs, %" PRIu64 " with corresponding minutiae, nothing wrong\n", runs, found);
    return 0;
}
