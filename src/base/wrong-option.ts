/** What is said about an option of the API that was given something else than it takes: its name, what it takes, and what it was given. */
export function wrongOption(name: string, takes: string, given: unknown): string {
  return `${name} must be ${takes}, not ${shown(given)}`;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
