/**
 * The bytes of a response, for compiling while streaming: WebAssembly Web API, "compile a potential WebAssembly response".
 *
 * A response's own `arrayBuffer` takes chunks that are `Uint8Array`s only. Engines that compile a stream take any buffer or view for one, and
 * programs rely on it: the chunks of a file's `readableWebStream` are `ArrayBuffer`s on Node 20.
 */
import { ByteWriter } from "../base/byte-writer.ts";
import { bytesOf } from "./store-api.ts";

/** As much of a `Response` as is looked at. */
export interface ResponseLike {
  readonly ok: boolean;
  readonly headers: { get(name: string): string | null };
  readonly bodyUsed?: boolean;
  /** For messages. */
  readonly status?: number;
  readonly url?: string;
  /** A `ReadableStream`; in somebody's own class of responses it may be anything. */
  readonly body?: unknown;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface StreamLike {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
    cancel(reason: unknown): Promise<void>;
  };
}

/** Rejects with a `TypeError` for what is no response, or no successful one of a module. */
export async function bytesOfResponse(
  source: ResponseLike | Promise<ResponseLike>,
): Promise<ArrayBuffer | Uint8Array> {
  const response = await source;
  if (typeof response?.arrayBuffer !== "function")
    throw new TypeError("expected a Response or a promise of one");
  const type = response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (!response.ok) throw new TypeError(`the response's status is not ok${described(response)}`);
  if (type !== "application/wasm") {
    const given = type === undefined ? "none" : JSON.stringify(type);
    throw new TypeError(
      `incorrect response MIME type: expected application/wasm, got ${given}${described(response)}`,
    );
  }
  const { body, bodyUsed } = response;
  // One that was read says so itself.
  return isStream(body) && bodyUsed !== true ? await bytesOfStream(body) : await response.arrayBuffer();
}

function described({ status, url }: ResponseLike): string {
  const words = [status, url].filter((word) => word !== undefined && word !== "");
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}

function isStream(body: unknown): body is StreamLike {
  return typeof (body as StreamLike | null | undefined)?.getReader === "function";
}

async function bytesOfStream(stream: StreamLike): Promise<Uint8Array> {
  const reader = stream.getReader();
  const bytes = new ByteWriter();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes.bytes();
    try {
      bytes.append(bytesOf(value as ArrayBuffer));
    } catch (error) {
      await reader.cancel(error);
      throw error;
    }
  }
}
