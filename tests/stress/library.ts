/**
 * The C library of the stress program: that of the tests, with witnesses of their own destruction.
 *
 * @module
 */
import { type Library, open } from "../../mod.ts";
import { ask } from "../support/callbacks.ts";
import { crowdDefinitions } from "../support/crowds.ts";
import { definitions as usual, testlibPath } from "../support/testlib.ts";

const definitions = {
  pileMake: { name: "test_pile_make", parameters: [], result: "i32" },
  pileSize: { name: "test_pile_size", parameters: ["i32"], result: "i32" },
  witnessMake: { name: "test_witness_make", parameters: ["i32"], result: { pointer: "witness" } },
  witnessOwn: { name: "test_witness_own", parameters: [{ pointer: "witness" }], result: "i32" },
  witnessLoosen: {
    name: "test_witness_loosen",
    parameters: [{ pointer: "witness" }],
    result: "i32",
  },
  witnessDisown: {
    name: "test_witness_disown",
    parameters: [{ pointer: "witness" }],
    result: "i32",
  },
  witnessDestroy: {
    name: "test_witness_destroy",
    parameters: [{ pointer: "witness" }],
    result: "i32",
  },
  witnessesOwned: { name: "test_witnesses_owned", parameters: [], result: "i32" },
  witnessFault: { name: "test_witness_fault", parameters: ["i32"], result: "i32" },

  askI32: {
    name: "test_ask_i32",
    parameters: [{ function: ask as typeof ask }, "i32", "bool"],
    result: "i32",
  },

  flowStart: { name: "test_flow_start", parameters: ["u32", "u53", "u32"], result: "i32" },
  flowDescriptor: { name: "test_flow_descriptor", parameters: ["i32"], result: "i32" },
  flowLeave: { name: "test_flow_leave", parameters: ["i32"], result: "void" },
  flowsLeave: { name: "test_flows_leave", parameters: [], result: "void" },
  flowsRunning: { name: "test_flows_running", parameters: [], result: "i32" },
  postersStart: {
    name: "test_posters_start",
    parameters: ["function", "u53", "u32", "u32"],
    result: "void",
  },
  receive: { name: "recv", parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },

  localNext: { name: "test_local_next", parameters: [], result: "i32" },
  stackSize: { name: "test_stack_size", parameters: [], result: "u53" },
} as const;

/** The library. */
export type StressLibrary = Library<
  typeof usual & typeof crowdDefinitions & typeof definitions
>;

/** Opens it. */
export function openStressLibrary(): StressLibrary {
  return open(testlibPath, { ...usual, ...crowdDefinitions, ...definitions });
}
