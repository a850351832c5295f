/* SPDX-License-Identifier: Apache-2.0
 *
 * What the binding files of all kernels share: Python's stable interface, and buffers whose lengths have
 * been checked. A binding takes buffers of bytes only; types and shapes are the Python side's business.
 */
#ifndef SLUICEGATE_BUFFERS_H
#define SLUICEGATE_BUFFERS_H

#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>

/* Takes a C-contiguous view; 0 if done, -1 with an exception set if not. Release with PyBuffer_Release. */
static inline int take_buffer(PyObject *given, Py_buffer *view, int writable)
{
    return PyObject_GetBuffer(given, view, PyBUF_C_CONTIGUOUS | (writable ? PyBUF_WRITABLE : 0));
}

#endif
