#include "chain.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"
#include "call.h"
#include "event.h"
#include "outcome.h"

#define OUTPUT_WORDS_MIN 512u
#define OUTPUT_WORDS_MAX (32u << 20) /* 256 MiB; a chain that emits more ends with fewer rounds */
#define NO_STEP UINT64_MAX

enum source_kind { SOURCE_VALUE, SOURCE_INPUT, SOURCE_STEP };

struct source {
    uint8_t kind;   /* enum source_kind */
    uint8_t step;   /* of SOURCE_STEP */
    uint16_t word;  /* of SOURCE_INPUT and SOURCE_STEP */
    uint64_t value; /* of SOURCE_VALUE */
};

struct step {
    const struct signature *signature;
    void (*function)(void);
    uint8_t flags;
    uint8_t test; /* SIDING_TEST_... */
    uint64_t expected;
    uint32_t offset_words; /* of its words among those of all steps */
    struct source *sources;
};

/* Immutable once read; never freed. */
struct chain {
    uint32_t steps_count;
    uint32_t words; /* of all steps: result words, then argument words */
    struct step steps[SIDING_STEPS_MAX];
};

/* ---- reading --------------------------------------------------------------------------------- */

static uint32_t step_words(const struct step *step) {
    return (uint32_t)step->signature->result_words + step->signature->argument_words;
}

static struct source read_source(struct reader *reader, const struct chain *chain,
                                 const struct signature *inputs) {
    struct source source = {.kind = next_byte(reader)};
    switch ((enum source_kind)source.kind) {
    case SOURCE_VALUE:
        source.value = next_number(reader, sizeof(uint64_t));
        break;
    case SOURCE_INPUT:
        source.word = (uint16_t)next_number(reader, sizeof(uint16_t));
        reader->failed |= source.word >= inputs->argument_words;
        break;
    case SOURCE_STEP:
        source.step = next_byte(reader);
        source.word = (uint16_t)next_number(reader, sizeof(uint16_t));
        reader->failed |= source.step >= chain->steps_count ||
                          source.word >= step_words(&chain->steps[source.step]);
        break;
    default:
        reader->failed = true;
    }
    return source;
}

static void read_sources(struct reader *reader, const struct chain *chain,
                         const struct signature *inputs, struct step *step) {
    uint32_t count = step->signature->argument_words;
    step->sources = calloc(count + 1, sizeof *step->sources);
    reader->failed |= step->sources == NULL;
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        step->sources[i] = read_source(reader, chain, inputs);
    }
}

static bool compares(uint8_t test) {
    return test != SIDING_TEST_NONE && test != SIDING_TEST_NO_ERRNO;
}

static void read_step(struct reader *reader, struct chain *chain, const struct signature *inputs) {
    if (chain->steps_count == SIDING_STEPS_MAX) {
        reader->failed = true;
        return;
    }
    struct step step = {
        .signature = signature_find((uint32_t)next_number(reader, sizeof(uint32_t))),
        .function = (void (*)(void))(uintptr_t)next_number(reader, sizeof(uint64_t)),
        .flags = next_byte(reader),
        .test = next_byte(reader),
        .expected = next_number(reader, sizeof(uint64_t)),
        .offset_words = chain->words,
    };
    if (step.signature == NULL || step.signature->chain != NULL || step.function == NULL ||
        step.test > SIDING_TEST_NO_ERRNO ||
        (compares(step.test) && !outcome_is_testable(step.signature))) {
        reader->failed = true;
        return;
    }
    read_sources(reader, chain, inputs, &step);
    chain->words += step_words(&step);
    chain->steps[chain->steps_count++] = step;
}

static bool has_rounds(const struct signature *inputs) {
    return inputs->parameters_count > 0 && inputs->parameters[0].type == SIDING_TYPE_U64 &&
           inputs->tails_count == 0 && inputs->cells_words == 0;
}

struct chain *chain_read(struct reader *reader, const struct signature *inputs) {
    struct chain *chain = has_rounds(inputs) ? calloc(1, sizeof *chain) : NULL;
    if (chain == NULL) {
        return NULL;
    }
    while (!reader->failed && reader->at != reader->end) {
        read_step(reader, chain, inputs);
    }
    if (!reader->failed && chain->steps_count > 0) {
        return chain;
    }
    for (uint32_t i = 0; i < chain->steps_count; i++) {
        free(chain->steps[i].sources);
    }
    free(chain);
    return NULL;
}

/* ---- running --------------------------------------------------------------------------------- */

/* One trip. owner: the worker */
struct trip {
    const struct chain *chain;
    const uint64_t *inputs;
    uint64_t *words;  /* of all steps */
    uint64_t *output; /* word 0 is the size of the rest in bytes */
    uint64_t used_words;
    uint64_t capacity_words;
    int32_t error; /* errno of the step that ran last */
};

static bool reserve(struct trip *trip, uint64_t words) {
    uint64_t needed_words = trip->used_words + words;
    if (needed_words <= trip->capacity_words) {
        return true;
    }
    uint64_t capacity_words = trip->capacity_words * 2;
    while (capacity_words < needed_words) {
        capacity_words *= 2;
    }
    uint64_t *output = realloc(trip->output, capacity_words * sizeof *output);
    if (output == NULL) {
        return false;
    }
    trip->output = output;
    trip->capacity_words = capacity_words;
    return true;
}

static uint64_t source_word(const struct trip *trip, const struct source *source) {
    switch ((enum source_kind)source->kind) {
    case SOURCE_VALUE:
        return source->value;
    case SOURCE_INPUT:
        return trip->inputs[source->word];
    case SOURCE_STEP:
        return trip->words[trip->chain->steps[source->step].offset_words + source->word];
    }
    return 0;
}

static uint16_t call_flags(const struct step *step) {
    if (step->flags & SIDING_STEP_ERRNO) {
        return SIDING_CALL_ERRNO;
    }
    return step->flags & SIDING_STEP_LAST_ERROR ? SIDING_CALL_LAST_ERROR : 0;
}

static void invoke(struct trip *trip, const struct step *step) {
    const struct signature *signature = step->signature;
    uint64_t *result = trip->words + step->offset_words;
    uint64_t *arguments = result + signature->result_words;
    for (uint32_t i = 0; i < signature->argument_words; i++) {
        arguments[i] = source_word(trip, &step->sources[i]);
    }
    trip->error = 0;
    call_invoke(signature, step->function, call_flags(step), arguments, result, &trip->error);
}

static bool is_expected(const struct trip *trip, const struct step *step) {
    return outcome_is(step->signature, trip->words[step->offset_words], step->expected);
}

static bool passes(const struct trip *trip, const struct step *step) {
    switch (step->test) {
    case SIDING_TEST_EQUAL:
        return is_expected(trip, step);
    case SIDING_TEST_DIFFERENT:
        return !is_expected(trip, step);
    case SIDING_TEST_SUCCESS:
        return trip->error == 0 || !is_expected(trip, step);
    case SIDING_TEST_NO_ERRNO:
        return trip->error == 0;
    default:
        return true;
    }
}

/* Copies what the step points to, if it emits, then frees it. @return false: out of memory */
static bool finish(struct trip *trip, const struct step *step, bool emits) {
    const struct signature *signature = step->signature;
    const uint64_t *result = trip->words + step->offset_words;
    struct frame frame = {result, signature->result_words, result + signature->result_words};
    struct tails tails;
    uint64_t words = SIDING_EVENT_WORDS + event_measure_payload(signature, &frame, &tails);
    bool fits = !emits || reserve(trip, words);
    if (emits && fits) {
        uint64_t *out = trip->output + trip->used_words;
        out[0] = words;
        out[1] = (uint64_t)(uint32_t)trip->error << 32; /* where an event has it */
        event_write_payload(signature, &frame, &tails, out + SIDING_EVENT_WORDS);
        trip->used_words += words;
    }
    tail_free(&tails);
    return fits;
}

/* @return 0 with the step that ended the round, or NO_STEP; SIDING_ENOMEM */
static int32_t run_round(struct trip *trip, uint64_t *out_step) {
    for (uint32_t i = 0; i < trip->chain->steps_count; i++) {
        const struct step *step = &trip->chain->steps[i];
        invoke(trip, step);
        bool goes_on = passes(trip, step);
        if (!finish(trip, step, goes_on && (step->flags & SIDING_STEP_EMIT) != 0)) {
            return SIDING_ENOMEM;
        }
        if (!goes_on) {
            *out_step = i;
            return SIDING_OK;
        }
    }
    *out_step = NO_STEP;
    return SIDING_OK;
}

static int32_t run_rounds(struct trip *trip, struct record *record, uint64_t rounds_max) {
    uint64_t *result = record->words;
    uint64_t ended_by = NO_STEP;
    int32_t status = SIDING_OK;
    result[0] = 0;
    while (status == SIDING_OK && ended_by == NO_STEP && result[0] < rounds_max &&
           trip->used_words < OUTPUT_WORDS_MAX) {
        uint64_t before_words = trip->used_words;
        status = call_is_wanted(record) ? run_round(trip, &ended_by) : SIDING_ECLOSED;
        if (status == SIDING_OK && ended_by == NO_STEP) {
            result[0]++;
        } else {
            trip->used_words = before_words;
        }
    }
    result[1] = ended_by;
    result[2] = ended_by == NO_STEP ? 0 : trip->words[trip->chain->steps[ended_by].offset_words];
    record->error = ended_by == NO_STEP ? 0 : trip->error;
    return status;
}

int32_t chain_run(struct record *record) {
    const struct chain *chain = record->signature->chain;
    struct trip trip = {
        .chain = chain,
        .inputs = record->words + CHAIN_RESULT_WORDS,
        .words = calloc(chain->words, sizeof(uint64_t)),
        .output = malloc(OUTPUT_WORDS_MIN * sizeof(uint64_t)),
        .used_words = 1,
        .capacity_words = OUTPUT_WORDS_MIN,
    };
    int32_t status = SIDING_ENOMEM;
    if (trip.words != NULL && trip.output != NULL) {
        status = run_rounds(&trip, record, trip.inputs[0]);
    }
    if (status == SIDING_OK) {
        trip.output[0] = (trip.used_words - 1) * sizeof(uint64_t);
        record->tails = trip.output;
        record->has_extras = true;
        record->tails_words = trip.used_words;
    } else {
        free(trip.output);
    }
    free(trip.words);
    return status;
}
