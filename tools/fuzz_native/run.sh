#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds each harness with the sanitizers, beside the kernel it is for, and runs it. Arguments: seconds, seed.
# A harness is NAME_fuzz.c; it is for native/NAME*.c without the file that binds it to Python.
set -eu
seconds=${1:-60}
seed=${2:-1}
here=$(dirname "$0")
native=$here/../../src/sluicegate/ridge/native
out=$here/../../fuzz-out/native
mkdir -p "$out"
for harness in "$here"/*_fuzz.c; do
    name=$(basename "$harness" _fuzz.c)
    sources=$(find "$native" -name "$name*.c" ! -name '*_module.c' | sort)
    # shellcheck disable=SC2086 # a list of files without spaces
    ${CC:-cc} -std=c11 -g -O1 -ffp-contract=off -fno-omit-frame-pointer -Wall -Wextra \
        -fsanitize=address,undefined -fno-sanitize-recover=all -I "$native" -o "$out/$name" "$harness" $sources -lm
    "$out/$name" "$seconds" "$seed"
done
