/** The cache of a page, on a storage of the shape that browsers have; and in a browser itself, `../project/page.test.ts`. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { compileAsync, type Module, Store } from "../../src/embed/index.ts";
import { type PageCacheOptions, type PageGlobals, pageCache } from "../../src/embed/page-cache.ts";
import { manyFunctions } from "../driver/many-functions.ts";

interface Entry {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Headers;
}

/** As much of a browser as the cache sees; what is kept is `entries`. */
class Page implements PageGlobals {
  readonly entries = new Map<string, Entry>();
  /** Hashes that are being made, by threads, which take as long as they take. */
  pending = 0;
  readonly crypto = {
    subtle: {
      digest: async (algorithm: string, data: Uint8Array): Promise<ArrayBuffer> => {
        this.pending++;
        try {
          return await globalThis.crypto.subtle.digest(algorithm, Uint8Array.from(data));
        } finally {
          this.pending--;
        }
      },
    },
  };
  readonly Response = Response as unknown as NonNullable<PageGlobals["Response"]>;
  /** So many entries have room. */
  room = Number.POSITIVE_INFINITY;

  readonly caches = {
    open: async () => ({
      match: async (address: string) => {
        const entry = this.entries.get(address);
        return entry === undefined ? undefined : new Response(entry.body, { headers: entry.headers });
      },
      put: async (address: string, response: { arrayBuffer(): Promise<ArrayBuffer> }) => {
        if (this.entries.size >= this.room) throw new DOMException("no room", "QuotaExceededError");
        const { headers } = response as Response;
        this.entries.set(address, { body: new Uint8Array(await response.arrayBuffer()), headers });
      },
      delete: async (address: string) => this.entries.delete(address),
      keys: async () => [...this.entries.keys()].map((url) => ({ url })),
    }),
  };
}

let bytes: Uint8Array;
const OPTIONS: PageCacheOptions = { build: "one", minModuleBytes: 0 };

before(async () => {
  bytes = await manyFunctions();
});

function resultOf(module: Module): unknown {
  const { run } = new Store().instantiate(module).exports as { run: (n: number) => unknown };
  return run(1);
}

async function compiledIn(page: Page, options = OPTIONS): Promise<unknown> {
  const result = resultOf(await compileAsync(bytes, { cache: pageCache(options, page) }));
  await settled(page);
  return result;
}

/** What is kept is kept behind the compilation's back. */
async function settled(page: Page): Promise<void> {
  for (let quiet = 0; quiet < 20; quiet++) {
    await new Promise((resolve) => void setImmediate(resolve));
    if (page.pending > 0) quiet = 0;
  }
}

test("what was compiled is found again", async () => {
  const page = new Page();
  const first = await compiledIn(page);
  const entries = [...page.entries];
  const [[code], [link]] = entries as [[string, Entry], [string, Entry]];
  assert.equal(link, `${code}/link`);
  assert.equal(await compiledIn(page), first);
  assert.deepEqual([...page.entries], entries, "kept once");
});

test("what it was linked to is kept where there is room for both", async () => {
  const page = new Page();
  const first = await compiledIn(page);
  const [code, link] = [...page.entries.values()] as [Entry, Entry];
  const bytesOfBoth = code.body.length + link.body.length;
  for (const [maxBytes, kept] of [
    [bytesOfBoth, 2],
    [bytesOfBoth - 1, 1],
  ] as const) {
    const bounded = new Page();
    for (let i = 0; i < 2; i++) assert.equal(await compiledIn(bounded, { ...OPTIONS, maxBytes }), first);
    assert.deepEqual([...bounded.entries.keys()], [...page.entries.keys()].slice(0, kept));
  }
  page.entries.clear();
  page.room = 1;
  for (let i = 0; i < 2; i++) assert.equal(await compiledIn(page), first);
  assert.deepEqual([...page.entries.values()], [code]);
});

test("of a module that a page compiles twice, the link of the first instance is kept", async () => {
  const page = new Page();
  const store = new Store();
  const cache = pageCache(OPTIONS, page);
  const entries: Entry[][] = [];
  for (let i = 0; i < 2; i++) {
    store.instantiate(await compileAsync(bytes, { cache }));
    await settled(page);
    entries.push([...page.entries.values()]);
  }
  assert.equal(entries[0]!.length, 2);
  assert.deepEqual(entries[1], entries[0]);
});

test("links go before any code does", async () => {
  const page = new Page();
  await compiledIn(page);
  const [code, link] = [...page.entries.values()].map(({ body }) => body.length) as [number, number];
  const bounded = new Page();
  const builds = ["one", "two", "three"];
  const maxBytes = builds.length * code + link;
  for (let start = 0; start < 2; start++) {
    for (const build of builds) await compiledIn(bounded, { ...OPTIONS, build, maxBytes });
    const addresses = [...bounded.entries.keys()];
    assert.equal(addresses.filter((address) => !address.endsWith("/link")).length, builds.length);
    assert.equal(addresses.length, builds.length + 1);
  }
});

test("and only by the build that compiled it", async () => {
  const page = new Page();
  await compiledIn(page);
  await compiledIn(page, { ...OPTIONS, build: "two" });
  assert.equal(page.entries.size, 4);
});

test("an entry with other contents than it says is replaced", async () => {
  const page = new Page();
  const first = await compiledIn(page);
  const [[address, entry]] = [...page.entries] as [[string, Entry]];
  const changed = entry.body.slice();
  changed[changed.length >> 1]! ^= 1;
  page.entries.set(address, { ...entry, body: changed });
  assert.equal(await compiledIn(page), first);
  assert.deepEqual(page.entries.get(address)!.body, entry.body);
});

test("the oldest entries go when all exceed the bound", async () => {
  const page = new Page();
  await compiledIn(page);
  const [[first, { body }]] = [...page.entries] as [[string, Entry]];
  const bounded = { ...OPTIONS, maxBytes: 2 * body.length };
  for (const build of ["two", "three"]) await compiledIn(page, { ...bounded, build });
  assert.equal(page.entries.size, 2);
  assert.ok(!page.entries.has(first));
  await compiledIn(page, { ...OPTIONS, build: "four", maxBytes: body.length - 1 });
  assert.equal(page.entries.size, 2, "one that is too large is not kept");
});

test("where a browser has no more room, what was kept before goes", async () => {
  const page = new Page();
  await compiledIn(page);
  const [first] = [...page.entries.keys()];
  page.room = 1;
  await compiledIn(page, { ...OPTIONS, build: "two" });
  assert.equal(page.entries.size, 1);
  assert.ok(!page.entries.has(first!));
});

test("a browser that has no room at all costs no more than the time", async () => {
  const page = new Page();
  page.room = 0;
  assert.notEqual(await compiledIn(page), undefined);
  assert.equal(page.entries.size, 0);
});

test("there is none where a page has no such storage, or may not ask for it", () => {
  const { crypto, Response } = new Page();
  assert.equal(pageCache(OPTIONS, { crypto }), null);
  const sandboxed = {
    crypto,
    Response,
    get caches(): never {
      throw new DOMException("the frame has no origin", "SecurityError");
    },
  };
  assert.equal(pageCache(OPTIONS, sandboxed), null);
});
