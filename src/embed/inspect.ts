/**
 * How objects of the API show themselves in a console: their class and what there is to know, not all that they hold, which is the store.
 * Node, Deno and Bun ask a method by this name.
 */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

export type Facts = Readonly<Record<string, string | number | boolean>>;

/** Has objects of a class show themselves by a name and these facts; the class is known by the name's last part, whatever a bundler calls it. */
export function showAs<T extends object>(
  shown: { readonly prototype: T },
  name: string,
  factsOf: (object: T) => Facts,
): void {
  const { prototype } = shown;
  function show(this: T): string {
    const facts = Object.entries(factsOf(this)).map(([fact, value]) => `${fact}: ${value}`);
    return `${name} { ${facts.join(", ")} }`;
  }
  Object.defineProperty(shown, "name", { value: name.slice(name.indexOf(".") + 1), configurable: true });
  Object.defineProperty(prototype, INSPECT, { value: show, writable: true, configurable: true });
}
