/*
 * rows.c - what a chain over an SQLite statement does, as a loop in C: each call through libffi,
 * texts copied.
 */
#include <ffi.h>
#include <stdint.h>
#include <string.h>

#define BENCH_API __attribute__((visibility("default")))
#define SQLITE_ROW 100
#define TEXT_BYTES_MAX 256
#define PAGE_ROWS 4096u

/* Addresses of SQLite's functions, and a statement to step through. */
struct bench_query {
    void *step;
    void *column_int64;
    void *column_text;
    void *column_double;
    void *statement;
};

BENCH_API int64_t bench_ffi_rows(void *step, void *column_int64, void *column_text,
                                 void *column_double, void *statement);

struct row {
    int64_t id;
    double score;
    char name[TEXT_BYTES_MAX];
    char note[TEXT_BYTES_MAX];
};

struct forms {
    ffi_cif step;
    ffi_cif integer;
    ffi_cif text;
    ffi_cif real;
};

static ffi_type *parameters[] = {&ffi_type_pointer, &ffi_type_sint32};

static void prepare(struct forms *forms) {
    (void)ffi_prep_cif(&forms->step, FFI_DEFAULT_ABI, 1, &ffi_type_sint32, parameters);
    (void)ffi_prep_cif(&forms->integer, FFI_DEFAULT_ABI, 2, &ffi_type_sint64, parameters);
    (void)ffi_prep_cif(&forms->text, FFI_DEFAULT_ABI, 2, &ffi_type_pointer, parameters);
    (void)ffi_prep_cif(&forms->real, FFI_DEFAULT_ABI, 2, &ffi_type_double, parameters);
}

/* No object pointer may become a function's in C; as bytes it may. */
static void call(ffi_cif *form, void *function, void *result, void **arguments) {
    void (*address)(void);
    memcpy(&address, &function, sizeof address);
    ffi_call(form, address, result, arguments);
}

static void copy_text(struct forms *forms, void *function, void **arguments, char *out_text) {
    const char *text = NULL;
    call(&forms->text, function, &text, arguments);
    size_t size = text == NULL ? 0 : strlen(text);
    size = size < TEXT_BYTES_MAX ? size : TEXT_BYTES_MAX - 1;
    if (size > 0) {
        memcpy(out_text, text, size);
    }
    out_text[size] = '\0';
}

static void read_row(struct forms *forms, const struct bench_query *query, struct row *out_row) {
    void *statement = query->statement;
    int32_t column = 0;
    void *arguments[] = {&statement, &column};
    call(&forms->integer, query->column_int64, &out_row->id, arguments);
    column = 1;
    copy_text(forms, query->column_text, arguments, out_row->name);
    column = 2;
    call(&forms->real, query->column_double, &out_row->score, arguments);
    column = 3;
    copy_text(forms, query->column_text, arguments, out_row->note);
}

/* @return the sum of the ids of all rows */
int64_t bench_ffi_rows(void *step, void *column_int64, void *column_text, void *column_double,
                       void *statement) {
    static struct row page[PAGE_ROWS];
    struct bench_query query = {step, column_int64, column_text, column_double, statement};
    struct forms forms;
    int64_t sum = 0;
    prepare(&forms);
    for (uint32_t count = 0;; count++) {
        void *arguments[] = {&statement};
        ffi_arg status = 0;
        struct row *row = &page[count % PAGE_ROWS];
        call(&forms.step, step, &status, arguments);
        if ((int32_t)status != SQLITE_ROW) {
            return sum;
        }
        read_row(&forms, &query, row);
        sum += row->id;
    }
}
