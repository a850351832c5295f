/* SPDX-License-Identifier: Apache-2.0
 *
 * Python's door to the exact comparison. Lengths are checked here; the lock on Python is given back meanwhile.
 */
#include <stdlib.h>
#include <string.h>

#include "buffers.h"
#include "compare.h"

static const kernel_t *kernel_named(const char *name)
{
    const kernel_t *found[4];
    compare_kernels(found);
    for (int k = 0; found[k] != NULL; k++)
        if (strcmp(found[k]->name, name) == 0)
            return found[k];
    PyErr_SetString(PyExc_ValueError, "no such kernel can run here");
    return NULL;
}

/* A workspace with the numbers and the probe read in; NULL with an exception set. Free it with free. */
static workspace_t *workspace(const kernel_t *kernel, const Py_buffer *numbers, const Py_buffer *probe)
{
    if (numbers->len != (Py_ssize_t)sizeof(numbers_t)) {
        PyErr_SetString(PyExc_ValueError, "the numbers have another length");
        return NULL;
    }
    if (whole_record(probe->buf, (size_t)probe->len, 0) == 0) {
        PyErr_SetString(PyExc_ValueError, "the probe is not a whole record");
        return NULL;
    }
    size_t size = (sizeof(workspace_t) + 63) / 64 * 64;
    workspace_t *work = aligned_alloc(64, size);
    if (work == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    memcpy(&work->numbers, numbers->buf, sizeof work->numbers);
    if (!sane_numbers(&work->numbers)) {
        free(work);
        PyErr_SetString(PyExc_ValueError, "a number is beyond what the kernel can hold");
        return NULL;
    }
    kernel->read(&work->numbers, probe->buf, &work->probe);
    return work;
}

static PyObject *kernels(PyObject *module, PyObject *unused)
{
    const kernel_t *found[4];
    (void)module;
    (void)unused;
    compare_kernels(found);
    PyObject *names = PyList_New(0);
    for (int k = 0; names != NULL && found[k] != NULL; k++) {
        PyObject *name = PyUnicode_FromString(found[k]->name);
        if (name == NULL || PyList_Append(names, name) < 0)
            Py_CLEAR(names);
        Py_XDECREF(name);
    }
    if (names == NULL)
        return NULL;
    PyObject *tuple = PyList_AsTuple(names);
    Py_DECREF(names);
    return tuple;
}

/* Index of the first reference that is no whole record, or the count if all were compared. */
static Py_ssize_t run_many(const kernel_t *kernel, workspace_t *work, const Py_buffer *blob, const char *offsets,
                           char *out, Py_ssize_t count)
{
    for (Py_ssize_t k = 0; k < count; k++) {
        uint64_t at;
        memcpy(&at, offsets + 8 * k, sizeof at);
        if (whole_record(blob->buf, (size_t)blob->len, at) == 0)
            return k;
        kernel->read(&work->numbers, (const uint8_t *)blob->buf + at, &work->reference);
        kernel->compare(work);
        memcpy(out + 4 * k, &work->found.similarity, 4);
    }
    return count;
}

static PyObject *compare_many(PyObject *module, PyObject *args)
{
    const char *name;
    PyObject *given[5];
    Py_buffer view[5];
    int taken = 0;
    PyObject *result = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "sOOOOO:compare_many", &name, &given[0], &given[1], &given[2], &given[3], &given[4]))
        return NULL;
    const kernel_t *kernel = kernel_named(name);
    if (kernel == NULL)
        return NULL;
    while (taken < 5 && take_buffer(given[taken], &view[taken], taken == 4) == 0)
        taken++;
    if (taken == 5) {
        if (view[3].len % 8 != 0 || view[4].len % 4 != 0 || view[3].len / 8 != view[4].len / 4) {
            PyErr_SetString(PyExc_ValueError, "offsets and similarities differ in number");
        } else {
            workspace_t *work = workspace(kernel, &view[0], &view[1]);
            if (work != NULL) {
                Py_ssize_t done;
                Py_BEGIN_ALLOW_THREADS
                done = run_many(kernel, work, &view[2], view[3].buf, view[4].buf, view[3].len / 8);
                Py_END_ALLOW_THREADS
                free(work);
                result = PyLong_FromSsize_t(done);
            }
        }
    }
    while (taken > 0)
        PyBuffer_Release(&view[--taken]);
    return result;
}

static PyObject *comparison_tuple(const comparison_t *found)
{
    return Py_BuildValue("(dddddy#)", (double)found->similarity, (double)found->placement.cosine,
                         (double)found->placement.sine, (double)found->placement.x, (double)found->placement.y,
                         (const char *)found->pairs, (Py_ssize_t)sizeof found->pairs[0] * found->count);
}

static PyObject *compare_one(PyObject *module, PyObject *args)
{
    const char *name;
    PyObject *given[3];
    Py_buffer view[3];
    int taken = 0;
    PyObject *result = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "sOOO:compare_one", &name, &given[0], &given[1], &given[2]))
        return NULL;
    const kernel_t *kernel = kernel_named(name);
    if (kernel == NULL)
        return NULL;
    while (taken < 3 && take_buffer(given[taken], &view[taken], 0) == 0)
        taken++;
    if (taken == 3) {
        if (whole_record(view[2].buf, (size_t)view[2].len, 0) == 0) {
            PyErr_SetString(PyExc_ValueError, "the reference is not a whole record");
        } else {
            workspace_t *work = workspace(kernel, &view[0], &view[1]);
            if (work != NULL) {
                Py_BEGIN_ALLOW_THREADS
                kernel->read(&work->numbers, view[2].buf, &work->reference);
                kernel->compare(work);
                Py_END_ALLOW_THREADS
                result = comparison_tuple(&work->found);
                free(work);
            }
        }
    }
    while (taken > 0)
        PyBuffer_Release(&view[--taken]);
    return result;
}

static PyMethodDef METHODS[] = {
    {"kernels", kernels, METH_NOARGS, "Names of the kernels that this processor can run, fastest first."},
    {"compare_many", compare_many, METH_VARARGS, "Similarities of one probe and many references."},
    {"compare_one", compare_one, METH_VARARGS, "One comparison, with its pairs and placement."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot SLOTS[] = {{0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "sluicegate.ridge.native._compare", NULL, 0, METHODS, SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__compare(void)
{
    return PyModuleDef_Init(&MODULE);
}
