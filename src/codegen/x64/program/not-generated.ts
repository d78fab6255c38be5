/** Thrown for what the generator has no machine code for yet; `generateHandler` catches it and returns a refusal. */
export class NotGenerated extends Error {
  override readonly name = 'NotGenerated'

  /** `what` completes "There is no machine code for …". */
  constructor(readonly what: string) {
    super(`no machine code for ${what}`)
  }
}
