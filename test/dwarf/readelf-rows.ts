/** A row of `readelf --debug-dump=frames-interp`: columns by register, in readelf's words (`rsp+8`, `c-16`, `u`, `exp`). */
export interface ReadelfRow {
  readonly address: number
  readonly columns: ReadonlyMap<string, string>
}

/** An FDE with its rows. Where readelf shows none, those of its CIE hold. */
export interface ReadelfFde {
  readonly start: number
  readonly end: number
  readonly isSignalFrame: boolean
  readonly rows: readonly ReadelfRow[]
}

const ENTRY =
  /^([0-9a-f]+) [0-9a-f]+ (?:[0-9a-f]+ FDE cie=([0-9a-f]+) pc=([0-9a-f]+)\.\.([0-9a-f]+)|[0-9a-f]+ CIE "(\w*)")/

interface Entry {
  readonly offset: string
  readonly cie: string | undefined
  readonly start: number
  readonly end: number
  readonly augmentation: string
  readonly rows: ReadelfRow[]
}

/** The FDEs of .eh_frame as readelf interprets them. */
export function readelfFdes(lines: readonly string[]): ReadelfFde[] {
  const cies = new Map<string, Entry>()
  const fdes: Entry[] = []
  let entry: Entry | undefined
  let header: readonly string[] = []
  for (const line of ehFrameOf(lines)) {
    const found = entryOf(line)
    if (found !== undefined) {
      entry = found
      if (found.cie === undefined) cies.set(found.offset, found)
      else fdes.push(found)
    } else if (/^\s+LOC/.test(line)) header = line.trim().split(/\s+/).slice(1)
    else if (/^[0-9a-f]{16} /.test(line)) entry?.rows.push(rowOf(line, header))
  }
  return fdes.filter(({ start, end }) => start < end).map((fde) => fdeOf(fde, cies.get(fde.cie ?? '')))
}

/** .debug_frame may follow. */
function ehFrameOf(lines: readonly string[]): readonly string[] {
  const start = lines.findIndex((line) => line.startsWith('Contents of the .eh_frame'))
  const end = lines.findIndex((line, at) => at > start && line.startsWith('Contents of the '))
  return start < 0 ? [] : lines.slice(start, end < 0 ? undefined : end)
}

function entryOf(line: string): Entry | undefined {
  const match = ENTRY.exec(line)
  if (match === null) return undefined
  const [, offset = '', cie, start = '0', end = '0', augmentation = ''] = match
  return { offset, cie, start: Number.parseInt(start, 16), end: Number.parseInt(end, 16), augmentation, rows: [] }
}

function rowOf(line: string, header: readonly string[]): ReadelfRow {
  const [address = '', ...values] = line
    .replace(/\(\w+\)/g, '')
    .trim()
    .split(/\s+/)
  return {
    address: Number.parseInt(address, 16),
    columns: new Map(header.map((name, at) => [name, values[at] ?? ''])),
  }
}

function fdeOf({ start, end, rows }: Entry, cie: Entry | undefined): ReadelfFde {
  const ofCie = (cie?.rows ?? []).map(({ columns }) => ({ address: start, columns }))
  return { start, end, isSignalFrame: cie?.augmentation.includes('S') === true, rows: rows.length > 0 ? rows : ofCie }
}
