/** The CLIF verifier. */
export { annotatedText } from "./annotated-text.ts";
export { pointerTypeOfIsa, type VerifyOptions, verifyOptionsOfSetting } from "./options.ts";
export {
  type Entity,
  type EntityKind,
  type VerifierError,
  type VerifierErrorCode,
  verifierErrorText,
} from "./verifier-error.ts";
export { Verifier, verifyFunction } from "./verify-function.ts";
