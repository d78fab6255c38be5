import type { Address } from '../../bytes/address.js'
import type { InstructionClass } from '../../isa/instruction-class.js'
import type { HitAnswer } from '../../probe/mechanism.js'
import type { Site } from '../../probe/site.js'
import type { PlacedEdit } from '../../target/edit-set.js'
import type { TracedThread } from '../../target/traced-thread.js'
import type { ServedSite } from '../../trampolines/plan-trampolines.js'
import type { Resume } from './resume/resume.js'

/** Is told of a thread that is held at the site, its instruction pointer on it. */
export type HitHandler = (thread: TracedThread, planted: PlantedSite, hit: number) => HitAnswer

/** An int3 in the target's text. */
export interface PlantedSite {
  readonly served: ServedSite
  readonly site: Site
  readonly instruction: InstructionClass
  readonly edit: PlacedEdit
  /** Where the displaced instruction stands in the area, with a jump back behind it. */
  readonly copy: Address
  /** The jump back. Undefined where the copy leads elsewhere by itself. */
  readonly jumpBack: Address | undefined
  readonly resume: Resume
  readonly handler: HitHandler | undefined
  hits: number
}
