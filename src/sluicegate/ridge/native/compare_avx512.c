/* SPDX-License-Identifier: Apache-2.0
 *
 * The exact comparison for 512-bit vectors and their population count.
 */
#include "compare.h"

#ifdef COMPARE_X86
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vpopcntdq,popcnt")
#endif
#include "compare_body.h"

const kernel_t compare_avx512 = {"avx512", read_finger, compare_fingers};
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
