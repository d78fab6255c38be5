import { assert } from '../bytes/assert.js'
import type { Mechanism } from '../probe/mechanism.js'
import type { PassedStyle, PatchStyle } from '../probe/patch-style.js'
import type { InstalledProgram, ProgramCode, ProgramPlan } from '../probe/program-plan.js'
import type { ModuleSites } from '../probe/site.js'
import type { PassedOverRecord } from '../record/attached-record.js'
import type { Refusal } from '../refusal/refusal.js'
import type { Host } from '../trampolines/host.js'
import type { Outcome } from './describe-attached.js'
import type { Verdict } from './ladder.js'
import { passedOver } from './passed-over.js'

/** The mechanisms that lead threads to handlers in the target, the cheapest first. All sites of a program share its data there. */
export class ProgramLadder {
  readonly #names: ReadonlyMap<PatchStyle, string>

  constructor(
    private readonly host: Host,
    mechanisms: readonly Mechanism[],
  ) {
    this.#names = new Map(
      mechanisms.flatMap(({ style, traits }) => (style === undefined ? [] : [[style, traits.name] as const])),
    )
  }

  /** None: programs cannot run in the target. */
  get mechanisms(): readonly string[] {
    return [...this.#names.values()]
  }

  async plan(modules: readonly ModuleSites[], code: ProgramCode): Promise<ProgramPlan | Refusal> {
    // With its code generator, which counting does without.
    const { planProgram } = await import('../trampolines/plan-program.js')
    return planProgram(this.host, [...this.#names.keys()], modules, code)
  }

  /** How many probes of a program each mechanism serves. */
  probesOf({ served, leftOut }: InstalledProgram): Outcome['probes'] {
    const lost = new Set(leftOut.map(({ site }) => site))
    return [...this.#names].map(([style, name]) => {
      const probes = served.filter((each) => each.style === style && !lost.has(each.site))
      return [name, probes.length] as const
    })
  }

  passedOver({ served }: InstalledProgram): PassedOverRecord[] {
    const verdictOf = ({ style, refusal }: PassedStyle): Verdict => ({ mechanism: this.#nameOf(style), refusal })
    return passedOver(served.map((each) => each.passedOver.map(verdictOf)))
  }

  #nameOf(style: PatchStyle): string {
    const name = this.#names.get(style)
    assert(name !== undefined, 'every style is that of a mechanism')
    return name
  }
}
