/* What telemetra/text/plain.py does for every message, compiled.
 *
 * Only the loops are here: what a token says (`tokens`), what it does after those before it (`steps`), which tokens make
 * a phrase (`phrase_at`) and what all of it means (`meant`) is asked of Python and the first two are remembered, so that every
 * rule stands in one place. Where this is not compiled plain.py does the same, slower; tests/unit/test_compiled.py holds
 * them against each other.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>
#include <structmember.h>

#define MOST_WORDS 60 /* of a message that make its likeness, as in plain.py */

/* ---- Reading: what one message holds ---- */

typedef struct {
    PyObject_VAR_HEAD
    PyObject *text;
    PyObject *emotes;
    PyObject *valence;
    PyObject *words; /* a frozenset, made when first asked for */
    uint64_t hash;   /* of the codes, for `alike` */
    uint32_t codes[1]; /* different ones, sorted; ob_size of them */
} Reading;

static PyTypeObject ReadingType;

static void reading_dealloc(Reading *self) {
    Py_XDECREF(self->text);
    Py_XDECREF(self->emotes);
    Py_XDECREF(self->valence);
    Py_XDECREF(self->words);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *reading_words(Reading *self, void *Py_UNUSED(closure)) {
    if (self->words == NULL) {
        PyObject *codes = PyTuple_New(Py_SIZE(self));
        if (codes == NULL) return NULL;
        for (Py_ssize_t at = 0; at < Py_SIZE(self); at++) {
            PyObject *code = PyLong_FromUnsignedLong(self->codes[at]);
            if (code == NULL) {
                Py_DECREF(codes);
                return NULL;
            }
            PyTuple_SET_ITEM(codes, at, code);
        }
        self->words = PyFrozenSet_New(codes);
        Py_DECREF(codes);
    }
    return Py_XNewRef(self->words);
}

/* Readings of one text are the same reading. */
static Py_hash_t reading_hash(Reading *self) { return PyObject_Hash(self->text); }

static PyObject *reading_compare(PyObject *self, PyObject *other, int operation) {
    if (!Py_IS_TYPE(other, &ReadingType) || (operation != Py_EQ && operation != Py_NE)) Py_RETURN_NOTIMPLEMENTED;
    return PyObject_RichCompare(((Reading *)self)->text, ((Reading *)other)->text, operation);
}

static PyMemberDef reading_members[] = {
    {"text", T_OBJECT_EX, offsetof(Reading, text), READONLY, NULL},
    {"emotes", T_OBJECT_EX, offsetof(Reading, emotes), READONLY, NULL},
    {"valence", T_OBJECT_EX, offsetof(Reading, valence), READONLY, NULL},
    {NULL},
};

static PyGetSetDef reading_getset[] = {
    {"words", (getter)reading_words, NULL, "The codes of its different words.", NULL},
    {NULL},
};

/* No garbage collection: it holds text, numbers and sets and tuples of these, and no cycle can be made of them. */
static PyTypeObject ReadingType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "telemetra.text._reading.Reading",
    .tp_doc = "What a message holds; see telemetra.text.plain.Reading.",
    .tp_basicsize = offsetof(Reading, codes),
    .tp_itemsize = sizeof(uint32_t),
    .tp_dealloc = (destructor)reading_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_hash = (hashfunc)reading_hash,
    .tp_richcompare = reading_compare,
    .tp_members = reading_members,
    .tp_getset = reading_getset,
};

/* ---- Known: what the tokens of chat say, in a cache line each ---- */

#define KNOWN_BITS 15
#define LONGEST_KNOWN 32

/* Chat says the same few thousand words over and over, and to find them by way of Python's objects costs five cache
 * misses each. This is a cache in front of the dict of all tokens, with two places for each word: who comes
 * third replaces the elder. */
typedef struct {
    PyObject *token; /* NULL: empty */
    PyObject *name;  /* the word itself where it names an emote, or NULL */
    int32_t valence, marks;
    uint32_t code;
    uint8_t kind, length;
    uint8_t phrased; /* whether any phrase has the word */
    uint8_t key[LONGEST_KNOWN];
} Known;

_Static_assert(sizeof(Known) == 64, "a cache line");

/* ---- Steps: what a token does after those before it ---- */

#define STEP_BITS 12

typedef struct {
    int state, kind, valence, marks;
} Doing;

/* What the token adds to the sums of a message: see `step` in valence.py. */
typedef struct {
    Doing doing; /* its kind is -1 where the place is empty */
    int next, halves, said, laughter, letters, marks;
} Step;

typedef struct {
    long said, laughter, letters, marks;
    int state;
} Sums;

/* ---- Reader: makes readings ---- */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *tokens;     /* a dict with __missing__: token -> (kind, valence, marks, word, follow, code) */
    PyObject *steps;      /* a dict with __missing__: (state, kind, valence, marks) -> the rest of a Step */
    PyObject *phrase_at;  /* (list of tokens, position) -> (the phrase as a token, where it ends), or None */
    PyObject *meant;      /* (what is said, laughter, marks, exclamation marks) -> int */
    PyObject *nothing_follows;
    Py_ssize_t longest; /* code points that are read for the valence */
    long named, starts, praise, spoken, ironic;
    Known *known; /* 1 << KNOWN_BITS of them */
    Step *done;   /* 1 << STEP_BITS of them */
} Reader;

enum { KIND, VALENCE, MARKS, WORD, FOLLOW, CODE, FIELDS };

static PyObject *field(PyObject *token, int number) { return PyTuple_GET_ITEM(token, number); }

/* The token of a word; a new reference. */
static PyObject *token_of(Reader *self, PyObject *word) {
    PyObject *token = PyDict_GetItemWithError(self->tokens, word);
    if (token != NULL)
        Py_INCREF(token);
    else if (!PyErr_Occurred())
        token = PyObject_GetItem(self->tokens, word); /* __missing__ */
    if (token != NULL && (!PyTuple_CheckExact(token) || PyTuple_GET_SIZE(token) != FIELDS)) {
        PyErr_SetString(PyExc_TypeError, "a token is a tuple of six");
        Py_CLEAR(token);
    }
    return token;
}

static void forget(Known *known) {
    Py_XDECREF(known->token);
    Py_XDECREF(known->name);
}

/* Asks for the token of a word and puts it into `known`; -1 with an exception set. */
static int learn(Reader *self, PyObject *text, Py_ssize_t start, Py_ssize_t end, Known *known) {
    PyObject *word = PyUnicode_Substring(text, start, end);
    PyObject *token = word == NULL ? NULL : token_of(self, word);
    long kind = 0, valence = 0, marks = 0;
    unsigned long code = 0;
    int phrased = 0;
    if (token != NULL) {
        phrased = PyObject_IsTrue(field(token, WORD));
        kind = PyLong_AsLong(field(token, KIND));
        valence = PyLong_AsLong(field(token, VALENCE));
        marks = PyLong_AsLong(field(token, MARKS));
        code = PyLong_AsUnsignedLong(field(token, CODE));
    }
    if (PyErr_Occurred()) {
        Py_XDECREF(word);
        Py_XDECREF(token);
        return -1;
    }
    Py_XSETREF(known->token, token);
    Py_XSETREF(known->name, marks & self->named ? Py_NewRef(word) : NULL);
    Py_DECREF(word);
    known->kind = (uint8_t)kind;
    known->phrased = (uint8_t)phrased;
    known->valence = (int32_t)valence;
    known->marks = (int32_t)marks;
    known->code = (uint32_t)code;
    return 0;
}

/* A word as it stands in a text. */
typedef struct {
    Py_ssize_t start, end;
    int short_enough; /* to be known: at most LONGEST_KNOWN characters of Latin-1 */
    uint64_t hash;
    uint8_t key[LONGEST_KNOWN]; /* its characters, then zeros */
} Word;

static inline int scan(int kind, const void *data, Py_ssize_t length, Py_ssize_t at, Word *word) {
    while (at < length && Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, at))) at++;
    word->start = at;
    while (at < length && !Py_UNICODE_ISSPACE(PyUnicode_READ(kind, data, at))) at++;
    word->end = at;
    word->short_enough = at - word->start <= LONGEST_KNOWN;
    word->hash = 0;
    if (!word->short_enough) return 1;
    memset(word->key, 0, LONGEST_KNOWN);
    for (Py_ssize_t from = word->start; from < at; from++) {
        Py_UCS4 character = PyUnicode_READ(kind, data, from);
        if (character > 0xFF) word->short_enough = 0;
        word->key[from - word->start] = (uint8_t)character;
    }
    uint64_t parts[LONGEST_KNOWN / 8];
    memcpy(parts, word->key, LONGEST_KNOWN);
    for (int part = 0; part < LONGEST_KNOWN / 8; part++) {
        word->hash = (word->hash ^ parts[part]) * 0x9E3779B97F4A7C15u;
        word->hash ^= word->hash >> 32;
    }
    return word->start < length;
}

/* Finds the next word from `at` on, those between blanks as str.split() does; 0 when there is none. */
static int next_word(PyObject *text, Py_ssize_t at, Word *word) {
    const void *data = PyUnicode_DATA(text);
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int kind = PyUnicode_KIND(text);
    /* Most texts are of the first kind: a loop of its own, that need not ask for each character. */
    if (kind == PyUnicode_1BYTE_KIND) return scan(PyUnicode_1BYTE_KIND, data, length, at, word);
    return scan(kind, data, length, at, word);
}

/* Where a word is known, if it is: in one of two places. */
static Known *places_of(Reader *self, const Word *word) {
    return self->known + (word->hash & ((1 << KNOWN_BITS) - 2));
}

/* What the word says: in the cache, or in `other` where it cannot be (which is to be released then). NULL with an
 * exception set. Valid until the next call. */
static Known *look_up(Reader *self, PyObject *text, const Word *word, Known *other) {
    if (!word->short_enough) return learn(self, text, word->start, word->end, other) < 0 ? NULL : other;
    uint8_t length = (uint8_t)(word->end - word->start);
    Known *known = places_of(self, word);
    for (int way = 0; way < 2; way++)
        if (known[way].token != NULL && known[way].length == length &&
            memcmp(known[way].key, word->key, LONGEST_KNOWN) == 0)
            return known + way;
    /* Python code runs in between, maybe in another thread too: the place is written at once, after it. */
    Known learnt = {.token = NULL, .name = NULL};
    if (learn(self, text, word->start, word->end, &learnt) < 0) return NULL;
    learnt.length = length;
    memcpy(learnt.key, word->key, LONGEST_KNOWN);
    Known before = known[1];
    known[1] = known[0];
    known[0] = learnt;
    forget(&before);
    return known;
}

/* Asks for a step and puts it into `step`; -1 with an exception set. */
static int think(Reader *self, Step *step) {
    Doing *doing = &step->doing;
    PyObject *key = Py_BuildValue("iiii", doing->state, doing->kind, doing->valence, doing->marks);
    PyObject *found = key == NULL ? NULL : PyObject_GetItem(self->steps, key);
    if (found != NULL && !PyTuple_CheckExact(found)) PyErr_SetString(PyExc_TypeError, "a step is a tuple of six");
    int failed = found == NULL || PyErr_Occurred() ||
                 !PyArg_ParseTuple(found, "ipiiii;a step is a tuple of six", &step->next, &step->halves, &step->said,
                                   &step->laughter, &step->letters, &step->marks);
    Py_XDECREF(key);
    Py_XDECREF(found);
    return failed ? -1 : 0;
}

/* Adds what a token does to `sums`; -1 with an exception set. */
static int add_step(Reader *self, Sums *sums, int kind, int valence, int marks) {
    Doing doing = {sums->state, kind, valence, marks};
    uint64_t mixed = (uint64_t)(uint32_t)valence << 32 ^ (uint32_t)(marks << 14 ^ sums->state << 4 ^ kind);
    Step *step = self->done + ((mixed * 0x9E3779B97F4A7C15u) >> (64 - STEP_BITS));
    if (memcmp(&step->doing, &doing, sizeof(Doing)) != 0) {
        Step made = {.doing = doing}; /* Python code runs: the place is written at once, after it */
        if (think(self, &made) < 0) return -1;
        *step = made;
    }
    if (step->halves) {
        sums->said = sums->said >> 1;
        sums->marks &= ~self->praise;
    }
    sums->said += step->said;
    sums->laughter += step->laughter;
    sums->letters += step->letters;
    sums->marks |= step->marks;
    sums->state = step->next;
    return 0;
}

/* What is known of a message once it is gone through. */
typedef struct {
    PyObject *emotes; /* list, or NULL */
    Sums sums;
    int phrase; /* there may be one */
    int words; /* of the codes, which are different ones once they are sorted */
    uint32_t codes[MOST_WORDS];
} Pass;

/* Sorts the codes by insertion, as they are few, and leaves one of each. */
static void sort_codes(Pass *pass) {
    uint32_t *codes = pass->codes;
    for (int next = 1; next < pass->words; next++) {
        uint32_t code = codes[next];
        int at = next;
        for (; at > 0 && codes[at - 1] > code; at--) codes[at] = codes[at - 1];
        codes[at] = code;
    }
    int kept = 0;
    for (int next = 0; next < pass->words; next++)
        if (next == 0 || codes[next] != codes[kept - 1]) codes[kept++] = codes[next];
    pass->words = kept;
}

static int add_emote(Pass *pass, PyObject *name) {
    if (pass->emotes == NULL) pass->emotes = PyList_New(0);
    return pass->emotes == NULL ? -1 : PyList_Append(pass->emotes, name);
}

/* Whether a phrase that `follow` may follow goes on with the word. To ask a dict without its type saves much. */
static int goes_on(PyObject *follow, PyObject *spelled) {
    return PyDict_Check(follow) ? PyDict_Contains(follow, spelled) : PySequence_Contains(follow, spelled);
}

/* Notes whether the word goes on with a phrase that the word before may begin. `follow` is what may follow it, or NULL;
 * few words begin phrases, and only then their objects are touched. */
static int add_to_phrase(Reader *self, Pass *pass, const Known *known, PyObject **follow) {
    if (!known->phrased) Py_CLEAR(*follow);
    if (*follow == NULL && !(known->marks & self->starts)) return 0;
    PyObject *spelled = Py_NewRef(field(known->token, WORD)), *after = Py_NewRef(field(known->token, FOLLOW));
    int found = *follow == NULL ? 0 : goes_on(*follow, spelled);
    if (found > 0) pass->phrase = 1;
    Py_DECREF(spelled);
    if (after == self->nothing_follows) Py_CLEAR(after);
    Py_XSETREF(*follow, after);
    return found < 0 ? -1 : 0;
}

/* The state of a message that has not begun; see Steps.start in valence.py. */
static int start_of(PyObject *text) {
    Py_ssize_t end = PyUnicode_GET_LENGTH(text);
    while (end > 0 && Py_UNICODE_ISSPACE(PyUnicode_READ_CHAR(text, end - 1))) end--;
    if (end == 0) return 0;
    return 2 * (PyUnicode_READ_CHAR(text, end - 1) == '?') + (PyUnicode_READ_CHAR(text, 0) == '!');
}

/* Goes through the words of `text`; -1 with an exception set. The place of the next word is fetched from memory while
 * one is dealt with. */
static int go_through(Reader *self, Pass *pass, PyObject *text) {
    Word words[2];
    Known other = {.token = NULL, .name = NULL};
    PyObject *follow = NULL; /* what may follow the word before in a phrase */
    int failed = 0;
    int goes = next_word(text, 0, &words[0]);
    for (int at = 0; !failed && goes; at ^= 1) {
        goes = next_word(text, words[at].end, &words[at ^ 1]);
        if (goes) __builtin_prefetch(places_of(self, &words[at ^ 1]));
        Known *known = look_up(self, text, &words[at], &other);
        failed = known == NULL || (known->name != NULL && add_emote(pass, known->name) < 0);
        if (!failed) {
            if (pass->words < MOST_WORDS) pass->codes[pass->words++] = known->code;
            failed = add_to_phrase(self, pass, known, &follow) < 0 ||
                     add_step(self, &pass->sums, known->kind, known->valence, known->marks) < 0;
        }
    }
    Py_XDECREF(follow);
    forget(&other);
    sort_codes(pass);
    if (failed) Py_CLEAR(pass->emotes);
    return failed ? -1 : 0;
}

/* The tokens of `text` as a list. */
static PyObject *tokens_of(Reader *self, PyObject *text) {
    PyObject *tokens = PyList_New(0);
    Word word = {.end = 0};
    Known other = {.token = NULL, .name = NULL};
    while (tokens != NULL && next_word(text, word.end, &word)) {
        Known *known = look_up(self, text, &word, &other);
        if (known == NULL || PyList_Append(tokens, known->token) < 0) Py_CLEAR(tokens);
    }
    forget(&other);
    return tokens;
}

/* The token at `*at`, or the longest phrase that begins there; a new reference. Moves `*at` behind it. */
static PyObject *next_phrase(Reader *self, PyObject *tokens, Py_ssize_t *at) {
    PyObject *token = PyList_GET_ITEM(tokens, (*at)++);
    PyObject *follow = field(token, FOLLOW);
    if (follow == self->nothing_follows || *at == PyList_GET_SIZE(tokens)) return Py_NewRef(token);
    int may_be = goes_on(follow, field(PyList_GET_ITEM(tokens, *at), WORD));
    if (may_be <= 0) return may_be < 0 ? NULL : Py_NewRef(token);
    PyObject *found = PyObject_CallFunction(self->phrase_at, "On", tokens, *at - 1);
    if (found == Py_None)
        Py_INCREF(token);
    else if (found == NULL || !PyArg_ParseTuple(found, "O!n", &PyTuple_Type, &token, at))
        token = NULL;
    else
        Py_INCREF(token);
    Py_XDECREF(found);
    return token;
}

/* Goes through the tokens of `text` again, with phrases joined; -1 with an exception set. */
static int go_joined(Reader *self, Sums *sums, PyObject *text) {
    PyObject *tokens = tokens_of(self, text);
    int failed = tokens == NULL;
    *sums = (Sums){.state = start_of(text)};
    for (Py_ssize_t at = 0; !failed && at < PyList_GET_SIZE(tokens);) {
        PyObject *token = next_phrase(self, tokens, &at);
        if (token == NULL) {
            failed = 1;
            break;
        }
        long kind = PyLong_AsLong(field(token, KIND));
        long valence = PyLong_AsLong(field(token, VALENCE)), marks = PyLong_AsLong(field(token, MARKS));
        failed = PyErr_Occurred() || add_step(self, sums, (int)kind, (int)valence, (int)marks) < 0;
        Py_DECREF(token);
    }
    Py_XDECREF(tokens);
    return failed ? -1 : 0;
}

/* The valence of a message, as valence_of in valence.py has it. */
static PyObject *valence_of(Reader *self, const Sums *sums, PyObject *text) {
    long said = sums->marks & self->spoken ? sums->said : sums->said + sums->letters;
    long exclamations = 0;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t at = 0; said != 0 && at < length; at++, exclamations++) {
        at = PyUnicode_FindChar(text, '!', at, length, 1);
        if (at < 0) break;
    }
    if (exclamations == 0 && !(sums->marks & self->ironic)) return PyLong_FromLong(said + sums->laughter);
    long numbers[] = {said, sums->laughter, sums->marks, exclamations};
    PyObject *arguments[4] = {NULL}, *valence = NULL;
    int made = 0;
    while (made < 4 && (arguments[made] = PyLong_FromLong(numbers[made])) != NULL) made++;
    if (made == 4) valence = PyObject_Vectorcall(self->meant, arguments, 4, NULL);
    while (made > 0) Py_DECREF(arguments[--made]);
    return valence;
}

static uint64_t hash_of(const uint32_t *codes, int number) {
    uint64_t hash = 0x9E3779B97F4A7C15u ^ (uint64_t)number;
    for (int at = 0; at < number; at++) {
        hash = (hash ^ codes[at]) * 0xBF58476D1CE4E5B9u;
        hash ^= hash >> 29;
    }
    return hash;
}

static PyObject *read_text(Reader *self, PyObject *text) {
    Pass pass; /* without the codes, that would be zeroed for nothing */
    pass.emotes = NULL;
    pass.sums = (Sums){.state = start_of(text)};
    pass.phrase = pass.words = 0;
    if (go_through(self, &pass, text) < 0) return NULL;
    PyObject *valence;
    if (PyUnicode_GET_LENGTH(text) > self->longest) {
        PyObject *beginning = PyUnicode_Substring(text, 0, self->longest);
        PyObject *shorter = beginning == NULL ? NULL : read_text(self, beginning);
        valence = shorter == NULL ? NULL : Py_NewRef(((Reading *)shorter)->valence);
        Py_XDECREF(beginning);
        Py_XDECREF(shorter);
    } else {
        int failed = pass.phrase && go_joined(self, &pass.sums, text) < 0;
        valence = failed ? NULL : valence_of(self, &pass.sums, text);
    }
    PyObject *emotes = pass.emotes == NULL ? PyTuple_New(0) : PyList_AsTuple(pass.emotes);
    Py_XDECREF(pass.emotes);
    Reading *reading = NULL;
    if (valence != NULL && emotes != NULL) reading = PyObject_NewVar(Reading, &ReadingType, pass.words);
    if (reading == NULL) {
        Py_XDECREF(valence);
        Py_XDECREF(emotes);
        return NULL;
    }
    reading->text = Py_NewRef(text);
    reading->emotes = emotes;
    reading->valence = valence;
    reading->words = NULL;
    reading->hash = hash_of(pass.codes, pass.words);
    memcpy(reading->codes, pass.codes, pass.words * sizeof(uint32_t));
    return (PyObject *)reading;
}

static PyObject *reader_call(PyObject *self, PyObject *const *arguments, size_t flags, PyObject *names) {
    if (PyVectorcall_NARGS(flags) != 1 || names != NULL || !PyUnicode_Check(arguments[0])) {
        PyErr_SetString(PyExc_TypeError, "one text is read");
        return NULL;
    }
    return read_text((Reader *)self, arguments[0]);
}

static int reader_init(Reader *self, PyObject *arguments, PyObject *keywords) {
    static char *names[] = {"tokens",  "steps", "phrase_at", "meant",  "nothing_follows", "longest",
                            "named", "starts", "praise", "spoken", "ironic", NULL};
    PyObject *tokens, *steps, *phrase_at, *meant, *nothing_follows;
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O!O!OOOnlllll", names, &PyDict_Type, &tokens, &PyDict_Type,
                                     &steps, &phrase_at, &meant, &nothing_follows, &self->longest, &self->named,
                                     &self->starts, &self->praise, &self->spoken, &self->ironic))
        return -1;
    if (self->known == NULL) self->known = PyMem_Calloc((size_t)1 << KNOWN_BITS, sizeof(Known));
    if (self->done == NULL) self->done = PyMem_Calloc((size_t)1 << STEP_BITS, sizeof(Step));
    if (self->known == NULL || self->done == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t at = 0; at < (size_t)1 << STEP_BITS; at++) self->done[at].doing.kind = -1;
    Py_XSETREF(self->tokens, Py_NewRef(tokens));
    Py_XSETREF(self->steps, Py_NewRef(steps));
    Py_XSETREF(self->phrase_at, Py_NewRef(phrase_at));
    Py_XSETREF(self->meant, Py_NewRef(meant));
    Py_XSETREF(self->nothing_follows, Py_NewRef(nothing_follows));
    self->vectorcall = reader_call;
    return 0;
}

static int reader_traverse(Reader *self, visitproc visit, void *arg) {
    Py_VISIT(self->tokens);
    Py_VISIT(self->steps);
    Py_VISIT(self->phrase_at);
    Py_VISIT(self->meant);
    Py_VISIT(self->nothing_follows);
    return 0;
}

static int reader_clear(Reader *self) {
    Py_CLEAR(self->tokens);
    Py_CLEAR(self->steps);
    Py_CLEAR(self->phrase_at);
    Py_CLEAR(self->meant);
    Py_CLEAR(self->nothing_follows);
    return 0;
}

static void reader_dealloc(Reader *self) {
    PyObject_GC_UnTrack(self);
    reader_clear(self);
    for (size_t at = 0; self->known != NULL && at < (size_t)1 << KNOWN_BITS; at++) forget(self->known + at);
    PyMem_Free(self->known);
    PyMem_Free(self->done);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyTypeObject ReaderType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "telemetra.text._reading.Reader",
    .tp_doc = "Called with a text, makes its Reading.",
    .tp_basicsize = sizeof(Reader),
    .tp_dealloc = (destructor)reader_dealloc,
    .tp_traverse = (traverseproc)reader_traverse,
    .tp_clear = (inquiry)reader_clear,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)reader_init,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(Reader, vectorcall),
};

/* ---- alike: which texts say the same ---- */

/* A table of positions, as large as four times what goes in; -1 is an empty place. Its users bound how many texts there
 * are, and so how long a crafted run of collisions can be. */
typedef struct {
    int32_t *places;
    uint64_t mask;
} Table;

static int table_init(Table *table, Py_ssize_t entries) {
    uint64_t size = 16;
    while (size < (uint64_t)entries * 4) size *= 2;
    table->mask = size - 1;
    table->places = PyMem_Malloc(size * sizeof(int32_t));
    if (table->places == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memset(table->places, 0xFF, size * sizeof(int32_t));
    return 0;
}

static Reading *reading_at(PyObject *readings, Py_ssize_t at) { return (Reading *)PyList_GET_ITEM(readings, at); }

static int32_t *same_place(Table *table, PyObject *readings, Reading *reading) {
    uint64_t at = reading->hash;
    for (;; at++) {
        int32_t *place = table->places + (at & table->mask);
        if (*place < 0) return place;
        Reading *other = reading_at(readings, *place);
        if (other->hash == reading->hash && Py_SIZE(other) == Py_SIZE(reading) &&
            memcmp(other->codes, reading->codes, Py_SIZE(reading) * sizeof(uint32_t)) == 0)
            return place;
    }
}

static uint32_t smallest(Reading *reading) { return reading->codes[0]; }

static uint32_t largest(Reading *reading) { return reading->codes[Py_SIZE(reading) - 1]; }

/* The place of the last text whose smallest (largest) code is `code`. */
static int32_t *near_place(Table *table, PyObject *readings, uint32_t code, uint32_t (*key)(Reading *)) {
    for (uint64_t at = (code * (uint64_t)0x9E3779B97F4A7C15u) >> 20;; at++) {
        int32_t *place = table->places + (at & table->mask);
        if (*place < 0 || key(reading_at(readings, *place)) == code) return place;
    }
}

static int is_same_text(Reading *one, Reading *other, double nearly) {
    Py_ssize_t shared = 0, a = 0, b = 0;
    while (a < Py_SIZE(one) && b < Py_SIZE(other)) {
        uint32_t left = one->codes[a], right = other->codes[b];
        shared += left == right;
        a += left <= right;
        b += right <= left;
    }
    return shared > 0 && (double)shared / (double)(Py_SIZE(one) + Py_SIZE(other) - shared) >= nearly;
}

typedef struct {
    Table same, low, high;
} Tables;

static int32_t first_alike(Tables *tables, PyObject *readings, int32_t at, Py_ssize_t least, double nearly) {
    Reading *reading = reading_at(readings, at);
    int32_t *same = same_place(&tables->same, readings, reading);
    if (*same >= 0) return *same;
    if (Py_SIZE(reading) >= least && Py_SIZE(reading) > 0) {
        int32_t *low = near_place(&tables->low, readings, smallest(reading), smallest);
        int32_t *high = near_place(&tables->high, readings, largest(reading), largest);
        if (*low >= 0 && is_same_text(reading, reading_at(readings, *low), nearly)) return *low;
        if (*high >= 0 && is_same_text(reading, reading_at(readings, *high), nearly)) return *high;
        *low = *high = at;
    }
    *same = at;
    return at;
}

static PyObject *alike(PyObject *Py_UNUSED(module), PyObject *arguments) {
    PyObject *readings, *firsts = NULL;
    Py_ssize_t least;
    double nearly;
    if (!PyArg_ParseTuple(arguments, "O!nd", &PyList_Type, &readings, &least, &nearly)) return NULL;
    Py_ssize_t number = PyList_GET_SIZE(readings);
    for (Py_ssize_t at = 0; at < number; at++)
        if (!Py_IS_TYPE(PyList_GET_ITEM(readings, at), &ReadingType)) {
            PyErr_SetString(PyExc_TypeError, "readings of this module are compared");
            return NULL;
        }
    /* From here on no Python code runs that could change the list, until the tables are done with. */
    Tables tables = {{0}, {0}, {0}};
    if (number < INT32_MAX && table_init(&tables.same, number) == 0 && table_init(&tables.low, number) == 0 &&
        table_init(&tables.high, number) == 0)
        firsts = PyList_New(number);
    for (Py_ssize_t at = 0; firsts != NULL && at < number; at++) {
        PyObject *first = PyLong_FromLong(first_alike(&tables, readings, (int32_t)at, least, nearly));
        if (first == NULL)
            Py_CLEAR(firsts);
        else
            PyList_SET_ITEM(firsts, at, first);
    }
    PyMem_Free(tables.same.places);
    PyMem_Free(tables.low.places);
    PyMem_Free(tables.high.places);
    if (firsts == NULL && !PyErr_Occurred()) PyErr_SetString(PyExc_OverflowError, "too many texts");
    return firsts;
}

static PyMethodDef functions[] = {
    {"alike", alike, METH_VARARGS, "(readings, least words, likeness) -> for each, the position of the first like it."},
    {NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "telemetra.text._reading",
    .m_doc = "The loops of telemetra.text.plain, compiled.",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit__reading(void) {
    if (PyType_Ready(&ReadingType) < 0 || PyType_Ready(&ReaderType) < 0) return NULL;
    PyObject *made = PyModule_Create(&module);
    if (made == NULL) return NULL;
    if (PyModule_AddObjectRef(made, "Reader", (PyObject *)&ReaderType) < 0 ||
        PyModule_AddObjectRef(made, "Reading", (PyObject *)&ReadingType) < 0) {
        Py_DECREF(made);
        return NULL;
    }
    return made;
}
