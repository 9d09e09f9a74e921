/*
 * post.c - a raw Node-API thread-safe function behind a C function pointer, with nothing around
 * it: what an addon author writes to have JavaScript called from any thread.
 */
#include <node_api.h>
#include <stddef.h>
#include <stdint.h>

static napi_threadsafe_function listener;

/* The argument travels as the pointer. */
static void post(int32_t value) {
    (void)napi_call_threadsafe_function(listener, (void *)(intptr_t)value, napi_tsfn_nonblocking);
}

static void deliver(napi_env env, napi_value function, void *context, void *data) {
    napi_value undefined;
    napi_value argument;
    (void)context;
    if (env == NULL || napi_get_undefined(env, &undefined) != napi_ok ||
        napi_create_int32(env, (int32_t)(intptr_t)data, &argument) != napi_ok) {
        return;
    }
    (void)napi_call_function(env, undefined, function, 1, &argument, NULL);
}

/* listen(function): the address of a void (*)(int32_t), as a number. */
static napi_value listen_to(napi_env env, napi_callback_info info) {
    size_t count = 1;
    napi_value function;
    napi_value name;
    napi_value address;
    if (napi_get_cb_info(env, info, &count, &function, NULL, NULL) != napi_ok ||
        napi_create_string_utf8(env, "bench", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env, function, NULL, name, 0, 1, NULL, NULL, NULL, deliver,
                                        &listener) != napi_ok ||
        napi_create_double(env, (double)(uintptr_t)post, &address) != napi_ok) {
        (void)napi_throw_error(env, NULL, "Cannot make a thread-safe function");
        return NULL;
    }
    return address;
}

NAPI_MODULE_INIT(/* env, exports */) {
    napi_value function;
    if (napi_create_function(env, "listen", NAPI_AUTO_LENGTH, listen_to, NULL, &function) !=
            napi_ok ||
        napi_set_named_property(env, exports, "listen", function) != napi_ok) {
        return NULL;
    }
    return exports;
}
