import type { Message, Question } from "../wire/message.ts";
import type { Name } from "../wire/name.ts";

/** What a query asked, to hold a reply against. */
export interface Asked {
  readonly id: number;
  readonly name: Name;
  readonly type: number;
  readonly class: number;
  /** The reply must repeat the case of the name as sent. */
  readonly exactCase: boolean;
}

/** Whether a message is a reply to this very query. What is not is dropped, since anybody may have sent it. */
// RFC 5452 §9.1
export function repliesTo(message: Message, asked: Asked): boolean {
  const [question] = message.question;
  return (
    message.flags.qr &&
    message.opcode === 0 &&
    message.id === asked.id &&
    message.question.length === 1 &&
    question !== undefined &&
    sameQuestion(question, asked)
  );
}

function sameQuestion(question: Question, asked: Asked): boolean {
  if (question.type !== asked.type || question.class !== asked.class || question.name.key !== asked.name.key) {
    return false;
  }
  return !asked.exactCase || sameCase(question.name, asked.name);
}

function sameCase(left: Name, right: Name): boolean {
  return left.labels.every((label, at) => {
    const other = right.labels[at];
    return other !== undefined && label.every((octet, place) => octet === other[place]);
  });
}
