/* SPDX-License-Identifier: Apache-2.0
 *
 * Which kernels there are, and the checks that every byte handed in passes before a kernel sees it.
 */
#include "compare.h"

#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#error "floats must be rounded to their own width after every operation"
#endif

void compare_kernels(const kernel_t *found[4])
{
    int count = 0;
#ifdef COMPARE_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vpopcntdq"))
        found[count++] = &compare_avx512;
    if (__builtin_cpu_supports("avx2"))
        found[count++] = &compare_avx2;
#endif
    found[count++] = &compare_baseline;
    found[count] = NULL;
}

size_t whole_record(const uint8_t *blob, size_t size, uint64_t at)
{
    if (at > size || size - at < HEAD)
        return 0;
    const uint8_t *head = blob + at;
    size_t count = head[0] | (size_t)head[1] << 8;
    int width = head[2] | head[3] << 8, height = head[4] | head[5] << 8;
    size_t bytes = HEAD + 4 * count;
    if (count > MOST_MINUTIAE || width > MOST_SIDE || height > MOST_SIDE || size - at < bytes)
        return 0;
    return bytes;
}

static int within(int32_t value, int32_t least, int32_t most)
{
    return least <= value && value <= most;
}

static int amount(float value, float most)
{
    return value >= 0.0f && value <= most; /* and so is a number */
}

/* Unit vectors may be off by rounding alone: places in tables and signs of costs rest on them. */
static int sane_tables(const numbers_t *n)
{
    for (int k = 0; k < 256; k++) {
        float length = n->cosine[k] * n->cosine[k] + n->sine[k] * n->sine[k];
        if (!amount(length - 0.999999f, 2e-6f) || !within(n->cosine14[k], -16385, 16385) ||
            !within(n->sine14[k], -16385, 16385) || !within(n->weight[k / 16][k % 16], 0, 255) ||
            !within(n->close[k / 2], 0, 65535) ||
            n->cosine14[k] * n->cosine14[k] + n->sine14[k] * n->sine14[k] > 16386 * 16386)
            return 0;
    }
    return 1;
}

int sane_numbers(const numbers_t *n)
{
    return n->layout == LAYOUT && within(n->pairs, 1, MOST_PAIRS) && within(n->alike, 1, 255) &&
           within(n->seeds, 1, MOST_SEEDS) && n->seeds <= n->pairs && within(n->tries, 1, MOST_TRIES) && within(n->least, 1, 100) &&
           within(n->seed_turn, 0, 64) && within(n->reach, 0, MOST_REACH) &&
           within(n->neighbors, 1, MOST_NEIGHBORS) && within(n->least_neighbors, 1, 100) &&
           within(n->cell_bar, 1, 65535) && amount(n->seed_distance, 1e4f) && amount(n->seed_long, 1e3f) &&
           amount(n->seed_short, 1e3f) && amount(n->wide, 1e4f) && amount(n->narrow, 1e4f) &&
           amount(n->angle, 1e5f) && amount(n->bend, 1.0f) && amount(n->overlap, 1e9f) && sane_tables(n);
}
