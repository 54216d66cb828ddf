/** The part of the host's own `WebAssembly` that is used here, with types: the compiler's library has none. */

export interface HostModule {
  readonly [HOST_MODULE]: true;
}
declare const HOST_MODULE: unique symbol;

export interface HostInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface HostMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

export interface HostGlobal {
  value: unknown;
}

export interface HostTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
  grow(count: number): number;
}

export interface HostTag {
  readonly [HOST_TAG]: true;
}
declare const HOST_TAG: unique symbol;

interface HostException {
  is(tag: HostTag): boolean;
}

/** A function of the host's own WebAssembly, or one that is given to it. */
export type HostFunction = (...args: unknown[]) => unknown;

type ErrorClass = new (message?: string, options?: { cause?: unknown }) => Error;

interface HostWebAssembly {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<HostModule>;
  instantiate(module: HostModule, imports: Record<string, Record<string, unknown>>): Promise<HostInstance>;
  readonly Module: {
    new (bytes: Uint8Array, options?: { readonly builtins?: readonly string[] }): HostModule;
    imports(module: HostModule): { module: string; name: string; kind: string }[];
    exports(module: HostModule): { name: string; kind: string }[];
  };
  readonly Instance: new (
    module: HostModule,
    imports: Record<string, Record<string, unknown>>,
  ) => HostInstance;
  readonly Memory: new (descriptor: { initial: number; maximum?: number; shared?: boolean }) => HostMemory;
  readonly Table: new (descriptor: { initial: number; element: string }, value?: unknown) => HostTable;
  readonly Global: new (descriptor: { value: string; mutable?: boolean }, value?: unknown) => HostGlobal;
  readonly Tag: new (type: { parameters: readonly string[] }) => HostTag;
  /** The tag of what JavaScript throws, on newer engines. */
  readonly JSTag?: HostTag;
  readonly Exception: new (tag: HostTag, payload: readonly unknown[]) => HostException;
  readonly CompileError: ErrorClass;
  readonly LinkError: ErrorClass;
  readonly RuntimeError: ErrorClass;
}

/** The host's own WebAssembly. */
export const hostWebAssembly: HostWebAssembly = (globalThis as unknown as { WebAssembly: HostWebAssembly })
  .WebAssembly;
