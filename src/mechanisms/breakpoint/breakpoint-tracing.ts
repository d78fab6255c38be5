import { type Address, offsetBy } from '../../bytes/address.js'
import type { InstructionClass, Resume as ResumeName } from '../../isa/instruction-class.js'
import type { HitListener, HitName, InstalledProbes } from '../../probe/mechanism.js'
import type { Site } from '../../probe/site.js'
import { isRefusal, type Refusal } from '../../refusal/refusal.js'
import { untilPlaced } from '../../target/area.js'
import { Attachment } from '../../target/attachment.js'
import type { EditSet, PlacedEdit } from '../../target/edit-set.js'
import { install } from '../../target/install.js'
import { editSetOf } from '../../target/installation.js'
import type { ResidentSignals } from '../../target/signals/resident-signals.js'
import { uninstall } from '../../target/uninstall.js'
import type { Host } from '../../trampolines/host.js'
import type { ServedSite, TrampolinePlan } from '../../trampolines/plan-trampolines.js'
import { leftOut, withSignals } from '../../trampolines/trampoline-mechanism.js'
import { BreakpointTracer } from './breakpoint-tracer.js'
import { copyLookup } from './copy-lookup.js'
import type { HitHandler, PlantedSite } from './planted-site.js'
import { boosted } from './resume/boosted.js'
import { emulated } from './resume/emulated.js'
import { inline } from './resume/inline.js'
import { outOfLine } from './resume/out-of-line.js'
import type { Resume } from './resume/resume.js'
import { SlotPool } from './slot-pool.js'

/** What was decided about a site when it was planned. */
export interface ChosenResume {
  readonly instruction: InstructionClass
  readonly resume: ResumeName
}

/** The one tracer of a target's breakpoints: attached as long as any are planted. */
export class BreakpointTracing {
  private readonly resumes: readonly Resume[]
  private readonly tracer: BreakpointTracer
  private readonly slots: SlotPool
  private attachment: Attachment | undefined

  constructor(
    private readonly host: Host,
    private readonly follow: boolean,
  ) {
    const { arch, target } = host
    const isPlanted = (at: Address): boolean => this.tracer.isPlanted(at)
    this.slots = new SlotPool(host)
    this.resumes = [
      emulated(arch, target.memory, isPlanted),
      boosted,
      outOfLine(target.memory, this.slots),
      inline(target.door, target.memory, () => this.attachment?.hasGuests !== true, isPlanted),
    ]
    this.tracer = new BreakpointTracer(target.door, this.resumes)
  }

  /** Plants int3 at the sites of a plan, which is made when the signals are ready. @throws KernelError */
  install(
    makePlan: () => TrampolinePlan | Refusal,
    chosen: ReadonlyMap<Site, ChosenResume>,
    onHit: HitListener | undefined,
  ): InstalledProbes | Refusal {
    // Before anything is traced: should this tracer be killed, the handlers go on where it left off.
    const signals = this.host.signals.acquire()
    if (isRefusal(signals)) return signals
    return withSignals(signals, () => {
      try {
        return untilPlaced(makePlan, (plan) => this.installWith(signals, plan, chosen, onHit))
      } finally {
        this.detachIfIdle()
      }
    })
  }

  private installWith(
    signals: ResidentSignals,
    plan: TrampolinePlan,
    chosen: ReadonlyMap<Site, ChosenResume>,
    onHit: HitListener | undefined,
  ): InstalledProbes | Refusal {
    const { target } = this.host
    const tables = signals.publisherOf(...plan.tables)
    const result = this.attach() ?? install(target, plan.areas, undefined, { threadPointers: false }, tables)
    if (isRefusal(result)) return result
    const edits = editSetOf(result.installation.areas)
    const planted = this.plant(plan, edits, chosen, onHit && heldFor(onHit))
    const lookup = copyLookup(target.memory, edits, this.slots)
    this.slots.add(plan.spares)
    this.tracer.plant(planted, lookup)
    const counts = (): BigUint64Array => BigUint64Array.from(planted, ({ hits }) => BigInt(hits))
    return {
      sites: planted.map(({ site }) => site),
      leftOut: leftOut(plan, result),
      heldNs: result.heldNs + signals.heldByInstalling(),
      read: counts,
      latest: counts,
      poll: (budgetNs) => this.attachment?.pump(budgetNs, this.host.patience) ?? false,
      rest: () => this.attachment?.rest(),
      goOn: (hit, registers) => this.goOn(hit, registers),
      remove: () => {
        const { remaining } = this.tracer.whileLeaving(() =>
          uninstall(target, result.installation, undefined, tables.use),
        )
        // What could not be taken out goes on hitting.
        if (remaining.length > 0) return remaining
        this.tracer.remove(planted, lookup)
        this.slots.remove(plan.spares)
        this.detachIfIdle()
        return signals.remove().remaining
      },
    }
  }

  private goOn({ tid, hit }: HitName, registers: Uint8Array): void {
    if (!this.tracer.isWaitingFor(tid, hit)) return
    this.attachment?.goOn(tid, (thread) => {
      thread.registers.bytes.set(registers)
      thread.touch()
      return this.tracer.handled(thread)
    })
  }

  private attach(): Refusal | undefined {
    if (this.attachment !== undefined) return undefined
    const attachment = Attachment.attach(this.host.target, this.tracer, this.follow)
    if (isRefusal(attachment)) return attachment
    this.attachment = attachment
    return undefined
  }

  private detachIfIdle(): void {
    if (!this.tracer.isIdle) return
    this.attachment?.detach()
    this.attachment = undefined
  }

  private plant(
    plan: TrampolinePlan,
    edits: EditSet,
    chosen: ReadonlyMap<Site, ChosenResume>,
    handler: HitHandler | undefined,
  ): PlantedSite[] {
    const editOf = new Map(edits.edits.map((edit) => [edit.site, edit]))
    return plan.served.flatMap((served) => {
      const { site } = served
      const edit = editOf.get(site.address)
      const choice = chosen.get(site)
      if (edit === undefined || choice === undefined) return []
      const resume = this.resumes.find(({ name }) => name === choice.resume) ?? boosted
      const { instruction } = choice
      return [
        {
          served,
          site,
          instruction,
          edit,
          copy: edit.trampoline,
          jumpBack: jumpBackOf(served, edit),
          resume,
          handler,
          hits: 0,
        },
      ]
    })
  }
}

function jumpBackOf({ analysis }: ServedSite, { trampoline, points }: PlacedEdit): Address | undefined {
  const point = points.find(({ original }) => original === analysis.displacedLength)
  return point && offsetBy(trampoline, point.relocated)
}

function heldFor(onHit: HitListener): HitHandler {
  return ({ tid, registers }, { site }, hit) => onHit({ tid, hit, site, registers: Uint8Array.from(registers.bytes) })
}
