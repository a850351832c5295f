/* SPDX-License-Identifier: Apache-2.0
 *
 * The few steps that compilers do not make vectors of by themselves, per set of instructions. Each macro and
 * function means the same everywhere; the plain form says what.
 */
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

/* One value per cell of a column of cells and sector. */
typedef struct {
#if defined(__AVX512BW__)
    __m512i part[1];
#elif defined(__AVX2__)
    __m256i part[2];
#elif defined(__SSE2__)
    __m128i part[4];
#else
    uint16_t part[SIDE * SECTORS];
#endif
} cells_t;

enum { PARTS = sizeof(cells_t) / sizeof(((cells_t *)0)->part[0]) };

/* sum += sides * by / 65536, rounded down, in every cell. */
static inline void add_scaled(cells_t *sum, const cells_t *sides, uint16_t by)
{
    for (int k = 0; k < (int)PARTS; k++) {
#if defined(__AVX512BW__)
        __m512i scaled = _mm512_mulhi_epu16(sides->part[k], _mm512_set1_epi16((int16_t)by));
        sum->part[k] = _mm512_add_epi16(sum->part[k], scaled);
#elif defined(__AVX2__)
        __m256i scaled = _mm256_mulhi_epu16(sides->part[k], _mm256_set1_epi16((int16_t)by));
        sum->part[k] = _mm256_add_epi16(sum->part[k], scaled);
#elif defined(__SSE2__)
        __m128i scaled = _mm_mulhi_epu16(sides->part[k], _mm_set1_epi16((int16_t)by));
        sum->part[k] = _mm_add_epi16(sum->part[k], scaled);
#else
        sum->part[k] = (uint16_t)(sum->part[k] + ((uint32_t)sides->part[k] * by >> 16));
#endif
    }
}

/* The product of two axes: sides[8 sector + k] = along[k] * sector / 65536, rounded down. */
static inline void multiply_out(const uint16_t along[SIDE], const uint16_t sector[SECTORS], uint16_t *sides)
{
#if defined(__SSE2__)
    __m128i all = _mm_loadu_si128((const __m128i *)along);
    for (int d = 0; d < SECTORS; d++)
        _mm_storeu_si128((__m128i *)(sides + d * SIDE), _mm_mulhi_epu16(all, _mm_set1_epi16((int16_t)sector[d])));
#else
    for (int d = 0; d < SECTORS; d++)
        for (int k = 0; k < SIDE; k++)
            sides[d * SIDE + k] = (uint16_t)((uint32_t)along[k] * sector[d] >> 16);
#endif
}

/* Bit k says whether value k is at least `bar`. */
static inline uint32_t flags(const cells_t *value, uint16_t bar)
{
#if defined(__AVX512BW__)
    return _mm512_cmpge_epu16_mask(value->part[0], _mm512_set1_epi16((int16_t)bar));
#elif defined(__AVX2__)
    __m256i least = _mm256_set1_epi16((int16_t)bar);
    __m256i low = _mm256_cmpeq_epi16(_mm256_max_epu16(value->part[0], least), value->part[0]);
    __m256i high = _mm256_cmpeq_epi16(_mm256_max_epu16(value->part[1], least), value->part[1]);
    return (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xd8));
#elif defined(__SSE2__)
    __m128i least = _mm_set1_epi16((int16_t)bar), none = _mm_setzero_si128(), reached[4];
    for (int k = 0; k < 4; k++)
        reached[k] = _mm_cmpeq_epi16(_mm_subs_epu16(least, value->part[k]), none);
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(reached[0], reached[1])) |
           (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(reached[2], reached[3])) << 16;
#else
    uint32_t set = 0;
    for (int k = 0; k < SIDE * SECTORS; k++)
        set |= (uint32_t)(value->part[k] >= bar) << k;
    return set;
#endif
}

/* Bit k says whether byte k of 64 is at least `bar`. */
static inline uint64_t reaching(const uint8_t *bytes, uint8_t bar)
{
#if defined(__AVX512BW__)
    return _mm512_cmpge_epu8_mask(_mm512_load_si512(bytes), _mm512_set1_epi8((char)bar));
#elif defined(__SSE2__)
    const __m128i *given = (const __m128i *)bytes, least = _mm_set1_epi8((char)bar);
    uint64_t set = 0;
    for (int k = 0; k < 4; k++)
        set |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(given[k], least), given[k]))
               << 16 * k;
    return set;
#else
    uint64_t set = 0;
    for (int k = 0; k < 64; k++)
        set |= (uint64_t)(bytes[k] >= bar) << k;
    return set;
#endif
}

/* How many of `size` bytes, a multiple of 64, are at least `bar`. */
static inline int32_t bytes_reaching(const uint8_t *bytes, int32_t size, uint8_t bar)
{
#if defined(__SSE2__) && !defined(__AVX512BW__)
    const __m128i *given = (const __m128i *)bytes, least = _mm_set1_epi8((char)bar), one = _mm_set1_epi8(1);
    __m128i sum = _mm_setzero_si128();
    for (int32_t k = 0; k < size / 16; k++) {
        __m128i fits = _mm_and_si128(_mm_cmpeq_epi8(_mm_max_epu8(given[k], least), given[k]), one);
        sum = _mm_add_epi64(sum, _mm_sad_epu8(fits, _mm_setzero_si128()));
    }
    return _mm_cvtsi128_si32(sum) + _mm_cvtsi128_si32(_mm_srli_si128(sum, 8));
#else
    int32_t count = 0;
    for (int32_t at = 0; at < size; at += 64)
        count += __builtin_popcountll(reaching(bytes + at, bar));
    return count;
#endif
}

/* Bit k says whether number k of sixteen is at most `most`. */
static inline uint32_t lanes_within(const int32_t *numbers, int32_t most)
{
#if defined(__SSE2__)
    const __m128i *four = (const __m128i *)numbers, bar = _mm_set1_epi32(most);
    __m128i low = _mm_packs_epi32(_mm_cmpgt_epi32(four[0], bar), _mm_cmpgt_epi32(four[1], bar));
    __m128i high = _mm_packs_epi32(_mm_cmpgt_epi32(four[2], bar), _mm_cmpgt_epi32(four[3], bar));
    return ~(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(low, high)) & 0xffffu;
#else
    uint32_t set = 0;
    for (int k = 0; k < LANES; k++)
        set |= (uint32_t)(numbers[k] <= most) << k;
    return set;
#endif
}

/* How many bits LANES cylinders have in common with one: words `a`, words of the others by word and lane. */
static inline void common_bits(const uint32_t a[8], const uint32_t (*others)[MOST_MINUTIAE], int32_t *common)
{
#if defined(__AVX512VPOPCNTDQ__)
    __m512i sum = _mm512_setzero_si512();
    for (int w = 0; w < 8; w++) {
        __m512i both = _mm512_and_si512(_mm512_set1_epi32((int32_t)a[w]), _mm512_load_si512(others[w]));
        sum = _mm512_add_epi32(sum, _mm512_popcnt_epi32(both));
    }
    _mm512_storeu_si512(common, sum);
#elif defined(__AVX2__)
    const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, /* twice */
                                            0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15), ones = _mm256_set1_epi8(1), pairs = _mm256_set1_epi16(1);
    for (int half = 0; half < LANES; half += 8) {
        __m256i sum = _mm256_setzero_si256();
        for (int w = 0; w < 8; w++) {
            __m256i both = _mm256_load_si256((const __m256i *)(others[w] + half));
            both = _mm256_and_si256(both, _mm256_set1_epi32((int32_t)a[w]));
            sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(counts, _mm256_and_si256(both, low)));
            both = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
            sum = _mm256_add_epi8(sum, _mm256_shuffle_epi8(counts, both));
        }
        sum = _mm256_madd_epi16(_mm256_maddubs_epi16(sum, ones), pairs);
        _mm256_storeu_si256((__m256i *)(common + half), sum);
    }
#else
    for (int k = 0; k < LANES; k++) {
        uint32_t bytes = 0;
        for (int w = 0; w < 8; w++) {
            uint32_t x = a[w] & others[w][k];
            x -= x >> 1 & 0x55555555u;
            x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
            bytes += (x + (x >> 4)) & 0x0f0f0f0fu;
        }
        bytes = (bytes & 0x00ff00ffu) + (bytes >> 8 & 0x00ff00ffu);
        common[k] = (int32_t)((bytes + (bytes >> 16)) & 0xffffu);
    }
#endif
}
