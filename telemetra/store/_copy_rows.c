/* What telemetra/store/copy_rows.py does for every archived event, compiled. The format is described there. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define POSTGRES_EPOCH 946684800000000LL
#define NUMBERS 64 /* bytes of a row beside its start, id and data, and some */

/* Attributes of an event; many events have the first ones in common. */
enum { STREAM_ID, CORRELATION_ID, TYPE, SOURCE, WORKSPACE_ID, CONNECTOR_ID, SESSION_ID, COMMON,
       EVENT_ID = COMMON, DATA, TIMESTAMP, RECEIVED_AT, ATTRIBUTES };

static const char *const spelled[ATTRIBUTES] = {"stream_id",    "correlation_id", "type",     "source",
                                                "workspace_id", "connector_id",   "session_id", "event_id",
                                                "data",         "timestamp",      "received_at"};
static PyObject *names[ATTRIBUTES];

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

/* The fields that come first; a borrowed reference to bytes that `starts` keeps. */
static PyObject *start_of(PyObject *starts, PyObject *start, PyObject *event, PyObject *disposition,
                          PyObject *const *values) {
    PyObject *key = PyTuple_New(COMMON + 1);
    if (key == NULL) return NULL;
    for (int at = 0; at < COMMON; at++) PyTuple_SET_ITEM(key, at, Py_NewRef(values[at]));
    PyTuple_SET_ITEM(key, COMMON, Py_NewRef(disposition));
    PyObject *found = PyDict_GetItemWithError(starts, key);
    if (found == NULL && !PyErr_Occurred()) {
        PyObject *made = PyObject_CallFunctionObjArgs(start, event, disposition, NULL);
        if (made != NULL && !PyBytes_Check(made))
            PyErr_SetString(PyExc_TypeError, "a start is bytes");
        else if (made != NULL && PyDict_SetItem(starts, key, made) == 0)
            found = made;
        Py_XDECREF(made);
    }
    Py_DECREF(key);
    return found;
}

static int put_row(Buffer *buffer, PyObject *first, int64_t offset, PyObject *const *values) {
    Py_ssize_t id_size, data_size;
    char *data;
    const char *id = PyUnicode_AsUTF8AndSize(values[EVENT_ID], &id_size);
    if (id == NULL || PyBytes_AsStringAndSize(values[DATA], &data, &data_size) < 0) return -1;
    int64_t timestamp = PyLong_AsLongLong(values[TIMESTAMP]), received_at = PyLong_AsLongLong(values[RECEIVED_AT]);
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

static int put_archived(Buffer *buffer, PyObject *starts, PyObject *start, PyObject *archived) {
    PyObject *event, *disposition, *values[ATTRIBUTES];
    long long offset;
    if (!PyTuple_Check(archived)) {
        PyErr_SetString(PyExc_TypeError, "what is archived is (offset, event, disposition)");
        return -1;
    }
    if (!PyArg_ParseTuple(archived, "LOO", &offset, &event, &disposition)) return -1;
    int got = 0;
    while (got < ATTRIBUTES && (values[got] = PyObject_GetAttr(event, names[got])) != NULL) got++;
    PyObject *first = got < ATTRIBUTES ? NULL : start_of(starts, start, event, disposition, values);
    int failed = first == NULL || put_row(buffer, first, offset, values) < 0;
    while (got > 0) Py_DECREF(values[--got]);
    return failed ? -1 : 0;
}

static PyObject *rows(PyObject *Py_UNUSED(module), PyObject *arguments) {
    PyObject *archived, *start, *made = NULL;
    if (!PyArg_ParseTuple(arguments, "O!O", &PyList_Type, &archived, &start)) return NULL;
    Buffer buffer = {NULL, 0, 0};
    PyObject *starts = PyDict_New();
    int failed = starts == NULL;
    for (Py_ssize_t at = 0; !failed && at < PyList_GET_SIZE(archived); at++) {
        PyObject *one = Py_NewRef(PyList_GET_ITEM(archived, at)); /* `start` may change the list */
        failed = put_archived(&buffer, starts, start, one) < 0;
        Py_DECREF(one);
    }
    if (!failed) made = PyBytes_FromStringAndSize(buffer.bytes, (Py_ssize_t)buffer.used);
    PyMem_Free(buffer.bytes);
    Py_XDECREF(starts);
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

PyMODINIT_FUNC PyInit__copy_rows(void) {
    for (int at = 0; at < ATTRIBUTES; at++) {
        if (names[at] == NULL) names[at] = PyUnicode_InternFromString(spelled[at]);
        if (names[at] == NULL) return NULL;
    }
    return PyModule_Create(&module);
}
