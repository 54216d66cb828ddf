/** Variables of the environment: the process's, or in a page what it says they are, as `globalThis.process = { env: { … } }`. */

interface Process {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
}

export function environment(): Readonly<Record<string, string | undefined>> {
  return (globalThis as Process).process?.env ?? {};
}
