/** The version of the package, as its manifest has it (a test holds the two together): where the manifest is not at hand. */
export const VERSION = "0.1.0";
