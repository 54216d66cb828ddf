/** What the host's own engine (V8) says of a module; the compiler's library has no types for it. */

interface HostWebAssembly {
  readonly validate: (bytes: Uint8Array) => boolean;
  readonly Module: new (bytes: Uint8Array) => object;
}

const host = (globalThis as unknown as { readonly WebAssembly: HostWebAssembly }).WebAssembly;

export function hostAccepts(bytes: Uint8Array): boolean {
  return host.validate(bytes);
}

/** Why the host refuses the module, or "" if it does not. */
export function hostRefusal(bytes: Uint8Array): string {
  try {
    new host.Module(bytes);
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The host's module object; throws what the host throws. */
export function compileOnHost(bytes: Uint8Array): object {
  return new host.Module(bytes);
}
