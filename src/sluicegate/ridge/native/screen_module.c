/* SPDX-License-Identifier: Apache-2.0
 *
 * Python's door to the kernels of stage 1.
 */
#include "buffers.h"

static PyObject *kernels(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return Py_BuildValue("(s)", "baseline");
}

static PyMethodDef METHODS[] = {
    {"kernels", kernels, METH_NOARGS, "Names of the kernels that this processor can run, fastest first."},
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
