import type { Address } from '../../bytes/address.js'
import { TABLE_SLOTS } from '../../codegen/x64/signals/handler-listing.js'
import type { TargetProcess } from '../target-process.js'
import type { TableUse } from '../uninstall.js'
import type { CoreArea } from './core-area.js'
import { publishedTraps, stillPlanted } from './planted-traps.js'
import { handling } from './settle-handlers.js'

/**
 * The use that the resident handlers make of some tables. Ends when no thread is in a handler or about to be, and no int3
 * that needs one of the `traps` is in the text.
 */
export function useOfTables(
  target: TargetProcess,
  core: CoreArea,
  traps: () => readonly Address[],
  hide: () => void,
): TableUse {
  return {
    end(held, stacks) {
      if (handling(target, core, held, stacks).size > 0 || stillPlanted(target.memory, traps()) !== undefined)
        return false
      hide()
      return true
    },
    handling: (held, stacks) => handling(target, core, held, stacks),
  }
}

/** Of a killed tracer's tables. */
export function useOfAllTables(target: TargetProcess, core: CoreArea): TableUse {
  const { memory } = target
  const { traps, origins, fixups } = core.places
  return useOfTables(
    target,
    core,
    () => publishedTraps(memory, core),
    () => {
      for (let slot = 0; slot < TABLE_SLOTS; slot++) {
        core.setWord(memory, traps + 8 * slot, 0n)
        core.setWord(memory, origins + 8 * slot, 0n)
        // The first is the service's own.
        if (slot > 0) core.setWord(memory, fixups + 8 * slot, 0n)
      }
    },
  )
}
