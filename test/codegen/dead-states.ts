import type { DeadState } from '../../src/codegen/x64/preserve.js'
import { x64 } from '../../src/isa/x64/x64.js'

/** All sets of up to `most` registers, rsp among them, and the set of all. */
function registerSets(most: number): number[][] {
  const every = Array.from({ length: 16 }, (_, register) => register)
  let sets: number[][] = [[]]
  for (let size = 1; size <= most; size++) {
    const longer = sets.filter((set) => set.length === size - 1)
    sets = [...sets, ...longer.flatMap((set) => every.slice((set.at(-1) ?? -1) + 1).map((next) => [...set, next]))]
  }
  return [...sets, every]
}

/** Every combination of dead registers, dead flags and red zone: three registers are all that code can tell apart. */
export function deadStates(mostRegisters = 3): DeadState[] {
  return registerSets(mostRegisters).flatMap((deadRegisters) =>
    [true, false].flatMap((flagsDead) => [0, 128].map((redZone) => ({ deadRegisters, flagsDead, redZone }))),
  )
}

export function inWords({ deadRegisters, flagsDead, redZone }: DeadState): string {
  const names = deadRegisters.map((register) => x64.registerNames[register])
  return `dead: ${[...names, ...(flagsDead ? ['flags'] : [])].join(' ')}; red zone of ${redZone}`
}
