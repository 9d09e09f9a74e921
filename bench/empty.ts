/**
 * Nothing: what it costs to import a module.
 *
 * @module
 */
export {};
