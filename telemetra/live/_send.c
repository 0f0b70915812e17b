/* The loop of telemetra/live/spread.py, compiled: the same bytes to many sockets. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <sys/socket.h>

#ifndef MSG_NOSIGNAL /* macOS */
#define MSG_NOSIGNAL 0
#endif

/* How many of the bytes the kernel took without waiting; none after an error, which the next to write will meet too. */
static Py_ssize_t send_now(int socket, const char *bytes, Py_ssize_t size) {
    for (;;) {
        Py_ssize_t sent = send(socket, bytes, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) return sent;
        if (errno != EINTR) return 0;
    }
}

static PyObject *send_to_all(PyObject *Py_UNUSED(module), PyObject *arguments) {
    PyObject *list, *bytes;
    if (!PyArg_ParseTuple(arguments, "O!S", &PyList_Type, &list, &bytes)) return NULL;
    Py_ssize_t number = PyList_GET_SIZE(list), size = PyBytes_GET_SIZE(bytes);
    int *sockets = PyMem_New(int, number + 1);
    Py_ssize_t *sent = PyMem_New(Py_ssize_t, number + 1);
    PyObject *rest = sockets == NULL || sent == NULL ? PyErr_NoMemory() : PyList_New(0);
    int failed = rest == NULL;
    for (Py_ssize_t at = 0; !failed && at < number; at++) {
        sockets[at] = (int)PyLong_AsLong(PyList_GET_ITEM(list, at));
        failed = sockets[at] == -1 && PyErr_Occurred();
    }
    if (!failed) {
        /* The tuple of arguments keeps the bytes alive. */
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t at = 0; at < number; at++) sent[at] = send_now(sockets[at], PyBytes_AS_STRING(bytes), size);
        Py_END_ALLOW_THREADS
    }
    for (Py_ssize_t at = 0; !failed && at < number; at++) {
        if (sent[at] == size) continue;
        PyObject *one = Py_BuildValue("nn", at, sent[at]);
        failed = one == NULL || PyList_Append(rest, one) < 0;
        Py_XDECREF(one);
    }
    PyMem_Free(sockets);
    PyMem_Free(sent);
    if (failed) Py_CLEAR(rest);
    return rest;
}

static PyMethodDef functions[] = {
    {"send_to_all", send_to_all, METH_VARARGS,
     "(sockets, bytes) -> [(position, bytes sent)] of those that could not take all at once."},
    {NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "telemetra.live._send",
    .m_doc = "The same bytes to many sockets.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__send(void) { return PyModule_Create(&module); }
