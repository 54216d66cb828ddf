/**
 * The policies of the safepoint spiller: the right one, upstream's exact behaviour, and upstream's historical mistakes.
 *
 * A policy is data: each field is one decision of the algorithm (`spiller.ts`, `liveness.ts`, `rewrite.ts`), so a
 * mistake reads as the one field in which it differs from `cranelift`. The mistakes are kept so that a test can be seen
 * to fail without a fix and to pass with it; nothing but tests and lessons should use them.
 */

import { wrongOption } from "../../base/wrong-option.ts";

export const POLICY_NAMES = [
  "spillway",
  "cranelift",
  "wrong:unresolved-alias",
  "wrong:freed-before-map",
  "wrong:loop-invariant-slot",
  "wrong:last-definition-only",
  "wrong:one-pass-liveness",
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

export interface Policy {
  readonly name: PolicyName;
  /** One line for `--help` and listings. */
  readonly summary: string;

  // Declared values.

  /** A declared value that has become an alias declares what it stands for. */
  readonly aliasesDeclare: boolean;
  /** Of the declared results of one type in a block, only the last counts. */
  readonly lastDefinitionOnly: boolean;

  // Safepoints and liveness.

  /** Calls of `; no-collect:` functions are not safepoints. */
  readonly heedsNoCollect: boolean;
  /** A declared value passed on an edge of a `try_call` is live across the call, and fresh on the edge. */
  readonly edgesAfterTryCall: boolean;
  /** Each block is visited once, so nothing flows around a loop. */
  readonly onePassLiveness: boolean;

  // Slots and rewriting.

  /** Everything live out of a block has its slot before the block is rewritten. */
  readonly reservesLiveOut: boolean;
  /** At a safepoint the map takes its slots before the results' slots are freed. */
  readonly mapsBeforeFreeing: boolean;
  /** A use of an alias is reloaded from the slot of what it stands for. */
  readonly reloadsAliases: boolean;
  /** A block parameter shares a slot with what is passed to it, and stays there. */
  readonly sharesSlots: boolean;
}

const CRANELIFT: Policy = {
  name: "cranelift",
  summary: "what Cranelift does, byte for byte, its known defects included",
  aliasesDeclare: false,
  lastDefinitionOnly: false,
  heedsNoCollect: false,
  edgesAfterTryCall: false,
  onePassLiveness: false,
  reservesLiveOut: true,
  mapsBeforeFreeing: false,
  reloadsAliases: true,
  sharesSlots: false,
};

const SPILLWAY: Policy = {
  ...CRANELIFT,
  name: "spillway",
  summary: "correct where Cranelift is not, and fewer slots, spills and reloads (the default)",
  aliasesDeclare: true,
  heedsNoCollect: true,
  edgesAfterTryCall: true,
  sharesSlots: true,
};

const ALL: readonly Policy[] = [
  SPILLWAY,
  CRANELIFT,
  {
    ...CRANELIFT,
    name: "wrong:unresolved-alias",
    summary: "uses of aliases are not reloaded (mended upstream in #13228)",
    reloadsAliases: false,
  },
  {
    ...CRANELIFT,
    name: "wrong:freed-before-map",
    summary: "a result's slot is freed before the safepoint's map takes its own (#13461)",
    reservesLiveOut: false,
  },
  {
    ...CRANELIFT,
    name: "wrong:loop-invariant-slot",
    summary: "the order mended as in #13469, slots still lazy (mended in #13498)",
    reservesLiveOut: false,
    mapsBeforeFreeing: true,
  },
  {
    ...CRANELIFT,
    name: "wrong:last-definition-only",
    summary: "of a variable's definitions in a block only the last is declared (#13449)",
    lastDefinitionOnly: true,
  },
  {
    ...CRANELIFT,
    name: "wrong:one-pass-liveness",
    summary: "one backward pass, so values live around a loop are missed (#9071)",
    onePassLiveness: true,
  },
];

export const POLICIES: ReadonlyMap<PolicyName, Policy> = new Map(ALL.map((policy) => [policy.name, policy]));

/** Throws a `TypeError` for what is no name of a policy. */
export function policyNamed(name: PolicyName): Policy {
  const policy = POLICIES.get(name);
  if (policy !== undefined) return policy;
  throw new TypeError(wrongOption("policy", `one of ${POLICY_NAMES.join(", ")}`, name));
}

export function isPolicyName(name: string): name is PolicyName {
  return POLICIES.has(name as PolicyName);
}
