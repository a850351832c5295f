/* SPDX-License-Identifier: Apache-2.0
 *
 * Python's door to the kernels of stage 1: lengths are checked here, and nothing behind it checks them again.
 */
#include "buffers.h"
#include "screen.h"

#include <string.h>

static const char *const NAMES[] = {"avx512", "avx2", "baseline"};
#define NAME_COUNT (sizeof NAMES / sizeof NAMES[0])

/* Rows that every probe of a batch meets before the next are read: 143 kB stay in a core's second cache. */
#define BLOCK 256

static PyObject *kernels(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    PyObject *found = PyList_New(0);
    for (size_t i = 0; found && i < NAME_COUNT; i++) {
        if (!screen_find(NAMES[i])) continue;
        PyObject *name = PyUnicode_FromString(NAMES[i]);
        if (!name || PyList_Append(found, name) < 0) Py_CLEAR(found);
        Py_XDECREF(name);
    }
    PyObject *tuple = found ? PyList_AsTuple(found) : NULL;
    Py_XDECREF(found);
    return tuple;
}

static PyObject *form(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return Py_BuildValue("(iii)", SCREEN_DEFINITION, SCREEN_ROW, (int)sizeof(struct screen_group));
}

/* Why the lengths do not fit together, or NULL. */
static const char *misfit(const Py_buffer *groups, const Py_buffer *counts, Py_ssize_t best, const Py_buffer *rows,
                          const Py_buffer *scores)
{
    const size_t probes = (size_t)counts->len;
    size_t total = 0;
    for (size_t p = 0; p < probes; p++) {
        size_t count = ((const uint8_t *)counts->buf)[p];
        if (count < 1 || count > SCREEN_MOST_GROUPS) return "a probe has 1 to 8 groups";
        if (best < 1 || (size_t)best > count * SCREEN_LANES) return "best is out of range";
        total += count;
    }
    if ((size_t)groups->len != total * sizeof(struct screen_group)) return "groups have another length";
    if ((size_t)groups->buf % _Alignof(struct screen_group)) return "groups are not aligned";
    if (rows->len % SCREEN_ROW) return "rows are not whole";
    const size_t row_count = (size_t)rows->len / SCREEN_ROW;
    if (probes && row_count > (size_t)PY_SSIZE_T_MAX / sizeof(uint32_t) / probes) return "too many rows";
    if ((size_t)scores->len != probes * row_count * sizeof(uint32_t)) return "scores have another length";
    if ((size_t)scores->buf % _Alignof(uint32_t)) return "scores are not aligned";
    return NULL;
}

static void run(screen_kernel *kernel, const struct screen_group *groups, const uint8_t *counts, size_t probes,
                size_t best, const uint8_t *rows, size_t row_count, uint32_t *scores)
{
    for (size_t start = 0; start < row_count; start += BLOCK) {
        const size_t here = row_count - start < BLOCK ? row_count - start : BLOCK;
        const struct screen_group *group = groups;
        for (size_t p = 0; p < probes; group += counts[p++])
            kernel(group, counts[p], best, rows + start * SCREEN_ROW, here, scores + p * row_count + start);
    }
}

static PyObject *scores(PyObject *module, PyObject *args)
{
    const char *name;
    Py_ssize_t best;
    PyObject *given[4];
    Py_buffer views[4];
    (void)module;
    if (!PyArg_ParseTuple(args, "sOOnOO", &name, &given[0], &given[1], &best, &given[2], &given[3])) return NULL;
    screen_kernel *kernel = screen_find(name);
    if (!kernel) {
        PyErr_SetString(PyExc_ValueError, "this processor cannot run a kernel of that name");
        return NULL;
    }
    int taken = 0;
    while (taken < 4 && take_buffer(given[taken], &views[taken], taken == 3) == 0) taken++;
    const char *wrong = taken == 4 ? misfit(&views[0], &views[1], best, &views[2], &views[3]) : NULL;
    if (taken == 4 && !wrong) {
        Py_BEGIN_ALLOW_THREADS
        run(kernel, views[0].buf, views[1].buf, (size_t)views[1].len, (size_t)best, views[2].buf,
            (size_t)views[2].len / SCREEN_ROW, views[3].buf);
        Py_END_ALLOW_THREADS
    } else if (wrong) {
        PyErr_SetString(PyExc_ValueError, wrong);
    }
    const int done = taken == 4 && !wrong;
    while (taken > 0) PyBuffer_Release(&views[--taken]);
    if (!done) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef METHODS[] = {
    {"kernels", kernels, METH_NOARGS, "Names of the kernels that this processor can run, fastest first."},
    {"form", form, METH_NOARGS, "Number of the definition of a score, and the bytes of a row and of a group."},
    {"scores", scores, METH_VARARGS,
     "scores(kernel, groups, counts, best, rows, out): fill `out`, uint32 (probes, rows), from the probes' groups,\n"
     "`counts` of them each (one byte a probe). Raises ValueError where lengths do not fit together."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot SLOTS[] = {{0, NULL}};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "sluicegate.ridge.native._screen", NULL, 0, METHODS, SLOTS, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__screen(void)
{
    return PyModuleDef_Init(&MODULE);
}
