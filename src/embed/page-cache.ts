/**
 * A cache of compiled code in a page: in the storage that the browser keeps for its origin (`CacheStorage`, of the Service Worker
 * specification), which all its pages and workers share. There is one in secure contexts only.
 *
 * An entry's address is a SHA-256 of all that its contents depend on: that of the module's bytes, the settings, and the build of the compiler. So
 * nothing ever has to be invalidated; the oldest entries go when all exceed the bound. An entry says what its contents' hash is, and one with
 * other contents is as if it were not there. What code was linked to last has an address of its own, behind the code's. The cache never fails: where the browser does not cooperate, nothing is kept.
 *
 * Finding takes time, so it is for those who can wait: `new WebAssembly.Module` compiles.
 */
import type { CacheEntry, CodeCache } from "../driver/code-cache.ts";
import type { KeptBytes } from "../link/compiled-code.ts";

/** What is used of what browsers have. */
interface PageResponse {
  readonly headers: { get(name: string): string | null };
  arrayBuffer(): Promise<ArrayBuffer>;
}
interface PageStorage {
  match(address: string): Promise<PageResponse | undefined>;
  put(address: string, response: PageResponse): Promise<void>;
  delete(address: string): Promise<boolean>;
  keys(): Promise<readonly { readonly url: string }[]>;
}
export interface PageGlobals {
  readonly caches?: { open(name: string): Promise<PageStorage> };
  readonly crypto?: {
    readonly subtle?: { digest(algorithm: string, data: Uint8Array): Promise<ArrayBuffer> };
  };
  readonly Response?: new (
    body: Uint8Array,
    init: { readonly headers: Readonly<Record<string, string>> },
  ) => PageResponse;
}

export interface PageCacheOptions {
  /** Which compiler this is. */
  readonly build: string;
  /** What the entries may take together. */
  readonly maxBytes?: number;
  /** Modules of fewer bytes are compiled each time: it takes no longer than finding them. */
  readonly minModuleBytes?: number;
}

const NAME = "spillway";
/** Addresses of no host: nothing is ever fetched. */
const PREFIX = "https://code.invalid/spillway/";
/** Behind the address of code: what it was linked to. */
const LINK = "/link";
const FORMAT = 1;
const HASH_HEADER = "x-sha256";
const BYTES_HEADER = "x-bytes";
const DEFAULT_BYTES = 128 << 20;
const MIN_MODULE_BYTES = 1 << 13;

/** Null where there is no such storage. */
export function pageCache(options: PageCacheOptions, page: PageGlobals = globalThis): CodeCache | null {
  const caches = cachesOf(page);
  // Where there is none, the others are not even looked at: some hosts make them when they are.
  if (caches === undefined) return null;
  const { crypto, Response } = page;
  if (crypto?.subtle === undefined || Response === undefined) return null;
  return new PageCache(options, { caches, subtle: crypto.subtle, Response });
}

/** A page without an origin of its own, as in a sandboxed frame, may not even ask. */
function cachesOf(page: PageGlobals): PageGlobals["caches"] {
  try {
    return page.caches;
  } catch {
    return undefined;
  }
}

interface Browser {
  readonly caches: NonNullable<PageGlobals["caches"]>;
  readonly subtle: NonNullable<NonNullable<PageGlobals["crypto"]>["subtle"]>;
  readonly Response: NonNullable<PageGlobals["Response"]>;
}

/** What there was of a module. */
interface Found {
  readonly code: Uint8Array | null;
  readonly link: Uint8Array | null;
}

interface StoredEntry {
  readonly address: string;
  readonly isLink: boolean;
  readonly bytes: number;
}

class PageCache implements CodeCache {
  private readonly build: string;
  private readonly maxBytes: number;
  private readonly minModuleBytes: number;
  private readonly browser: Browser;
  /** By the code's address. */
  private readonly links: Map<string, KeptBytes>;

  constructor(options: PageCacheOptions, browser: Browser) {
    this.build = options.build;
    this.maxBytes = options.maxBytes ?? DEFAULT_BYTES;
    this.minModuleBytes = options.minModuleBytes ?? MIN_MODULE_BYTES;
    this.browser = browser;
    this.links = new Map();
  }

  entry(): CacheEntry | null {
    return null;
  }

  async entryLater(bytes: Uint8Array, settings: string): Promise<CacheEntry | null> {
    if (bytes.length < this.minModuleBytes) return null;
    try {
      const parts = JSON.stringify([FORMAT, this.build, settings, await this.hash(bytes)]);
      const address = PREFIX + (await this.hash(new TextEncoder().encode(parts)));
      const storage = await this.browser.caches.open(NAME);
      const [code, link] = await Promise.all([address, address + LINK].map((one) => this.find(storage, one)));
      return this.entryOf(storage, address, { code: code ?? null, link: link ?? null });
    } catch {
      return null;
    }
  }

  private entryOf(storage: PageStorage, address: string, found: Found): CacheEntry {
    // A link is saved behind the code, without which it is of no use.
    let codeSaved = Promise.resolve();
    let link = this.links.get(address);
    if (link === undefined) {
      let left = found.link;
      link = {
        load: () => {
          const loaded = left;
          // It may be as large as the program, and is asked for once.
          left = null;
          return loaded;
        },
        save: (linked) => void codeSaved.then(() => this.saveLink(storage, address, linked)),
      };
      this.links.set(address, link);
    }
    return {
      load: () => found.code,
      save: (code) => {
        codeSaved = this.save(storage, address, code);
      },
      link,
    };
  }

  private async find(storage: PageStorage, address: string): Promise<Uint8Array | null> {
    const response = await storage.match(address);
    if (response === undefined) return null;
    const stored = new Uint8Array(await response.arrayBuffer());
    return (await this.hash(stored)) === response.headers.get(HASH_HEADER) ? stored : null;
  }

  private async save(storage: PageStorage, address: string, code: Uint8Array): Promise<void> {
    if (code.length > this.maxBytes) return;
    try {
      try {
        await this.put(storage, address, code);
      } catch {
        // Room is less than the bound, and what there is may be of older builds.
        for (const { url } of await storage.keys()) await storage.delete(url);
        await this.put(storage, address, code);
      }
      await this.evict(storage);
    } catch {
      // The browser gives no more room, or the user none at all.
    }
  }

  /** Where all code leaves room for it. */
  private async saveLink(storage: PageStorage, address: string, link: Uint8Array): Promise<void> {
    try {
      const codes = (await this.entries(storage)).filter((entry) => !entry.isLink);
      const codeBytes = codes.reduce((sum, { bytes }) => sum + bytes, 0);
      if (!codes.some((code) => code.address === address) || codeBytes + link.length > this.maxBytes) return;
      await this.put(storage, address + LINK, link);
      await this.evict(storage);
    } catch {
      // As above.
    }
  }

  private async put(storage: PageStorage, address: string, bytes: Uint8Array): Promise<void> {
    const headers = { [HASH_HEADER]: await this.hash(bytes), [BYTES_HEADER]: String(bytes.length) };
    await storage.put(address, new this.browser.Response(bytes, { headers }));
  }

  /** Lets go of links, then of code, what was made first before all. */
  private async evict(storage: PageStorage): Promise<void> {
    const entries = await this.entries(storage);
    let kept = 0;
    for (const { address, bytes } of entries.sort((a, b) => Number(a.isLink) - Number(b.isLink))) {
      kept += bytes;
      if (kept > this.maxBytes) await storage.delete(address);
    }
  }

  /** What there is, the last that was made first. */
  private async entries(storage: PageStorage): Promise<StoredEntry[]> {
    const entries: StoredEntry[] = [];
    for (const { url: address } of await storage.keys()) {
      const bytes = Number((await storage.match(address))?.headers.get(BYTES_HEADER) ?? 0);
      entries.push({ address, isLink: address.endsWith(LINK), bytes });
    }
    return entries.reverse();
  }

  private async hash(data: Uint8Array): Promise<string> {
    const hash = new Uint8Array(await this.browser.subtle.digest("SHA-256", data));
    return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
