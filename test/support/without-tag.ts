/** Runs something without the engine's tag for what JavaScript throws, as on older engines. */
export function withoutTag(run: () => void): void {
  const host = (globalThis as unknown as { WebAssembly: object }).WebAssembly;
  const tag = Object.getOwnPropertyDescriptor(host, "JSTag");
  if (tag !== undefined) Object.defineProperty(host, "JSTag", { ...tag, value: undefined });
  try {
    run();
  } finally {
    if (tag !== undefined) Object.defineProperty(host, "JSTag", tag);
  }
}
