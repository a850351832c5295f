/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks for input on which a kernel of stage 1 reads out of bounds, does what C leaves undefined, or gives
 * another score than the rest. Built with the address and undefined-behavior sanitizers by run.sh; every
 * input lies in memory of exactly its length. Arguments: seconds, seed.
 */
#include "screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t state;

/* Marsaglia's xorshift64*: the same inputs for the same seed, everywhere. */
static uint64_t chance(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1du;
}

static size_t below(size_t end)
{
    return (size_t)(chance() % end);
}

/* Bytes of one kind: any, sparse, dense, all alike, or one of the edges. */
static void fill(uint8_t *at, size_t length)
{
    const size_t kind = below(6);
    const uint8_t same = (uint8_t)chance();
    for (size_t i = 0; i < length; i++) {
        const uint8_t any = (uint8_t)chance();
        at[i] = kind == 0   ? any
                : kind == 1 ? (uint8_t)(any & chance() & chance())
                : kind == 2 ? (uint8_t)(any | chance() | chance())
                : kind == 3 ? same
                : kind == 4 ? 0x00
                            : 0xff;
    }
}

/* Changes a few bytes, or copies a stretch over another. */
static void mutate(uint8_t *at, size_t length)
{
    for (size_t i = below(16); i > 0; i--) at[below(length)] ^= (uint8_t)(1u << below(8));
    if (below(4) == 0) {
        const size_t from = below(length), to = below(length), most = length - (from > to ? from : to);
        memmove(at + to, at + from, below(most) + 1);
    }
}

static void *room(size_t length)
{
    void *made = malloc(length);
    if (!made) abort();
    return made;
}

static int differs(const struct screen_group *groups, size_t count, size_t best, const uint8_t *rows, size_t row_count)
{
    static const char *const names[] = {"avx2", "avx512"};
    const size_t length = row_count * sizeof(uint32_t);
    uint32_t *expected = room(length), *found = room(length);
    int wrong = 0;
    screen_baseline(groups, count, best, rows, row_count, expected);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        screen_kernel *kernel = screen_find(names[i]);
        if (!kernel) continue;
        kernel(groups, count, best, rows, row_count, found);
        if (memcmp(expected, found, length)) {
            fprintf(stderr, "%s differs from baseline: %zu groups, best %zu, %zu rows\n", names[i], count, best,
                    row_count);
            wrong = 1;
        }
    }
    free(expected);
    free(found);
    return wrong;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s SECONDS SEED\n", argv[0]);
        return 2;
    }
    const time_t end = time(NULL) + strtol(argv[1], NULL, 10);
    const uint64_t seed = strtoull(argv[2], NULL, 10);
    uint64_t inputs = 0;
    do {
        state = (seed * 0x9e3779b97f4a7c15u + inputs) | 1u;
        for (int i = 0; i < 8; i++) chance();
        const size_t count = 1 + below(SCREEN_MOST_GROUPS), row_count = 1 + below(6);
        const size_t best = below(4) ? SCREEN_LANES : 1 + below(count * SCREEN_LANES);
        struct screen_group *groups = room(count * sizeof *groups);
        uint8_t *rows = room(row_count * SCREEN_ROW);
        fill((uint8_t *)groups, count * sizeof *groups);
        fill(rows, row_count * SCREEN_ROW);
        int wrong = 0;
        for (int round = 0; round < 8 && !wrong; round++) {
            wrong = differs(groups, count, best, rows, row_count);
            mutate((uint8_t *)groups, count * sizeof *groups);
            mutate(rows, row_count * SCREEN_ROW);
            inputs++;
        }
        free(groups);
        free(rows);
        if (wrong) {
            fprintf(stderr, "at input %" PRIu64 " of seed %" PRIu64 "\n", inputs, seed);
            return 1;
        }
    } while (time(NULL) < end);
    printf("stage 1: %" PRIu64 " inputs, every kernel in bounds and equal\n", inputs);
    return 0;
}
