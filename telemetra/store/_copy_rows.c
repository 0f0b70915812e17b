/* What telemetra/store/copy_rows.py does for archived events, compiled. The format is described there. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define POSTGRES_EPOCH 946684800000000LL
#define NUMBERS 64 /* bytes of a row beside its start, id and data, and some */

enum { EVENT_IDS, TIMESTAMPS, DATA, COLUMNS };

static const char *const columns[COLUMNS] = {"event_ids", "timestamps", "data"};

typedef struct {
    char *bytes;
    size_t used, size;
} Buffer;

static int reserve(Buffer *buffer, size_t more) {
    if (buffer->used + more <= buffer->size) return 0;
    size_t size = (buffer->used + more) * 2;
    char *bytes = PyMem_Realloc(buffer->bytes, size);
    if (bytes == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    buffer->bytes = bytes;
    buffer->size = size;
    return 0;
}

static void put(Buffer *buffer, const void *bytes, size_t size) {
    memcpy(buffer->bytes + buffer->used, bytes, size);
    buffer->used += size;
}

static void put_number(Buffer *buffer, uint64_t number, int bytes) {
    while (bytes > 0) buffer->bytes[buffer->used++] = (char)(number >> (8 * --bytes));
}

static void put_bigint(Buffer *buffer, int64_t number) {
    put_number(buffer, 8, 4);
    put_number(buffer, (uint64_t)number, 8);
}

static int put_row(Buffer *buffer, PyObject *first, int64_t offset, int64_t received_at, PyObject *const *values) {
    Py_ssize_t id_size, data_size;
    char *data;
    const char *id = PyUnicode_AsUTF8AndSize(values[EVENT_IDS], &id_size);
    if (id == NULL || PyBytes_AsStringAndSize(values[DATA], &data, &data_size) < 0) return -1;
    if (!PyLong_Check(values[TIMESTAMPS])) {
        PyErr_SetString(PyExc_TypeError, "a timestamp is an integer");
        return -1;
    }
    int64_t timestamp = PyLong_AsLongLong(values[TIMESTAMPS]);
    if (PyErr_Occurred() || reserve(buffer, PyBytes_GET_SIZE(first) + id_size + data_size + NUMBERS) < 0) return -1;
    put(buffer, PyBytes_AS_STRING(first), PyBytes_GET_SIZE(first));
    put_bigint(buffer, offset);
    put_bigint(buffer, timestamp - POSTGRES_EPOCH);
    put_bigint(buffer, received_at - POSTGRES_EPOCH);
    put_number(buffer, (uint64_t)id_size, 4);
    put(buffer, id, id_size);
    put_number(buffer, (uint64_t)data_size + 1, 4);
    put_number(buffer, 1, 1); /* the version of jsonb */
    put(buffer, data, data_size);
    return 0;
}

/* The rows of a run; no Python code runs in here that could change its lists. */
static int put_events(Buffer *buffer, PyObject *first, int64_t offset, int64_t received_at, PyObject *const *lists) {
    Py_ssize_t number = PyList_GET_SIZE(lists[EVENT_IDS]);
    for (int at = 0; at < COLUMNS; at++)
        if (PyList_GET_SIZE(lists[at]) != number) {
            PyErr_SetString(PyExc_ValueError, "the columns of a run are of one length");
            return -1;
        }
    for (Py_ssize_t at = 0; at < number; at++) {
        PyObject *values[COLUMNS];
        for (int column = 0; column < COLUMNS; column++) values[column] = PyList_GET_ITEM(lists[column], at);
        if (put_row(buffer, first, offset + at, received_at, values) < 0) return -1;
    }
    return 0;
}

static int put_run(Buffer *buffer, PyObject *first, int64_t offset, PyObject *run) {
    PyObject *arrival = PyObject_GetAttrString(run, "received_at");
    if (arrival == NULL) return -1;
    int64_t received_at = PyLong_AsLongLong(arrival);
    Py_DECREF(arrival);
    if (PyErr_Occurred()) return -1;
    PyObject *lists[COLUMNS];
    int got = 0, failed = -1;
    while (got < COLUMNS && (lists[got] = PyObject_GetAttrString(run, columns[got])) != NULL) {
        got++;
        if (!PyList_Check(lists[got - 1])) {
            PyErr_SetString(PyExc_TypeError, "the columns of a run are lists");
            break;
        }
    }
    if (!PyErr_Occurred()) failed = put_events(buffer, first, offset, received_at, lists);
    while (got > 0) Py_DECREF(lists[--got]);
    return failed;
}

static int put_archived(Buffer *buffer, PyObject *start, PyObject *archived) {
    PyObject *run, *disposition;
    long long offset;
    if (!PyTuple_Check(archived)) {
        PyErr_SetString(PyExc_TypeError, "what is archived is (offset, run, disposition)");
        return -1;
    }
    if (!PyArg_ParseTuple(archived, "LOO", &offset, &run, &disposition)) return -1;
    PyObject *first = PyObject_CallFunctionObjArgs(start, run, disposition, NULL);
    if (first == NULL) return -1;
    int failed = -1;
    if (PyBytes_Check(first))
        failed = put_run(buffer, first, offset, run);
    else
        PyErr_SetString(PyExc_TypeError, "a start is bytes");
    Py_DECREF(first);
    return failed;
}

static PyObject *rows(PyObject *Py_UNUSED(module), PyObject *arguments) {
    PyObject *archived, *start, *made = NULL;
    if (!PyArg_ParseTuple(arguments, "O!O", &PyList_Type, &archived, &start)) return NULL;
    Buffer buffer = {NULL, 0, 0};
    int failed = 0;
    for (Py_ssize_t at = 0; !failed && at < PyList_GET_SIZE(archived); at++) {
        PyObject *one = Py_NewRef(PyList_GET_ITEM(archived, at)); /* `start` may change the list */
        failed = put_archived(&buffer, start, one) < 0;
        Py_DECREF(one);
    }
    if (!failed) made = PyBytes_FromStringAndSize(buffer.bytes, (Py_ssize_t)buffer.used);
    PyMem_Free(buffer.bytes);
    return made;
}

static PyMethodDef functions[] = {
    {"rows", rows, METH_VARARGS, "(archived, start) -> bytes; see telemetra.store.copy_rows.plain_rows."},
    {NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "telemetra.store._copy_rows",
    .m_doc = "The loop of telemetra.store.copy_rows, compiled.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__copy_rows(void) { return PyModule_Create(&module); }
