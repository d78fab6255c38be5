/** Thrown for what the generator has no machine code for yet; `generateHandler` catches it and returns a refusal. */
export class NotGenerated extends Error {
  override readonly name = 'NotGenerated'

  /** `what` completes "There is no machine code for …". */
  constructor(readonly what: string) {
    super(`no machine code for ${what}`)
  }
}

/** There are not enough registers; with fewer locals in registers there may be. */
export class OutOfRegisters extends NotGenerated {
  constructor() {
    super('an expression that needs so many registers')
  }
}
