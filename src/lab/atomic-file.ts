/** Writing a file so that readers see the old contents or the new, never a part. */
import { open, rename, unlink } from "node:fs/promises";
import writeFileAtomic from "write-file-atomic";

/** Replaces or creates the file; throws what the file system says. */
export async function writeFileAtomically(path: string, contents: string | Buffer): Promise<void> {
  await writeFileAtomic(path, contents);
}

/** The same for contents that may be too long for one buffer. */
export async function writeChunksAtomically(path: string, chunks: Iterable<string>): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  const file = await open(part, "w");
  try {
    for (const chunk of chunks) await file.writeFile(chunk);
    await file.close();
    await rename(part, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(part).catch(() => undefined);
    throw error;
  }
}
