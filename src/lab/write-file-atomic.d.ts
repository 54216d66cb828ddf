/** What we use of write-file-atomic, which brings no types. */
declare module "write-file-atomic" {
  function writeFileAtomic(path: string, contents: string | Buffer): Promise<void>;
  export = writeFileAtomic;
}
