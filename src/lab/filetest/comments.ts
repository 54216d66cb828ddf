/** The comments of a test file as tests read them: without semicolons and blanks around, those that hold expected texts left out. */
import type { Inst } from "../../ir/entities.ts";
import type { Comment, ParsedFunction } from "../../text/index.ts";

export interface TestComment {
  readonly text: string;
  readonly line: number;
  /** The entity that it follows, as printed. */
  readonly entity: string;
}

export function testComments(comments: readonly Comment[]): TestComment[] {
  return comments.map(({ text, line, entity }) => ({
    text: text.replace(/^;+\s*/, "").trimEnd(),
    line,
    entity,
  }));
}

export interface InstComment extends TestComment {
  readonly inst: Inst;
}

/** The comments that follow instructions. */
export function commentsOnInsts(parsed: ParsedFunction): InstComment[] {
  return testComments(parsed.details.comments).flatMap((comment) => {
    const inst = /^inst(\d+)$/.exec(comment.entity)?.[1];
    return inst === undefined ? [] : [{ ...comment, inst: Number(inst) as Inst }];
  });
}
