/**
 * Which proposals a script is run with.
 *
 * Everything is on unless the header of the file, in Wasmtime's form `;;! key = value`, or the command line
 * says otherwise; the command line has the last word. A few suites need an older Wasm, by the folder that they
 * are in. Header keys that are no proposal of ours are either about
 * other things (memory use, floating point) and ignored, or name a proposal that is not supported.
 */
import { DEFAULT_FEATURES, type Features, isFeatureName, parseFeatures } from "../wasm/index.ts";

const HEADER_LINE = /^;;!\s*([a-z0-9_]+)\s*=\s*(true|false)\s*$/;

/** Header keys of proposals that nothing here supports. */
const UNSUPPORTED: readonly RegExp[] = [
  /^component_model/,
  /^stack_switching$/,
  /^shared_everything_threads$/,
];

/** Proposals whose suites were written for a Wasm without others that are part of it now. */
const FOLDERS: readonly { readonly path: RegExp; readonly features: string }[] = [
  { path: /(^|[\\/])proposals[\\/]threads[\\/]/, features: "-multi-memory,-reference-types,-memory64" },
];

/** What a file's header says. */
export interface FileHeader {
  /** In the form that `parseFeatures` reads. */
  readonly features: readonly string[];
  /** A proposal that the file needs and that is not supported. */
  readonly unsupported: string | null;
  /** Results are expected with every NaN made canonical, which a host's own engine does not do. */
  readonly canonicalNaN: boolean;
}

/** Reads the `;;!` lines at the head of `source`. */
export function readHeader(source: string): FileHeader {
  const features: string[] = [];
  let unsupported: string | null = null;
  let canonicalNaN = false;
  for (let at = 0; source.startsWith(";;!", at); ) {
    const newline = source.indexOf("\n", at);
    const end = newline < 0 ? source.length : newline;
    const match = HEADER_LINE.exec(source.slice(at, Math.min(end, at + 200)));
    if (match !== null) {
      const [, key, value] = match as unknown as [string, string, string];
      if (isFeatureName(key)) features.push(`${key}=${value}`);
      else if (key === "nan_canonicalization") canonicalNaN = value === "true";
      else if (value === "true" && UNSUPPORTED.some((one) => one.test(key))) unsupported ??= key;
    }
    at = end + 1;
  }
  return { features, unsupported, canonicalNaN };
}

/** The features of the file at `path` with `header`, where the command line gave `lists` after `-W`, in order. */
export function fileFeatures(path: string, header: FileHeader, lists: readonly string[]): Features {
  let features = DEFAULT_FEATURES;
  const folders = FOLDERS.filter((folder) => folder.path.test(path)).map((folder) => folder.features);
  for (const list of [...folders, ...header.features, ...lists]) features = parseFeatures(list, features);
  return features;
}
