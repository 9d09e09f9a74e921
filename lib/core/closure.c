#include "closure.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "../base/assert.h"
#include "../machine/entrance.h"
#include "../platform/platform.h"
#include "door.h"

#define TOMBSTONE_BYTES_MAX 128u

/*
 * Held by its handle and by those who may be inside: the open door, whose hold goes to whoever
 * leaves last. The last to let go puts it on the free list.
 *
 * Immutable while it is OPEN or CLOSED. C passes it from thread to thread as it likes, and with it
 * what was written before.
 */
struct closure {
    ffi_closure ffi; /* first: what ffi_closure_alloc makes is all of it */
    struct door door;
    struct held held;
    uint32_t closed_capacity; /* in words; immutable after it was made */
    struct target *target;    /* held until nobody is inside any more */
    void *pointer;            /* immutable after it was made */
    uint64_t handle;
    union {
        const struct bridge *bridge; /* only compared */
        struct closure *next_free;
    };
    uint64_t closed[]; /* result of a closed one */
};

_Static_assert(sizeof(struct closure) + sizeof(uint64_t) <= TOMBSTONE_BYTES_MAX,
               "a tombstone has the size it is said to have");

static struct registry_entry entries[HANDLE_INDEX_MAX + 1];
static struct registry registry = REGISTRY_INITIALIZER(HANDLE_CLOSURE, entries);

static struct siding_mutex free_mutex = SIDING_MUTEX_INITIALIZER;
static struct closure *free_short SIDING_GUARDED_BY(&free_mutex); /* results of one word */
static struct closure *free_long SIDING_GUARDED_BY(&free_mutex);  /* of more */
static _Atomic(uint32_t) tombstones;                              /* atomic: relaxed, a statistic */
static _Atomic(uint32_t) trampolines; /* atomic: relaxed, written before the first handle */

static struct closure *closure_of(struct held *held) {
    return held == NULL ? NULL : (struct closure *)((char *)held - offsetof(struct closure, held));
}

static const struct signature *signature_of(const struct closure *closure) {
    return (const struct signature *)closure->ffi.cif; /* its first member */
}

_Static_assert(offsetof(struct signature, cif) == 0, "a cif is a signature");

/* ---- words ----------------------------------------------------------------------------------- */

/* As wide as its type, not wider: a host may just have written it so. */
static uint64_t read_scalar(uint8_t type, const void *value) {
    uint64_t word = 0;
    switch (type) {
    case SIDING_TYPE_BOOL:
        return *(const uint8_t *)value != 0;
    case SIDING_TYPE_U8:
        return *(const uint8_t *)value;
    case SIDING_TYPE_I8:
        return (uint64_t)*(const int8_t *)value;
    case SIDING_TYPE_I16:
        return (uint64_t)*(const int16_t *)value;
    case SIDING_TYPE_U16:
        return *(const uint16_t *)value;
    case SIDING_TYPE_I32:
        return (uint64_t)*(const int32_t *)value;
    case SIDING_TYPE_U32:
        return *(const uint32_t *)value;
    case SIDING_TYPE_F32:
        memcpy(&word, value, sizeof(float));
        return word;
    default:
        memcpy(&word, value, sizeof word);
        return word;
    }
}

void closure_read_one(const struct signature *signature, uint32_t index, const void *value,
                      uint64_t *out_words) {
    uint8_t type = signature->parameters[index].type;
    if (type == SIDING_TYPE_STRUCT) {
        size_t size_bytes = signature->cif.arg_types[index]->size;
        out_words[(size_bytes - 1) / 8] = 0; /* what is behind its end goes to nobody */
        memcpy(out_words, value, size_bytes);
    } else {
        *out_words = read_scalar(type, value);
    }
}

void closure_read(const struct signature *signature, void **values, uint64_t *out_words) {
    for (uint32_t i = 0; i < signature->parameters_count; i++) {
        closure_read_one(signature, i, values[i], out_words + signature->parameters[i].offset);
    }
}

void closure_write(const struct signature *signature, const uint64_t *words, void *result) {
    const ffi_type *type = signature->cif.rtype;
    uint8_t code = signature_result_type(signature);
    if (code == SIDING_TYPE_VOID) {
        return;
    }
    if (code == SIDING_TYPE_STRUCT || code == SIDING_TYPE_F32 || code == SIDING_TYPE_F64) {
        memcpy(result, words, type->size);
        return;
    }
    ffi_arg wide = (ffi_arg)read_scalar(code, words); /* libffi wants small integers widened */
    memcpy(result, &wide, sizeof wide);
}

bool closure_suits(const struct signature *signature) {
    return signature->chain == NULL && !signature->has_cells;
}

/* ---- being called ---------------------------------------------------------------------------- */

static void release(struct closure *closure) {
    if (!held_release(&closure->held)) {
        return;
    }
    siding_mutex_lock(&free_mutex);
    struct closure **first = closure->closed_capacity == 1 ? &free_short : &free_long;
    closure->next_free = *first;
    *first = closure;
    siding_mutex_unlock(&free_mutex);
}

/* The door is closed and everybody has left. */
static void abandon(struct closure *closure) {
    closure->target->kind->release(closure->target);
    release(closure);
}

static void give_closed(const struct closure *closure, void *result) {
    closure_write(signature_of(closure), closure->closed, result);
}

/* A forked child has neither the threads nor the host: there, all are closed. */
static void on_call(ffi_cif *cif, void *result, void **values, void *argument) {
    struct closure *closure = argument;
    (void)cif;
    if (siding_process_is_forked() || !door_enter(&closure->door)) {
        give_closed(closure, result);
        return;
    }
    closure->target->kind->enter(closure->target, values, result);
    if (door_leave(&closure->door)) {
        abandon(closure);
    }
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Where the pointer leads to the closure's own memory its code was written there. */
static void note_trampolines(const struct closure *closure) {
    bool is_own = memcmp(closure->pointer, closure, sizeof(uint64_t)) == 0;
    atomic_store_explicit(&trampolines,
                          is_own ? SIDING_TRAMPOLINES_DYNAMIC : SIDING_TRAMPOLINES_STATIC,
                          memory_order_relaxed);
}

/* @return one whose closed value has room for so many words, or NULL */
static struct closure *take_free(uint32_t words) {
    siding_mutex_lock(&free_mutex);
    struct closure **link = words == 1 ? &free_short : &free_long;
    while (*link != NULL && (*link)->closed_capacity < words) {
        link = &(*link)->next_free;
    }
    struct closure *closure = *link;
    if (closure != NULL) {
        *link = closure->next_free;
    }
    siding_mutex_unlock(&free_mutex);
    return closure;
}

/* @return one that nobody else has, its pointer known; or NULL: out of memory */
static struct closure *take(const struct signature *signature) {
    uint32_t words = signature->result_words;
    struct closure *closure = take_free(words);
    if (closure != NULL) {
        return closure;
    }
    void *pointer = NULL;
    closure = ffi_closure_alloc(sizeof *closure + words * sizeof closure->closed[0], &pointer);
    if (closure != NULL) {
        closure->pointer = pointer;
        closure->closed_capacity = words;
    }
    return closure;
}

static void set_closed(struct closure *closure, uint32_t words, const uint64_t *closed) {
    for (uint32_t i = 0; i < words; i++) {
        closure->closed[i] = closed == NULL ? 0 : closed[i];
    }
}

/* Gives back what never had a handle. */
static void discard(struct closure *closure) {
    closure->door = (struct door)DOOR_INITIALIZER_CLOSED; /* an earlier address: C may be late */
    atomic_init(&closure->held.holders, 1);
    release(closure);
}

static bool prepare(struct closure *closure, const struct signature *signature) {
    /* libffi leaves a cif as it is, though its parameter is not const */
    ffi_cif *cif = (ffi_cif *)(uintptr_t)&signature->cif;
    if (ffi_prep_closure_loc(&closure->ffi, cif, on_call, closure, closure->pointer) != FFI_OK) {
        return false;
    }
    entrance_shorten(&closure->ffi, closure->pointer);
    return true;
}

int32_t closure_open(const struct bridge *bridge, const struct signature *signature,
                     struct target *target, const uint64_t *closed, uint64_t *out_handle,
                     uint64_t *out_pointer) {
    siding_process_watch_forks();
    struct closure *closure = closure_suits(signature) ? take(signature) : NULL;
    if (closure == NULL) {
        return closure_suits(signature) ? SIDING_ENOMEM : SIDING_EINVALID;
    }
    if (!prepare(closure, signature)) {
        discard(closure);
        return SIDING_ENOMEM;
    }
    note_trampolines(closure);
    set_closed(closure, signature->result_words, closed);
    closure->target = target;
    closure->bridge = bridge;
    door_open(&closure->door);
    atomic_init(&closure->held.holders, 2); /* its handle, its open door */
    closure->handle = registry_add(&registry, &closure->held);
    if (closure->handle == 0) {
        discard(closure);
        return SIDING_ELIMIT;
    }
    *out_handle = closure->handle; /* nobody else has it yet */
    *out_pointer = (uint64_t)(uintptr_t)closure->pointer;
    return SIDING_OK;
}

/* ---- by handle ------------------------------------------------------------------------------- */

/* @return one of this bridge, held for the caller, or NULL */
static struct closure *find(const struct bridge *bridge, uint64_t handle) {
    struct closure *closure = closure_of(registry_find(&registry, handle));
    if (closure != NULL && closure->bridge != bridge) {
        release(closure);
        return NULL;
    }
    return closure;
}

/* Only the bridge's own thread comes here, so it is closed once. */
static void shut(struct closure *closure) {
    if (door_is_closed(&closure->door)) {
        return;
    }
    struct target *target = closure->target;
    held_retain(&target->held); /* who leaves last lets go of the closure's hold */
    atomic_fetch_add_explicit(&tombstones, 1, memory_order_relaxed);
    if (door_close(&closure->door)) {
        abandon(closure);
    }
    target->kind->close(target);
    target->kind->release(target);
}

int32_t closure_close(const struct bridge *bridge, uint64_t handle) {
    struct closure *closure = find(bridge, handle);
    if (closure == NULL) {
        return SIDING_ESTALE;
    }
    shut(closure);
    release(closure);
    return SIDING_OK;
}

int32_t closure_forget(const struct bridge *bridge, uint64_t handle) {
    struct closure *closure = find(bridge, handle);
    if (closure == NULL) {
        return SIDING_ESTALE;
    }
    shut(closure);
    atomic_fetch_sub_explicit(&tombstones, 1, memory_order_relaxed);
    release(closure_of(registry_remove(&registry, handle)));
    release(closure);
    return SIDING_OK;
}

/* Nobody can forget them any more, so the hold of the handle stays for ever. */
void closure_leave(const struct bridge *bridge) {
    uint32_t used = registry_used(&registry);
    for (uint32_t index = 0; index < used; index++) {
        struct closure *closure = closure_of(registry_at(&registry, index));
        if (closure == NULL) {
            continue;
        }
        if (closure->bridge == bridge) {
            shut(closure);
            (void)registry_remove(&registry, closure->handle);
        }
        release(closure);
    }
}

struct target *closure_find(const struct bridge *bridge, uint64_t handle,
                            const struct closure_kind *kind) {
    struct closure *closure = find(bridge, handle);
    struct target *target = NULL;
    if (closure != NULL && !door_is_closed(&closure->door) && closure->target->kind == kind) {
        target = closure->target;
        held_retain(&target->held);
    }
    if (closure != NULL) {
        release(closure);
    }
    return target;
}

uint32_t closure_tombstones(void) {
    return atomic_load_explicit(&tombstones, memory_order_relaxed);
}

uint32_t closure_trampolines(void) {
    return atomic_load_explicit(&trampolines, memory_order_relaxed);
}
