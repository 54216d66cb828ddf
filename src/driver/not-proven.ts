/** A function that is not proven: a defect of ours, or of the mistaken policy that was asked for. */
export class NotProven extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotProven";
  }
}
