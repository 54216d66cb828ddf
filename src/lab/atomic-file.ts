/** Writing a file so that readers see the old contents or the new, never a part. */
import writeFileAtomic from "write-file-atomic";

/** Replaces or creates the file; throws what the file system says. */
export async function writeFileAtomically(path: string, contents: string | Buffer): Promise<void> {
  await writeFileAtomic(path, contents);
}
