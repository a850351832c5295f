/* SPDX-License-Identifier: Apache-2.0
 *
 * The exact comparison for 256-bit vectors.
 */
#include "compare.h"

#ifdef COMPARE_X86
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif
#include "compare_body.h"

const kernel_t compare_avx2 = {"avx2", read_finger, compare_fingers};
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
