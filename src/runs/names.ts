import { readClock } from '../kernel/clock.js'
import type { KernelDoor } from '../kernel/door.js'
import { errorText } from '../kernel/error-text.js'
import { tryReadText } from '../kernel/files.js'
import type { FrameSymbol } from '../record/data-value.js'
import { formatTime } from '../record/format-time.js'
import type { ValueNames } from '../record/value-names.js'
import type { AttachPoint } from './attach-point.js'

/** What knows the functions of a target. */
export interface SymbolNames {
  symbolAt(address: bigint): string | undefined
  /** `isCaller`: the address is behind a call. */
  frameAt(address: bigint, isCaller: boolean): FrameSymbol | undefined
}

/** Names for numbers that a program shows. `symbols` is undefined where there is no target. */
export function namesOf(
  door: KernelDoor,
  points: readonly AttachPoint[],
  symbols: SymbolNames | undefined,
): ValueNames {
  const bootNs = readClock(door, 'real') - readClock(door, 'boot')
  let users: ReadonlyMap<string, string> | undefined
  return {
    frame: (address, isCaller) => symbols?.frameAt(address, isCaller),
    symbol: (address) => symbols?.symbolAt(address) ?? `0x${address.toString(16)}`,
    probe: (number) => points[Number(number)]?.probe ?? '',
    function: (number) => points[Number(number)]?.function ?? '',
    user: (uid) => {
      users ??= readUsers(door)
      return users.get(String(uid)) ?? String(uid)
    },
    time: (format, nanoseconds) => formatTime(format, nanoseconds + bootNs),
    error: (number) => errorText(Number(number)),
  }
}

/** passwd(5): names by number. */
function readUsers(door: KernelDoor): ReadonlyMap<string, string> {
  const lines = (tryReadText(door, '/etc/passwd') ?? '').split('\n').map((line) => line.split(':'))
  return new Map(lines.flatMap(([name, , uid]) => (name === undefined || uid === undefined ? [] : [[uid, name]])))
}
