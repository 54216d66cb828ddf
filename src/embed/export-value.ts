/** What instances export, as TypeScript sees it. */
import type { HostMemory } from "./host-webassembly.ts";

/**
 * An export of which nothing else is known: a function, a global, a table, a memory or a tag. It may be called like a function, and has what
 * the others have, or has not. Whoever knows the exports names their type: `store.instantiate<{ sum(n: number): number }>(module)`.
 */
export interface ExportValue {
  (...args: unknown[]): unknown;
  /** Of a global. */
  value?: unknown;
  /** Of a memory. */
  readonly buffer?: HostMemory["buffer"];
  /** Of a table. */
  get?(index: number): unknown;
  /** Of a table. */
  set?(index: number, value?: unknown): void;
  /** Of a table or a memory: by so many elements or pages. Gives what there were before. */
  grow?(count: number, value?: unknown): number;
}

/** The exports of an instance by name, where no other type is given. */
export type Exports = Record<string, ExportValue>;
