/**
 * The functions of libsiding as TypeScript sees them.
 *
 * Generated from lib/include/siding.h by `node scripts/generate_native_table.mjs`; do not edit.
 *
 * @module
 */

/** How a parameter or result crosses: `buffer` is a typed array or `null`. */
export type NativeType = "u32" | "i32" | "u64" | "buffer" | "pointer" | "void";

/** Parameters and result of one exported function. */
export interface NativeFunction {
  readonly parameters: readonly NativeType[];
  readonly result: NativeType;
}

/** Names of the functions that libsiding exports. */
export type FunctionName =
  | "siding_abi_version"
  | "siding_abi_sizes"
  | "siding_signature_prepare"
  | "siding_bridge_open"
  | "siding_bridge_close"
  | "siding_bridge_submit"
  | "siding_bridge_drain"
  | "siding_bridge_feed"
  | "siding_bridge_exchange"
  | "siding_bridge_wake"
  | "siding_bridge_cancel"
  | "siding_bridge_elapsed"
  | "siding_block_create"
  | "siding_block_take"
  | "siding_block_address"
  | "siding_block_drop"
  | "siding_call_here"
  | "siding_bridge_interrupt"
  | "siding_bound_create"
  | "siding_bound_pointer"
  | "siding_bound_keep"
  | "siding_bound_release"
  | "siding_bridge_inline"
  | "siding_callback_open"
  | "siding_callback_pull"
  | "siding_callback_answer"
  | "siding_callback_stats_read"
  | "siding_closure_close"
  | "siding_closure_forget"
  | "siding_context_acquire"
  | "siding_context_release"
  | "siding_context_release_wait"
  | "siding_context_share"
  | "siding_context_attach"
  | "siding_context_defer"
  | "siding_context_undefer"
  | "siding_context_interrupt_with"
  | "siding_context_listen"
  | "siding_context_call"
  | "siding_repeat_open"
  | "siding_repeat_close"
  | "siding_trace_start"
  | "siding_trace_read"
  | "siding_library_open"
  | "siding_library_symbol"
  | "siding_memory_read"
  | "siding_memory_write"
  | "siding_memory_alloc"
  | "siding_memory_free"
  | "siding_pool_configure"
  | "siding_stats_read"
  | "siding_source_open"
  | "siding_source_pull"
  | "siding_source_pull_all"
  | "siding_bridge_await"
  | "siding_source_close"
  | "siding_source_stats_read"
  | "siding_event_post"
  | "siding_descriptor_close";

/** Every function that libsiding exports. */
export const functions: Readonly<Record<FunctionName, NativeFunction>> = {
  siding_abi_version: {
    parameters: [],
    result: "u32",
  },
  siding_abi_sizes: {
    parameters: ["buffer", "u32"],
    result: "i32",
  },
  siding_signature_prepare: {
    parameters: ["buffer", "u32"],
    result: "i32",
  },
  siding_bridge_open: {
    parameters: ["buffer", "buffer", "buffer"],
    result: "i32",
  },
  siding_bridge_close: {
    parameters: ["u64"],
    result: "i32",
  },
  siding_bridge_submit: {
    parameters: ["u64", "buffer", "u32"],
    result: "i32",
  },
  siding_bridge_drain: {
    parameters: ["u64", "buffer", "u32"],
    result: "i32",
  },
  siding_bridge_feed: {
    parameters: ["u64", "buffer", "u32"],
    result: "i32",
  },
  siding_bridge_exchange: {
    parameters: ["u64", "buffer", "u32", "buffer", "u32", "u32", "u32"],
    result: "i32",
  },
  siding_bridge_wake: {
    parameters: ["u64"],
    result: "i32",
  },
  siding_bridge_cancel: {
    parameters: ["u64", "u32"],
    result: "i32",
  },
  siding_bridge_elapsed: {
    parameters: ["u64", "u32", "buffer"],
    result: "i32",
  },
  siding_block_create: {
    parameters: ["u64", "buffer", "u64"],
    result: "i32",
  },
  siding_block_take: {
    parameters: ["u64", "u32", "buffer", "u64"],
    result: "i32",
  },
  siding_block_address: {
    parameters: ["u64", "u32", "buffer"],
    result: "i32",
  },
  siding_block_drop: {
    parameters: ["u64", "u32"],
    result: "i32",
  },
  siding_call_here: {
    parameters: ["u64", "buffer", "u32", "buffer", "u32", "buffer", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  siding_bridge_interrupt: {
    parameters: ["u64", "u32", "buffer"],
    result: "i32",
  },
  siding_bound_create: {
    parameters: ["u64", "buffer", "u32", "buffer", "u32", "buffer"],
    result: "i32",
  },
  siding_bound_pointer: {
    parameters: ["u64", "u64", "u32", "buffer", "buffer"],
    result: "i32",
  },
  siding_bound_keep: {
    parameters: ["u64", "u64", "u32"],
    result: "i32",
  },
  siding_bound_release: {
    parameters: ["u64"],
    result: "i32",
  },
  siding_bridge_inline: {
    parameters: ["u64", "u64", "buffer", "u32"],
    result: "i32",
  },
  siding_callback_open: {
    parameters: ["u64", "buffer", "buffer", "u32", "buffer", "buffer"],
    result: "i32",
  },
  siding_callback_pull: {
    parameters: ["u64", "u64", "u32"],
    result: "i32",
  },
  siding_callback_answer: {
    parameters: ["u64", "buffer", "u32"],
    result: "i32",
  },
  siding_callback_stats_read: {
    parameters: ["u64", "u64", "buffer"],
    result: "i32",
  },
  siding_closure_close: {
    parameters: ["u64", "u64"],
    result: "i32",
  },
  siding_closure_forget: {
    parameters: ["u64", "u64"],
    result: "i32",
  },
  siding_context_acquire: {
    parameters: ["u64", "buffer", "buffer", "u32", "buffer"],
    result: "i32",
  },
  siding_context_release: {
    parameters: ["u64", "u64", "u32"],
    result: "i32",
  },
  siding_context_release_wait: {
    parameters: ["u64", "u64"],
    result: "i32",
  },
  siding_context_share: {
    parameters: ["u64", "u64", "buffer"],
    result: "i32",
  },
  siding_context_attach: {
    parameters: ["u64", "u64", "buffer"],
    result: "i32",
  },
  siding_context_defer: {
    parameters: ["u64", "u64", "u64"],
    result: "i32",
  },
  siding_context_undefer: {
    parameters: ["u64", "u64", "u64"],
    result: "i32",
  },
  siding_context_interrupt_with: {
    parameters: ["u64", "u64", "buffer"],
    result: "i32",
  },
  siding_context_listen: {
    parameters: ["u64", "u64", "u32"],
    result: "i32",
  },
  siding_context_call: {
    parameters: ["buffer", "u32", "buffer", "u32"],
    result: "i32",
  },
  siding_repeat_open: {
    parameters: ["u64", "buffer", "buffer"],
    result: "i32",
  },
  siding_repeat_close: {
    parameters: ["u64", "u64"],
    result: "i32",
  },
  siding_trace_start: {
    parameters: ["u32"],
    result: "i32",
  },
  siding_trace_read: {
    parameters: ["u32", "buffer", "u32", "buffer"],
    result: "i32",
  },
  siding_library_open: {
    parameters: ["buffer", "u32", "buffer", "buffer", "u32"],
    result: "i32",
  },
  siding_library_symbol: {
    parameters: ["u64", "buffer", "buffer"],
    result: "i32",
  },
  siding_memory_read: {
    parameters: ["u64", "buffer", "u64"],
    result: "i32",
  },
  siding_memory_write: {
    parameters: ["u64", "buffer", "u64"],
    result: "i32",
  },
  siding_memory_alloc: {
    parameters: ["u64", "buffer"],
    result: "i32",
  },
  siding_memory_free: {
    parameters: ["u64", "u64"],
    result: "i32",
  },
  siding_pool_configure: {
    parameters: ["buffer"],
    result: "i32",
  },
  siding_stats_read: {
    parameters: ["buffer"],
    result: "i32",
  },
  siding_source_open: {
    parameters: ["u64", "buffer", "buffer", "buffer"],
    result: "i32",
  },
  siding_source_pull: {
    parameters: ["u64", "u64", "u32"],
    result: "i32",
  },
  siding_source_pull_all: {
    parameters: ["u64", "buffer", "u32"],
    result: "i32",
  },
  siding_bridge_await: {
    parameters: ["u64", "buffer", "u32", "u32"],
    result: "i32",
  },
  siding_source_close: {
    parameters: ["u64", "u64"],
    result: "i32",
  },
  siding_source_stats_read: {
    parameters: ["u64", "u64", "buffer"],
    result: "i32",
  },
  siding_event_post: {
    parameters: ["u64", "u64"],
    result: "i32",
  },
  siding_descriptor_close: {
    parameters: ["i32", "buffer"],
    result: "i32",
  },
};
