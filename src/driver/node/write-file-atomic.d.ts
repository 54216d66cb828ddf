/** What we use of write-file-atomic, which brings no types. */
declare module "write-file-atomic" {
  function writeFileAtomic(path: string, contents: string | Buffer): Promise<void>;
  namespace writeFileAtomic {
    function sync(
      path: string,
      contents: string | Buffer,
      options: { readonly mode: number; readonly fsync: boolean },
    ): void;
  }
  export = writeFileAtomic;
}
