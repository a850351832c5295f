/* SPDX-License-Identifier: Apache-2.0
 *
 * Stage 1 with the vectors of x86-64. See screen.h.
 *
 * The lanes of a vector are the cylinders of the probe, which stay in registers; the row's cylinders pass by
 * one at a time, four bytes of them copied into every lane. So the largest share is found lane by lane, and
 * nothing is added across lanes until the row is done.
 */
#include "screen.h"

#ifdef SCREEN_X86

#include <immintrin.h>
#include <string.h>

static inline int four_bytes(const uint8_t *at)
{
    int word;
    memcpy(&word, at, sizeof word);
    return word;
}

#define TARGET_512 __attribute__((target("avx512f,avx512bw,avx512vpopcntdq")))

TARGET_512 static inline __m512i sum_of_planes(const __m512i x[PLANES])
{
    return _mm512_add_epi32(_mm512_add_epi32(_mm512_add_epi32(x[0], x[1]), _mm512_add_epi32(x[2], x[3])),
                            _mm512_add_epi32(_mm512_add_epi32(x[4], x[5]), x[6]));
}

TARGET_512 static inline __m512i worth_512(const struct screen_group *group, const uint8_t *row)
{
    const uint8_t *ones = row + SCREEN_PLACES * SCREEN_BYTES, *angles = ones + SCREEN_PLACES;
    __m512i low[PLANES], high[PLANES], best = _mm512_setzero_si512();
    for (int i = 0; i < PLANES; i++) {
        low[i] = _mm512_loadu_si512(screen_plane(group, i, 0, 0));
        high[i] = _mm512_loadu_si512(screen_plane(group, i, 1, 0));
    }
    for (int s = 0; s < SCREEN_PLACES; s++) {
        __m512i a[PLANES], b[PLANES];
        for (int i = 0; i < PLANES; i++) {
            __m512i stored = _mm512_set1_epi32(four_bytes(row + s * SCREEN_BYTES + 4 * i));
            a[i] = _mm512_popcnt_epi32(_mm512_and_si512(low[i], stored));
            b[i] = _mm512_popcnt_epi32(_mm512_and_si512(high[i], stored));
        }
        __m512i common = _mm512_slli_epi16(_mm512_packus_epi32(sum_of_planes(a), sum_of_planes(b)), 8);
        __m512i share = _mm512_mulhi_epu16(common, _mm512_loadu_si512(group->reciprocal[ones[s]]));
        best = _mm512_mask_max_epu16(best, (__mmask32)group->gate[angles[s]], best, share);
    }
    best = _mm512_slli_epi16(_mm512_min_epu16(best, _mm512_set1_epi16(2047)), 5);
    best = _mm512_mulhi_epu16(best, best);
    return _mm512_mulhi_epu16(best, best);
}

TARGET_512 static uint32_t sum_512(__m512i values)
{
    __m512i even = _mm512_and_si512(values, _mm512_set1_epi32(0xffff));
    return (uint32_t)_mm512_reduce_add_epi32(_mm512_add_epi32(even, _mm512_srli_epi32(values, 16)));
}

TARGET_512 void screen_avx512(const struct screen_group *groups, size_t count, size_t best, const uint8_t *rows,
                              size_t row_count, uint32_t *scores)
{
    uint16_t values[SCREEN_MOST_GROUPS * SCREEN_LANES];
    for (size_t r = 0; r < row_count; r++) {
        const uint8_t *row = rows + r * SCREEN_ROW;
        if (count == 1 && best == SCREEN_LANES) {
            scores[r] = sum_512(worth_512(groups, row));
            continue;
        }
        for (size_t g = 0; g < count; g++)
            _mm512_storeu_si512(values + g * SCREEN_LANES, worth_512(&groups[g], row));
        scores[r] = screen_best_sum(values, count * SCREEN_LANES, best);
    }
}

#define TARGET_256 __attribute__((target("avx2")))

/* Set bits of every byte, times a weight that the table holds. */
TARGET_256 static inline __m256i weighed(__m256i bits, __m256i table)
{
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i low = _mm256_and_si256(bits, nibble), high = _mm256_and_si256(_mm256_srli_epi16(bits, 4), nibble);
    return _mm256_add_epi8(_mm256_shuffle_epi8(table, low), _mm256_shuffle_epi8(table, high));
}

/* A full adder of bits: *sum and the return value are the two digits of a + b + c. */
TARGET_256 static inline __m256i carry(__m256i a, __m256i b, __m256i c, __m256i *sum)
{
    __m256i u = _mm256_xor_si256(a, b);
    *sum = _mm256_xor_si256(u, c);
    return _mm256_or_si256(_mm256_and_si256(a, b), _mm256_and_si256(u, c));
}

/* Common bits of eight cylinders of the probe with one stored: 32-bit lanes. */
TARGET_256 static inline __m256i common_256(const struct screen_group *group, int half, int from,
                                            const __m256i stored[PLANES])
{
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3,
                                           1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i twice = _mm256_add_epi8(table, table), fourfold = _mm256_add_epi8(twice, twice);
    __m256i x[PLANES], first, second, ones, twos;
    for (int i = 0; i < PLANES; i++)
        x[i] = _mm256_and_si256(stored[i], _mm256_loadu_si256((const __m256i *)screen_plane(group, i, half, from)));
    __m256i c1 = carry(x[0], x[1], x[2], &first), c2 = carry(x[3], x[4], x[5], &second);
    __m256i c3 = carry(first, second, x[6], &ones), fours = carry(c1, c2, c3, &twos);
    __m256i bytes = _mm256_add_epi8(_mm256_add_epi8(weighed(ones, table), weighed(twos, twice)),
                                    weighed(fours, fourfold));
    return _mm256_madd_epi16(_mm256_maddubs_epi16(bytes, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
}

TARGET_256 static void worth_256(const struct screen_group *group, const uint8_t *row, uint16_t *values)
{
    const uint8_t *ones = row + SCREEN_PLACES * SCREEN_BYTES, *angles = ones + SCREEN_PLACES;
    const __m256i bit = _mm256_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384,
                                          (short)0x8000);
    __m256i best[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (int s = 0; s < SCREEN_PLACES; s++) {
        const uint32_t gate = group->gate[angles[s]];
        __m256i stored[PLANES];
        for (int i = 0; i < PLANES; i++)
            stored[i] = _mm256_set1_epi32(four_bytes(row + s * SCREEN_BYTES + 4 * i));
        for (int side = 0; side < 2; side++) {
            const uint32_t here = gate >> (16 * side) & 0xffff;
            if (!here) continue;
            const __m256i meets = _mm256_and_si256(_mm256_set1_epi16((short)here), bit), none = _mm256_setzero_si256();
            __m256i common = _mm256_packus_epi32(here & 0x0f0f ? common_256(group, 0, 8 * side, stored) : none,
                                                 here & 0xf0f0 ? common_256(group, 1, 8 * side, stored) : none);
            const uint16_t *reciprocal = group->reciprocal[ones[s]] + 16 * side;
            __m256i share = _mm256_mulhi_epu16(_mm256_slli_epi16(common, 8),
                                               _mm256_loadu_si256((const __m256i *)reciprocal));
            share = _mm256_and_si256(share, _mm256_cmpeq_epi16(meets, bit));
            best[side] = _mm256_max_epu16(best[side], share);
        }
    }
    for (int side = 0; side < 2; side++) {
        __m256i worth = _mm256_slli_epi16(_mm256_min_epu16(best[side], _mm256_set1_epi16(2047)), 5);
        worth = _mm256_mulhi_epu16(worth, worth);
        _mm256_storeu_si256((__m256i *)(values + 16 * side), _mm256_mulhi_epu16(worth, worth));
    }
}

TARGET_256 void screen_avx2(const struct screen_group *groups, size_t count, size_t best, const uint8_t *rows,
                            size_t row_count, uint32_t *scores)
{
    uint16_t values[SCREEN_MOST_GROUPS * SCREEN_LANES];
    for (size_t r = 0; r < row_count; r++) {
        for (size_t g = 0; g < count; g++)
            worth_256(&groups[g], rows + r * SCREEN_ROW, values + g * SCREEN_LANES);
        if (count == 1 && best == SCREEN_LANES) {
            uint32_t sum = 0;
            for (int i = 0; i < SCREEN_LANES; i++) sum += values[i];
            scores[r] = sum;
        } else {
            scores[r] = screen_best_sum(values, count * SCREEN_LANES, best);
        }
    }
}

#endif
