import type { Address } from '../../bytes/address.js'
import { assert } from '../../bytes/assert.js'
import { TABLE_SLOTS } from '../../codegen/x64/signals/handler-listing.js'
import type { TablePublisher } from '../install.js'
import type { InstalledArea } from '../installation.js'
import type { TargetProcess } from '../target-process.js'
import type { TableUse, UninstallResult } from '../uninstall.js'
import type { CoreArea } from './core-area.js'
import { removeSignals } from './remove.js'
import { useOfTables } from './table-use.js'

/**
 * What the handlers look addresses up in. `traps`: the site of an int3, and where the thread goes on. `fixups`: an
 * instruction that may fault, and where the thread goes on then. `origins`: a relocated instruction, and the address that
 * the program's handler is to see if it faults; the thread must be able to go on there.
 */
export type TableKind = 'traps' | 'fixups' | 'origins'

/** A table in the target's memory that the handlers see. */
export interface PublishedTable {
  readonly kind: TableKind
  readonly address: Address
}

/** A target's signals, virtual. Shared by everybody who needs them; the last who lets go of them has them removed. */
export class ResidentSignals {
  private readonly published: Record<TableKind, (Address | undefined)[]> = { traps: [], fixups: [], origins: [] }
  private users = 1

  constructor(
    private readonly target: TargetProcess,
    readonly core: CoreArea,
    private readonly stubs: readonly InstalledArea[],
    private heldNs: bigint,
  ) {
    // The service's own.
    this.published.fixups.push(core.area.start)
  }

  /** How long threads were held for it, in nanoseconds; asked again, 0: it is the first user's. */
  heldByInstalling(): bigint {
    const heldNs = this.heldNs
    this.heldNs = 0n
    return heldNs
  }

  get isInUse(): boolean {
    return this.users > 0
  }

  /** One more who needs them: `remove` once more. */
  share(): this {
    assert(this.users > 0, 'what has been removed is not shared')
    this.users++
    return this
  }

  /**
   * Lets the handlers see a table, whose bytes `encodeTable` makes. It must be in the target's memory by then, and stay
   * there, unchanged, until its use has ended. Takes effect at once, for running threads too. @throws KernelError
   */
  publish(kind: TableKind, table: Address): void {
    const slots = this.published[kind]
    const free = slots.includes(undefined) ? slots.indexOf(undefined) : slots.length
    assert(free < TABLE_SLOTS, `there is room for ${TABLE_SLOTS} tables`)
    slots[free] = table
    this.core.setWord(this.target.memory, this.core.places[kind] + 8 * free, table)
  }

  /**
   * To be given to `uninstall` with the areas that hold the tables, and lead to their addresses: it hides them from the
   * handlers when no thread needs them any more.
   */
  useOf(...tables: readonly PublishedTable[]): TableUse {
    const traps = tables.filter(({ kind }) => kind === 'traps').map(({ address }) => address)
    return useOfTables(
      this.target,
      this.core,
      () => traps,
      () => {
        for (const { kind, address } of tables) this.hide(kind, address)
      },
    )
  }

  /** As the tables of an installation are published and taken back. */
  publisherOf(...tables: readonly PublishedTable[]): TablePublisher {
    return {
      publish: () => {
        for (const { kind, address } of tables) this.publish(kind, address)
      },
      use: this.useOf(...tables),
    }
  }

  private hide(kind: TableKind, table: Address): void {
    const slot = this.published[kind].indexOf(table)
    // Another publication may have failed half-way.
    if (slot < 0) return
    this.published[kind][slot] = undefined
    this.core.setWord(this.target.memory, this.core.places[kind] + 8 * slot, 0n)
  }

  /** Gives the program its signals back, once nobody needs them. @throws KernelError */
  remove(): UninstallResult {
    this.users--
    if (this.users > 0) return { heldNs: 0n, remaining: [] }
    return removeSignals(this.target, this.core, this.stubs)
  }
}
