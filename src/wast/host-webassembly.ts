/** The part of the host's own `WebAssembly` that the native engine uses, with types: the compiler's library has none. */

export interface HostModule {
  readonly [HOST_MODULE]: true;
}
declare const HOST_MODULE: unique symbol;

export interface HostInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

interface HostWebAssembly {
  readonly Module: {
    new (bytes: Uint8Array): HostModule;
    imports(module: HostModule): { module: string; name: string; kind: string }[];
    exports(module: HostModule): { name: string; kind: string }[];
  };
  readonly Instance: new (
    module: HostModule,
    imports: Record<string, Record<string, unknown>>,
  ) => HostInstance;
  readonly Memory: new (descriptor: {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }) => {
    readonly buffer: ArrayBufferLike;
  };
  readonly Exception: new (...args: never[]) => object;
}

/** The host's own WebAssembly. */
export const hostWebAssembly: HostWebAssembly = (globalThis as unknown as { WebAssembly: HostWebAssembly })
  .WebAssembly;
