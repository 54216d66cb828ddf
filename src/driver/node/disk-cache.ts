/**
 * A cache of compiled code in files, which any number of processes share.
 *
 * A file's name is the SHA-256 of all that its contents depend on: the module's bytes, the settings, and the compiler, as its version and
 * the sizes and times of its own files. So nothing ever has to be invalidated. A file appears whole, under its name, or not at all:
 *
 *     "spillway"   8 bytes
 *     format       4 bytes, little-endian
 *     SHA-256      32 bytes, of the name and what follows
 *     what is kept: code (`../stored-code.ts`), or in a second file the same as it was linked last (`../../link/kept-link.ts`)
 *
 * One that is cut off, changed, or put under another name is as if it were not there, and is replaced. The time of a file's last change
 * is when it was last used; when all files together exceed the bound, those go that were not used for longest, links before any code: a
 * program without its link is linked, without its code it is compiled. The cache never fails:
 * where the file system does not cooperate, nothing is kept.
 */
import type { KeptBytes } from "../../link/compiled-code.ts";
import type { CacheEntry, CodeCache } from "../code-cache.ts";
import { builtIn } from "./built-in.ts";
import { compilerIdentity } from "./compiler-identity.ts";

const { createHash, randomInt } = builtIn("node:crypto");
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } =
  builtIn("node:fs");
const { homedir } = builtIn("node:os");
const { join } = builtIn("node:path");

export interface DiskCacheOptions {
  /** Where the files are; the user's own folder for caches unless it is given. */
  readonly folder?: string;
  /** What they may take together. */
  readonly maxBytes?: number;
  /** Modules of fewer bytes are compiled each time: it takes no longer than finding them. */
  readonly minModuleBytes?: number;
}

export const DEFAULT_CACHE_BYTES: number = 256 << 20;

const MIN_MODULE_BYTES = 1 << 13;

const MAGIC = "spillway";
const FORMAT = 1;
const FORMAT_OFFSET = MAGIC.length;
const HASH_OFFSET = FORMAT_OFFSET + 4;
const HEADER_BYTES = HASH_OFFSET + 32;
/** What a file has in it. */
const CODE = ".code";
const LINK = ".link";
/** What a writer left behind that was killed; a living one is done sooner. */
const ABANDONED_MS = 60 * 60 * 1000;

/**
 * The cache that the environment asks for: null with `SPILLWAY_CACHE=off`, where the user has no folder for it, and where the compiler
 * cannot tell which one it is.
 */
export function diskCache(
  options: DiskCacheOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): CodeCache | null {
  if (environment["SPILLWAY_CACHE"] === "off") return null;
  const folder = options.folder ?? cacheFolder(environment);
  const compiler = quietly(compilerIdentity);
  if (folder === null || compiler === null) return null;
  const megabytes = Number(environment["SPILLWAY_CACHE_MB"] ?? Number.NaN);
  const byEnvironment = megabytes >= 0 ? megabytes * 2 ** 20 : DEFAULT_CACHE_BYTES;
  return new DiskCache(folder, compiler, {
    maxBytes: options.maxBytes ?? byEnvironment,
    minModuleBytes: options.minModuleBytes ?? MIN_MODULE_BYTES,
  });
}

/** Where the user's caches are by the platform's custom, or null. */
export function cacheFolder(
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string | null {
  const { SPILLWAY_CACHE_DIR: own, XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = environment;
  if (own !== undefined && own !== "") return own;
  if (xdg !== undefined && xdg !== "") return join(xdg, "spillway");
  if (platform === "win32") return local === undefined ? null : join(local, "spillway", "Cache");
  const home = environment["HOME"] ?? homeFolder();
  if (home === null) return null;
  return platform === "darwin"
    ? join(home, "Library", "Caches", "spillway")
    : join(home, ".cache", "spillway");
}

/** Throws nothing where the user has none. */
function homeFolder(): string | null {
  return quietly(homedir);
}

type Bounds = Required<Pick<DiskCacheOptions, "maxBytes" | "minModuleBytes">>;

/** A file of ours, and the time, in milliseconds, when it was used last. */
interface StoredFile {
  readonly file: string;
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: number;
}

class DiskCache implements CodeCache {
  private readonly folder: string;
  private readonly compiler: string;
  private readonly bounds: Bounds;
  /** By the name of the file. */
  private readonly links: Map<string, KeptBytes>;

  constructor(folder: string, compiler: string, bounds: Bounds) {
    this.folder = folder;
    this.compiler = compiler;
    this.bounds = bounds;
    this.links = new Map();
  }

  entry(bytes: Uint8Array, settings: string): CacheEntry | null {
    if (bytes.length < this.bounds.minModuleBytes) return null;
    const hash = createHash("sha256").update(JSON.stringify([FORMAT, this.compiler, settings]));
    const name = hash.update("\0").update(bytes).digest("hex");
    const [code, link] = [name + CODE, name + LINK];
    return {
      load: () => quietly(() => this.load(code)),
      save: (stored) => void quietly(() => this.save(code, stored)),
      link: this.linkOf(code, link),
    };
  }

  private linkOf(code: string, link: string): KeptBytes {
    let place = this.links.get(link);
    if (place === undefined) {
      place = {
        load: () => quietly(() => this.load(link)),
        save: (stored) => void quietly(() => this.saveBeside(code, link, stored)),
      };
      this.links.set(link, place);
    }
    return place;
  }

  /** Where the code is, without which it is of no use, and all code leaves room for it. */
  private saveBeside(code: string, link: string, stored: Uint8Array): void {
    const codes = this.files().filter(({ file }) => isCode(file));
    const codeBytes = codes.reduce((sum, { bytes }) => sum + bytes, 0);
    if (!codes.some(({ file }) => file === code)) return;
    if (codeBytes + HEADER_BYTES + stored.length <= this.bounds.maxBytes) this.save(link, stored);
  }

  private load(file: string): Uint8Array | null {
    const path = join(this.folder, file);
    const contents = readFileSync(path);
    if (contents.length < HEADER_BYTES) return null;
    const { buffer, byteOffset, length } = contents;
    // Not a buffer of Node's, whose `slice` is another.
    const stored = new Uint8Array(buffer, byteOffset + HEADER_BYTES, length - HEADER_BYTES);
    if (!contents.subarray(0, HEADER_BYTES).equals(header(file, stored))) return null;
    const now = new Date();
    quietly(() => utimesSync(path, now, now));
    return stored;
  }

  private save(file: string, stored: Uint8Array): void {
    const contents = Buffer.concat([header(file, stored), stored]);
    if (contents.length > this.bounds.maxBytes) return;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.write(join(this.folder, file), contents);
    this.evict(file);
  }

  /** Beside its place first, under a name that nobody else has, and then there. */
  private write(path: string, contents: Buffer): void {
    const unfinished = `${path}.${randomInt(2 ** 47)}`;
    try {
      writeFileSync(unfinished, contents, { mode: 0o600, flag: "wx" });
      renameSync(unfinished, path);
    } catch (error) {
      quietly(() => rmSync(unfinished, { force: true }));
      throw error;
    }
  }

  private files(): StoredFile[] {
    return readdirSync(this.folder).flatMap((file) => {
      const path = join(this.folder, file);
      const stat = isOurs(file) ? quietly(() => statSync(path)) : null;
      return stat === null ? [] : [{ file, path, bytes: stat.size, usedAt: stat.mtimeMs }];
    });
  }

  /** Takes out links, then code, what was not used for longest first, until the rest is within the bound; code that is `kept` stays. */
  private evict(kept: string): void {
    const files = this.files();
    files.sort((a, b) => Number(isCode(a.file)) - Number(isCode(b.file)) || a.usedAt - b.usedAt);
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const abandoned = Date.now() - ABANDONED_MS;
    for (const { file, path, bytes, usedAt } of files) {
      const isWhole = isCode(file) || file.endsWith(LINK);
      const stays = total <= this.bounds.maxBytes || (file === kept && isCode(file));
      if (isWhole ? stays : usedAt > abandoned) continue;
      // Another process may have been quicker, or the file be in use where that matters.
      quietly(() => rmSync(path));
      total -= bytes;
    }
  }
}

function isCode(file: string): boolean {
  return file.endsWith(CODE);
}

/** Names that are ours: of code, of links, and, with a number behind, of what is not written to the end. */
function isOurs(file: string): boolean {
  return /^[0-9a-f]{64}\.(code|link)(\.\d+)?$/.test(file);
}

function header(file: string, stored: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(MAGIC, "latin1");
  bytes.writeUInt32LE(FORMAT, FORMAT_OFFSET);
  createHash("sha256").update(file).update(stored).digest().copy(bytes, HASH_OFFSET);
  return bytes;
}

/** What `work` gives, or null where the file system says no. */
function quietly<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
