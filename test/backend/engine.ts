/** The engine that runs the tests, as far as the backend's tests need it. */

/** Calls an export with the addresses of arguments (0) and results; the message of the trap, or null. */
export interface TestInstance {
  readonly memory: Uint8Array;
  readonly call: (name: string, results: number) => string | null;
}

interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: Record<string, unknown> };
}

export function engine(bytes: Uint8Array): TestInstance {
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
  const { exports } = new Instance(new Module(bytes));
  return {
    memory: new Uint8Array((exports["memory"] as { readonly buffer: ArrayBuffer }).buffer),
    call: (name, results) => {
      try {
        (exports[name] as (args: number, results: number) => void)(0, results);
        return null;
      } catch (error) {
        return (error as Error).message;
      }
    },
  };
}

/** Instantiates a module. */
export function exportsOf(bytes: Uint8Array, imports: object = {}): Readonly<Record<string, unknown>> {
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
  return new Instance(new Module(bytes), imports).exports;
}
