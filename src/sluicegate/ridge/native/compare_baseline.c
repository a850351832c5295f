/* SPDX-License-Identifier: Apache-2.0
 *
 * The exact comparison for plain C that every processor runs.
 */
#include "compare.h"
#include "compare_body.h"

const kernel_t compare_baseline = {"baseline", read_finger, compare_fingers};
