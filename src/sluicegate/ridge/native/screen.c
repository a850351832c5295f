/* SPDX-License-Identifier: Apache-2.0
 *
 * Stage 1 in plain C, and the choice of kernel. See screen.h.
 */
#include "screen.h"

#include <string.h>

/* Set bits of four words: not one instruction of it needs a newer processor than the first of its kind. */
static inline uint32_t ones_of(const uint64_t w[4])
{
    const uint64_t two = 0x3333333333333333u, four = 0x0f0f0f0f0f0f0f0fu;
    uint64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t x = w[i] - ((w[i] >> 1) & 0x5555555555555555u);
        x = (x & two) + ((x >> 2) & two);
        sum += (x & four) + ((x >> 4) & four);
    }
    /* A byte of sum holds at most 32, so their total of at most 256 needs a second step. */
    sum = (sum & 0x00ff00ff00ff00ffu) + ((sum >> 8) & 0x00ff00ff00ff00ffu);
    return (uint32_t)((sum * 0x0001000100010001u) >> 48);
}

static inline uint32_t lowest_bit(uint32_t mask)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctz(mask);
#else
    uint32_t at = 0;
    while (!((mask >> at) & 1u)) at++;
    return at;
#endif
}

static void worth(const struct screen_group *group, const uint8_t *row, uint16_t *values)
{
    const uint8_t *ones = row + SCREEN_PLACES * SCREEN_BYTES, *angles = ones + SCREEN_PLACES;
    memset(values, 0, SCREEN_LANES * sizeof *values);
    for (size_t s = 0; s < SCREEN_PLACES; s++) {
        const uint16_t *reciprocal = group->reciprocal[ones[s]];
        uint64_t stored[4] = {0};
        memcpy(stored, row + s * SCREEN_BYTES, SCREEN_BYTES);
        for (uint32_t left = group->gate[angles[s]]; left; left &= left - 1) {
            uint32_t lane = lowest_bit(left);
            uint64_t both[4];
            memcpy(both, group->whole[lane], sizeof both);
            for (int i = 0; i < 4; i++) both[i] &= stored[i];
            uint32_t share = ((ones_of(both) << 8) * reciprocal[lane]) >> 16;
            if (share > values[lane]) values[lane] = (uint16_t)share;
        }
    }
}

uint32_t screen_best_sum(const uint16_t *values, size_t count, size_t best)
{
    uint32_t low = 0, high = 65536; /* at least `best` values are >= low, fewer are >= high */
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        size_t reach = 0;
        for (size_t i = 0; i < count; i++) reach += values[i] >= middle;
        if (reach >= best) low = middle;
        else high = middle;
    }
    uint32_t sum = 0, above = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] > low) {
            sum += values[i];
            above++;
        }
    }
    return sum + ((uint32_t)best - above) * low;
}

void screen_baseline(const struct screen_group *groups, size_t count, size_t best, const uint8_t *rows,
                     size_t row_count, uint32_t *scores)
{
    uint16_t values[SCREEN_MOST_GROUPS * SCREEN_LANES];
    for (size_t r = 0; r < row_count; r++) {
        for (size_t g = 0; g < count; g++)
            worth(&groups[g], rows + r * SCREEN_ROW, values + g * SCREEN_LANES);
        scores[r] = screen_best_sum(values, count * SCREEN_LANES, best);
    }
}

screen_kernel *screen_find(const char *name)
{
    if (!strcmp(name, "baseline")) return screen_baseline;
#ifdef SCREEN_X86
    __builtin_cpu_init();
    if (!strcmp(name, "avx2") && __builtin_cpu_supports("avx2")) return screen_avx2;
    if (!strcmp(name, "avx512") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vpopcntdq"))
        return screen_avx512;
#endif
    return NULL;
}
