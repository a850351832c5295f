/* SPDX-License-Identifier: Apache-2.0
 *
 * Stage 2: the exact comparison of two packed fingers. Knows nothing of Python.
 *
 * The method is told, step by step and in the same words, in ../comparing_numpy.py, which gives the same
 * results bit for bit. Sums are of integers, or run in one stated order; single operations on floats round
 * as IEEE 754 says; angles, exponentials and roots of quality come from tables made once in Python. So the
 * vector width changes speed and nothing else.
 */
#ifndef SLUICEGATE_COMPARE_H
#define SLUICEGATE_COMPARE_H

#include <stddef.h>
#include <stdint.h>

enum {
    LAYOUT = 1,         /* of numbers_t; the Python side states the same */
    MOST_MINUTIAE = 448, /* of one record: fits 9 bits, and leaves room for an unsegmented slap */
    MOST_PAIRS = 512,
    MOST_SEEDS = 64,
    MOST_TRIES = 8,
    MOST_NEIGHBORS = 32,
    MOST_REACH = 95 * 95, /* squared pixels: the tables of nearness reach no farther */
    MOST_SIDE = 16383,
    HEAD = 8,  /* bytes of a record before its minutiae */
    LANES = 16,
    ROWS = 384, /* half pixels from -96 to 96 */
    SIDE = 8,
    SECTORS = 4,
    DEAR = 4096, /* the cost at which two minutiae no longer correspond */
};

/* Every number and table that the method uses, as comparing_tables.py lays them out. */
typedef struct {
    int32_t layout, pairs, alike, seeds, tries, least, seed_turn, reach, neighbors, least_neighbors, cell_bar;
    float seed_distance, seed_long, seed_short;
    float wide, narrow, angle, bend, overlap;
    float cosine[256], sine[256];
    int32_t cosine14[256], sine14[256];
    int32_t weight[16][16];
    int32_t close[128];
    uint32_t circle[SIDE];
    uint16_t across[ROWS][SIDE];
    uint16_t along[ROWS][SIDE];
    uint16_t sector[256][SECTORS];
} numbers_t;

/* Where a probe lies on a reference: x' = cosine x + sine y + x, y' = cosine y - sine x + y, in pixels. */
typedef struct {
    float cosine, sine, x, y;
} placement_t;

typedef struct {
    float similarity;
    int32_t count; /* corresponding minutiae */
    placement_t placement;
    uint16_t pairs[MOST_MINUTIAE][2];
} comparison_t;

/* Minutiae of one finger, one array per property, filled up to a multiple of LANES with ones far away. */
typedef struct {
    int32_t count, padded;
    _Alignas(64) float x[MOST_MINUTIAE];
    _Alignas(64) float y[MOST_MINUTIAE];
    _Alignas(64) float u[MOST_MINUTIAE]; /* direction as a unit vector */
    _Alignas(64) float v[MOST_MINUTIAE];
    _Alignas(64) int32_t ix[MOST_MINUTIAE];
    _Alignas(64) int32_t iy[MOST_MINUTIAE];
    _Alignas(64) int32_t ones[MOST_MINUTIAE]; /* bits set; 1 where none is, which is as unlike and divides */
    _Alignas(64) uint32_t bits[SIDE][MOST_MINUTIAE]; /* of the cylinder: by column of cells */
    float top[MOST_MINUTIAE / LANES], bottom[MOST_MINUTIAE / LANES]; /* least and greatest y of each block */
    uint8_t theta[MOST_MINUTIAE], quality[MOST_MINUTIAE];
} finger_t;

/* Pairs of minutiae that may correspond, in order of rotation, all of them twice so that a turn wraps. */
typedef struct {
    int32_t count;
    int32_t start[257];
    _Alignas(64) float px[2 * MOST_PAIRS + LANES], py[2 * MOST_PAIRS + LANES];
    _Alignas(64) float rx[2 * MOST_PAIRS + LANES], ry[2 * MOST_PAIRS + LANES];
    _Alignas(64) int32_t weight[2 * MOST_PAIRS + LANES];
    /* In order of row and column, with room for one that is looked at and not taken. */
    int32_t row[MOST_PAIRS + 1], column[MOST_PAIRS + 1], turn[MOST_PAIRS + 1];
    int32_t which[MOST_PAIRS]; /* the pair at each place of the order of rotation */
    int32_t seeds[MOST_SEEDS + 1], seed_count;
} voters_t;

/* Minutiae that correspond under some placement, and what each pair costs, below DEAR. */
typedef struct {
    int32_t count, row[MOST_MINUTIAE], column[MOST_MINUTIAE], cost[MOST_MINUTIAE];
} pairs_t;

typedef struct {
    numbers_t numbers;
    finger_t probe, reference;
    voters_t voters;
    _Alignas(64) float x[MOST_MINUTIAE], y[MOST_MINUTIAE], u[MOST_MINUTIAE], v[MOST_MINUTIAE];
    _Alignas(64) float bent_x[MOST_MINUTIAE], bent_y[MOST_MINUTIAE];
    _Alignas(64) int32_t by_row[MOST_MINUTIAE], by_column[MOST_MINUTIAE];
    _Alignas(64) int32_t agrees[2 * MOST_PAIRS + LANES];
    pairs_t pair_room[2], *pairs, *best;
    comparison_t found;
    _Alignas(64) uint8_t like[MOST_MINUTIAE * MOST_MINUTIAE + 64];
    _Alignas(64) uint8_t chosen[MOST_PAIRS + 64]; /* likeness of the likely pairs */
} workspace_t;

/* One set of kernels: `read` unpacks a record that `whole_record` accepted and builds its cylinders. */
typedef struct {
    const char *name;
    void (*read)(const numbers_t *numbers, const uint8_t *record, finger_t *finger);
    void (*compare)(workspace_t *work);
} kernel_t;

extern const kernel_t compare_baseline;
#if defined(__x86_64__) && defined(__GNUC__)
#define COMPARE_X86 1
extern const kernel_t compare_avx2;
extern const kernel_t compare_avx512;
#endif

/* The kernels that this processor can run, fastest first; ends with NULL. */
void compare_kernels(const kernel_t *found[4]);

/* Bytes of the record at `at`, or 0 if the `size` bytes of `blob` hold no whole and sane record there. */
size_t whole_record(const uint8_t *blob, size_t size, uint64_t at);

/* Whether all numbers lie within what the arrays here can hold. */
int sane_numbers(const numbers_t *numbers);

#endif
