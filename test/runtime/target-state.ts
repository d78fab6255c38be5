import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

interface Range {
  /** The line of /proc/PID/maps. */
  readonly line: string
  readonly start: bigint
  readonly size: number
  readonly executable: boolean
  readonly anonymous: boolean
}

/** What ring3 must leave as it was: the bytes of all text, and the mappings. */
export interface TargetState {
  readonly pid: number
  readonly ranges: readonly Range[]
  readonly text: ReadonlyMap<string, Buffer>
}

/** Begins every area of ring3, and so tells one that was left behind. */
const areaMark = Buffer.from('ring3\0', 'latin1')

const mapsLine = /^([0-9a-f]+)-([0-9a-f]+) (\S+) [0-9a-f]+ \S+ (\d+)\s*(.*)$/

function parseRange(shown: string): Range | undefined {
  const line = shown.replace(/ \(deleted\)$/, '') // a file may go while it is mapped
  const [, from, to, permissions, inode, path] = mapsLine.exec(line) ?? []
  if (from === undefined || to === undefined || path === '[vsyscall]') return undefined
  const start = BigInt(`0x${from}`)
  return {
    line,
    start,
    size: Number(BigInt(`0x${to}`) - start),
    executable: permissions?.[2] === 'x',
    anonymous: inode === '0' && path !== '[vdso]',
  }
}

function rangesOf(pid: number): readonly Range[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')
  return lines.flatMap((line) => parseRange(line) ?? [])
}

function readRange(memory: number, range: Range, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let done = 0; done < size; ) {
    const got = readSync(memory, bytes, done, size - done, range.start + BigInt(done))
    if (got === 0) throw new Error(`cannot read ${range.line}`)
    done += got
  }
  return bytes
}

/** Reads from the target's memory while `use` lasts. */
function withMemory<T>(pid: number, use: (memory: number) => T): T {
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    return use(memory)
  } finally {
    closeSync(memory)
  }
}

/** Executable memory without a file: a compiler's in the target (V8) or an area of ring3. */
function isLoose(range: Range): boolean {
  return range.executable && range.anonymous
}

export function captureState(pid: number): TargetState {
  const ranges = rangesOf(pid)
  const text = withMemory(pid, (memory) => {
    const fixed = ranges.filter((range) => range.executable && !range.anonymous)
    return new Map(fixed.map((range) => [range.line, readRange(memory, range, range.size)]))
  })
  return { pid, ranges, text }
}

/** An area of ring3: code, and the data that belongs to it. */
export interface FoundArea {
  readonly code: bigint
  readonly data: bigint
}

/** Where the header of an area says where its data is (src/target/manifest.ts). */
const dataAddressOffset = 32

/** The areas that ring3 has in the target now. */
export function findAreas(pid: number): readonly FoundArea[] {
  return withMemory(pid, (memory) =>
    rangesOf(pid)
      .filter((range) => isLoose(range) && / r/.test(range.line))
      .map((range) => ({ code: range.start, header: readRange(memory, range, dataAddressOffset + 8) }))
      .filter(({ header }) => header.subarray(0, areaMark.length).equals(areaMark))
      .map(({ code, header }) => ({ code, data: header.readBigUInt64LE(dataAddressOffset) })),
  )
}

/** Those areas whose data is still mapped. Only right for programs that map nothing new meanwhile. */
export function remainingData(pid: number, areas: readonly FoundArea[]): readonly string[] {
  const ranges = rangesOf(pid)
  const holds = (range: Range, at: bigint): boolean => range.start <= at && at < range.start + BigInt(range.size)
  return areas.flatMap(({ data }) => {
    const range = ranges.find((candidate) => holds(candidate, data))
    return range === undefined ? [] : [`data of an area is left: ${range.line}`]
  })
}

function textDifference(line: string, before: Buffer, after: Buffer | undefined): readonly string[] {
  if (after === undefined || before.equals(after)) return []
  const first = before.findIndex((byte, at) => byte !== after[at])
  const count = before.reduce((sum, byte, at) => sum + (byte === after[at] ? 0 : 1), 0)
  const was = before.subarray(first, first + 8).toString('hex')
  const is = after.subarray(first, first + 8).toString('hex')
  return [`text of ${line} differs in ${count} bytes, first at +0x${first.toString(16)}: ${was} became ${is}`]
}

/** Ranges that the program itself does not change once it has started. */
function fixedLines(ranges: readonly Range[], hasCompiler: boolean): ReadonlySet<string> {
  const fixed = ranges.filter((range) => !range.anonymous || (range.executable && !hasCompiler))
  return new Set(fixed.filter((range) => !/ rw-s | r--s /.test(range.line)).map((range) => range.line))
}

/** Sentences about what is not as it was. Data that the program itself maps and unmaps is left out of account. */
export function stateDifferences(before: TargetState, after = captureState(before.pid)): readonly string[] {
  const hasCompiler = before.ranges.some(isLoose)
  const was = fixedLines(before.ranges, hasCompiler)
  const is = fixedLines(after.ranges, hasCompiler)
  return [
    ...[...was].filter((line) => !is.has(line)).map((line) => `mapping gone: ${line}`),
    ...[...is].filter((line) => !was.has(line)).map((line) => `mapping new: ${line}`),
    ...[...before.text].flatMap(([line, bytes]) => textDifference(line, bytes, after.text.get(line))),
    ...findAreas(before.pid).map(({ code }) => `an area of ring3 is left at 0x${code.toString(16)}`),
  ]
}
