import type { Address } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import { TABLE_SLOTS } from '../../codegen/x64/signals/handler-listing.js'
import type { Refusal } from '../../refusal/refusal.js'
import type { InstalledArea } from '../installation.js'
import type { TargetProcess } from '../target-process.js'
import type { UninstallResult } from '../uninstall.js'
import type { CoreArea } from './core-area.js'
import { stillPlanted } from './planted-traps.js'
import { removeSignals } from './remove.js'
import { settleHandlers } from './settle-handlers.js'

/**
 * What the handlers look addresses up in. `traps`: the site of an int3, and where the thread goes on. `fixups`: an
 * instruction that may fault, and where the thread goes on then. `origins`: a relocated instruction, and the address that
 * the program's handler is to see if it faults; the thread must be able to go on there.
 */
export type TableKind = 'traps' | 'fixups' | 'origins'

/** A target's signals, virtual. Shared by everybody who needs them; the last who lets go of them has them removed. */
export class ResidentSignals {
  private readonly published: Record<TableKind, (Address | undefined)[]> = { traps: [], fixups: [], origins: [] }
  private users = 1

  constructor(
    private readonly target: TargetProcess,
    readonly core: CoreArea,
    private readonly stubs: readonly InstalledArea[],
    readonly heldNs: bigint,
  ) {
    // The service's own.
    this.published.fixups.push(core.area.start)
  }

  /** One more who needs them: `remove` once more. */
  share(): this {
    assert(this.users > 0, 'what has been removed is not shared')
    this.users++
    return this
  }

  /**
   * Lets the handlers see a table, whose bytes `encodeTable` makes. It must be in the target's memory by then, and stay
   * there, unchanged, until `withdraw`. Takes effect at once, for running threads too. @throws KernelError
   */
  publish(kind: TableKind, table: Address): void {
    const slots = this.published[kind]
    const free = slots.includes(undefined) ? slots.indexOf(undefined) : slots.length
    assert(free < TABLE_SLOTS, `there is room for ${TABLE_SLOTS} tables`)
    slots[free] = table
    this.core.setWord(this.target.memory, this.core.places[kind] + 8 * free, table)
  }

  /**
   * Hides tables from the handlers. For `traps`, every int3 must have been taken out of the text. Afterwards no thread
   * reads the tables any more; refused where that cannot be waited for: then they must stay. @throws KernelError
   */
  withdraw(kind: TableKind, tables: readonly Address[]): Refusal | undefined {
    const { memory } = this.target
    return settleHandlers(this.target, this.core, () => {
      const planted = kind === 'traps' ? stillPlanted(memory, tables) : undefined
      if (planted !== undefined) return planted
      for (const table of tables) {
        const slot = this.published[kind].indexOf(table)
        assert(slot >= 0, 'only what was published is withdrawn')
        this.published[kind][slot] = undefined
        this.core.setWord(memory, this.core.places[kind] + 8 * slot, 0n)
      }
      return undefined
    })
  }

  /** Gives the program its signals back, once nobody needs them. @throws KernelError */
  remove(): UninstallResult {
    this.users--
    if (this.users > 0) return { heldNs: 0n, remaining: [] }
    return removeSignals(this.target, this.core, this.stubs)
  }
}
