import { readClock } from '../kernel/clock.js'
import type { KernelDoor } from '../kernel/door.js'
import { errorText } from '../kernel/error-text.js'
import { tryReadText } from '../kernel/files.js'
import { formatTime } from '../record/format-time.js'
import type { ValueNames } from '../record/value-names.js'
import type { AttachPoint } from './attach-point.js'

/** Names for numbers that a program shows. `symbolAt` knows the target's functions. */
export function namesOf(
  door: KernelDoor,
  points: readonly AttachPoint[],
  symbolAt: (address: bigint) => string | undefined,
): ValueNames {
  const bootNs = readClock(door, 'real') - readClock(door, 'boot')
  let users: ReadonlyMap<string, string> | undefined
  return {
    symbol: (address) => symbolAt(address) ?? `0x${address.toString(16)}`,
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
