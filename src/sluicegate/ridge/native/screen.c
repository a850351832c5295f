/* SPDX-License-Identifier: Apache-2.0
 *
 * Stage 1 for every processor, and the choice of kernel. See screen.h.
 */
#include "screen.h"

#include <string.h>

/* Four cylinders of the probe side by side: the compiler makes SSE2, NEON or plain words of it. */
typedef uint32_t four __attribute__((vector_size(16)));

/* A full adder of bits: *sum and the return value are the two digits of a + b + c. */
static inline four carry(four a, four b, four c, four *sum)
{
    four u = a ^ b;
    *sum = u ^ c;
    return (a & b) | (u & c);
}

/* Set bits of every nibble, at most four each. */
static inline four nibbles(four x)
{
    x -= x >> 1 & 0x55555555u;
    return (x & 0x33333333u) + (x >> 2 & 0x33333333u);
}

/* Set bits of every byte of x, which holds those of nibbles. */
static inline four bytes(four x)
{
    return (x & 0x0f0f0f0fu) + (x >> 4 & 0x0f0f0f0fu);
}

/* Common bits of four cylinders of the probe with one stored. */
static inline four common_of(const struct screen_group *group, int half, int from, const uint32_t stored[PLANES])
{
    four x[PLANES], first, second, ones, twos;
    for (int i = 0; i < PLANES; i++) {
        memcpy(&x[i], screen_plane(group, i, half, from), sizeof x[i]);
        x[i] &= stored[i];
    }
    four c1 = carry(x[0], x[1], x[2], &first), c2 = carry(x[3], x[4], x[5], &second);
    four c3 = carry(first, second, x[6], &ones), fours = carry(c1, c2, c3, &twos);
    four sum = bytes(nibbles(ones)) + 2u * bytes(nibbles(twos)) + 4u * bytes(nibbles(fours));
    sum = (sum & 0x00ff00ffu) + (sum >> 8 & 0x00ff00ffu);
    return (sum + (sum >> 16)) & 0xffffu;
}

static void worth(const struct screen_group *group, const uint8_t *row, uint16_t *values)
{
    const uint8_t *ones = row + SCREEN_PLACES * SCREEN_BYTES, *angles = ones + SCREEN_PLACES;
    memset(values, 0, SCREEN_LANES * sizeof *values);
    for (size_t s = 0; s < SCREEN_PLACES; s++) {
        const uint32_t gate = group->gate[angles[s]];
        const uint16_t *reciprocal = group->reciprocal[ones[s]];
        uint32_t stored[PLANES];
        memcpy(stored, row + s * SCREEN_BYTES, sizeof stored);
        for (int at = 0; at < SCREEN_LANES; at += 4) {
            if (!(gate >> at & 15)) continue;
            const four common = common_of(group, at / 4 % 2, at / 8 * 4, stored);
            for (int lane = at; lane < at + 4; lane++) {
                const uint32_t share = ((common[lane - at] << 8) * reciprocal[lane]) >> 16;
                if (gate >> lane & 1 && share > values[lane]) values[lane] = (uint16_t)share;
            }
        }
    }
    for (size_t lane = 0; lane < SCREEN_LANES; lane++) {
        const uint32_t scaled = values[lane] < 2047 ? values[lane] * 32u : 2047u * 32u;
        const uint32_t square = scaled * scaled >> 16;
        values[lane] = (uint16_t)(square * square >> 16);
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
