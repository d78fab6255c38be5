import type { Resume as ResumeName } from '../../../isa/instruction-class.js'
import type { Next } from '../../../target/attachment.js'
import type { TracedThread } from '../../../target/traced-thread.js'
import type { PlantedSite } from '../planted-site.js'

/** One way of executing the instruction that an int3 has displaced, for the instructions that it serves. */
export interface Resume {
  /** As in `--resume`. */
  readonly name: ResumeName
  /** The thread stands on the site, whose instruction is not executed yet. Sets its registers for what it does next. */
  prepare(thread: TracedThread, planted: PlantedSite): Next
  /** A trap that `prepare` has brought about. `undefined`: it is none of this resume's. */
  finish(thread: TracedThread): Next | undefined
  /** The thread will not come to `finish`: what it holds is free again. */
  abort(tid: number): void
}
