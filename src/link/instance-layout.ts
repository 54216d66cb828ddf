/** What a store asks of the static memory of an instance that was linked for it. */
export interface InstanceLayout {
  /** Of all of it, from the placement's base on. */
  readonly byteLength: number;
  /** Bytes of the largest frame on the shadow stack that code of the module makes; 0 without any. */
  readonly largestFrame: number;
  /** The functions that got numbers, in order, by their index in the input. */
  readonly functionItems: readonly number[];
  /** Whether code asks for the types of functions. */
  readonly asksFunctionTypes: boolean;
  /** The region of cells that a collector has to know, or -1. */
  readonly cellRegion: number;
  /** The list of addresses of words that a collector has to know, or -1. */
  readonly rootAddressList: number;
  /** Where the cells lie, by number; imported ones elsewhere. */
  readonly cellPlaces: Int32Array;
  /** Where the static objects lie, by number. */
  readonly staticObjectAddresses: Int32Array;
  /** The number of a function of the module's own, or 0 where nothing has asked for one. */
  knownFunction(func: number): number;
  cellAddress(cell: number): number;
  /** The address of a word with the reference of a global that is exported. */
  globalCell(global: number): number;
  /** The address of the record of one of the module's tags. */
  tagRecord(tag: number): number;
}
