/** The runtime's functions that compiled code calls, by their index in the namespace `RUNTIME_FUNCTIONS`. */
export const RUNTIME_EXPORTS = ["allocSlow"] as const;
export type RuntimeFunction = (typeof RUNTIME_EXPORTS)[number];
