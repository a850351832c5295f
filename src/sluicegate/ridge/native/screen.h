/* SPDX-License-Identifier: Apache-2.0
 *
 * Stage 1 of a search: how alike 32 cylinders of a probe and 16 stored ones of every gallery row are.
 *
 * A row is 448 bytes: 16 cylinders of 26 bytes, then 16 counts of their set bits, then 16 angles (a turn is
 * 256). A place that holds no cylinder is all zero. A probe is cut into groups of 32 cylinders, each a
 * struct screen_group that the Python side fills (ridge/screening.py). For a probe cylinder p and a stored
 * one s that the gate lets meet:
 *
 *     common(p, s) = set bits of p & s                                 0 to 208
 *     share(p, s)  = common * 256 * reciprocal[ones(s)][p] >> 16       at most 2048 if ones(s) is true
 *
 * Of the shares that a probe cylinder p has with the row's, the largest counts, and by its fourth power, since
 * even strangers' cylinders share 0.3 of their bits, and only what is well above that tells anything:
 *
 *     scaled(p) = 32 * min(largest share, 2047)
 *     square(p) = scaled(p) * scaled(p) >> 16
 *     worth(p)  = square(p) * square(p) >> 16                          0 to 65408
 *
 * A row's score is the sum over the probe's `best` most worthy cylinders. All of it is in integers: every kernel
 * gives the same scores.
 */
#ifndef SLUICEGATE_SCREEN_H
#define SLUICEGATE_SCREEN_H

#include <stddef.h>
#include <stdint.h>

/* Counts up whenever a score changes, so that kernels built from older sources are noticed and not used. */
#define SCREEN_DEFINITION 1

#define SCREEN_PLACES 16
#define SCREEN_BYTES 26
#define SCREEN_ROW (SCREEN_PLACES * (SCREEN_BYTES + 2))
#define SCREEN_LANES 32
#define SCREEN_MOST_GROUPS 8

/* Four-byte pieces of a cylinder. The last reaches two bytes into what follows the cylinder in its row, which is
 * never the row's end; the probe has zeros there. */
#define PLANES 7

/* 32 cylinders of a probe. Row bytes 416 to 447 make indexes of `reciprocal` and `gate`, whatever they hold. */
struct screen_group {
    /* Four bytes of a cylinder lie together. Half h, place 4b + w is cylinder 8b + 4h + w, so that packing
     * the counts of both halves puts the cylinders in order. Bytes 26 and 27 are zero. */
    uint8_t planes[PLANES][2][16][4];
    uint16_t reciprocal[256][SCREEN_LANES];
    uint32_t gate[256];                /* by stored angle: which cylinders may meet it, one bit each */
};

/* Where a half of a plane begins, from its lane `from` on. */
static inline const uint8_t *screen_plane(const struct screen_group *group, int plane, int half, int from)
{
    return (const uint8_t *)group->planes + 4 * (16 * (2 * plane + half) + from);
}

/* Scores of every row. Groups: 1 to SCREEN_MOST_GROUPS. Best: 1 to groups * 32. */
typedef void screen_kernel(const struct screen_group *groups, size_t count, size_t best, const uint8_t *rows,
                           size_t row_count, uint32_t *scores);

screen_kernel screen_baseline;
#if defined(__x86_64__) && defined(__GNUC__)
#define SCREEN_X86 1
screen_kernel screen_avx2;
screen_kernel screen_avx512;
#endif

/* The kernel of that name that this processor can run, or NULL. */
screen_kernel *screen_find(const char *name);

/* Sum of the `best` largest of `count` values: the same for every kernel. */
uint32_t screen_best_sum(const uint16_t *values, size_t count, size_t best);

#endif
