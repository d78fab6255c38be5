import { type Address, address, offsetBy, PAGE_SIZE, type Vaddr } from '../bytes/address.js'
import type { ElfImage } from '../elf/elf-image.js'
import { parseLoadedElf } from '../elf/loaded-elf.js'
import { parseElf } from '../elf/parse-elf.js'
import { PT } from '../elf/program-headers.js'
import { call, type KernelDoor } from '../kernel/door.js'
import { identify, O_RDONLY, openFile, readFile } from '../kernel/files.js'
import { KernelError } from '../kernel/kernel-error.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import type { Memory } from './memory.js'
import type { Mapping } from './memory-map.js'

/** ELF header, program headers and, usually, the build id. */
const COMPARED_BYTES = 4096

/** An ELF file that is mapped into the target. */
export interface MappedModule {
  /** As the target names it. */
  readonly path: string
  readonly mappings: readonly Mapping[]
  readonly start: Address
  readonly end: Address
}

/** A module whose file has been read. `address = vaddr + bias`. */
export interface LoadedModule extends MappedModule {
  readonly image: ElfImage
  readonly bias: bigint
}

/** The files that are mapped with an executable part, in order of address. */
export function findModules(maps: readonly Mapping[]): MappedModule[] {
  const files = new Map<string, Mapping[]>()
  for (const mapping of maps) {
    if (!mapping.path.startsWith('/') || mapping.inode === 0n) continue
    const key = `${mapping.device} ${mapping.inode} ${mapping.path}`
    const known = files.get(key)
    if (known === undefined) files.set(key, [mapping])
    else known.push(mapping)
  }
  return [...files.values()].filter((mappings) => mappings.some(isText)).map(moduleOf)
}

function isText(mapping: Mapping): boolean {
  return mapping.executable && !mapping.shared
}

function moduleOf(mappings: readonly Mapping[]): MappedModule {
  const [first] = mappings
  const last = mappings.at(-1)
  return { path: first?.path ?? '', mappings, start: first?.start ?? address(0), end: last?.end ?? address(0) }
}

/** Reads a module's file and finds out where it was loaded. */
export function loadModule(door: KernelDoor, memory: Memory, module: MappedModule): LoadedModule | Refusal {
  const bytes = readModuleFile(door, memory, module)
  return isRefusal(bytes) ? bytes : placed(module, parseElf(bytes))
}

/**
 * The same from the target's memory, for a module whose file is gone and out of reach. It has no sections then, and no
 * symbols but those of its dynamic symbol table.
 */
export function loadModuleFromMemory(memory: Memory, module: MappedModule): LoadedModule | Refusal {
  return placed(
    module,
    parseLoadedElf(module.start, (start, size) => memory.tryRead(start, size)),
  )
}

function placed(module: MappedModule, image: ElfImage | Refusal): LoadedModule | Refusal {
  if (isRefusal(image)) return refuse(image.code, `${module.path}: ${image.because}`)
  const bias = biasOf(image, module)
  if (bias === undefined)
    return refuse('malformed-elf', `${module.path} is mapped in a way that its program headers do not describe`)
  return { ...module, ...loadedRange(image, bias), image, bias }
}

/** The file by its path in the target's mount namespace; where that is another file by now, by the mapping itself. */
function readModuleFile(door: KernelDoor, memory: Memory, module: MappedModule): Uint8Array | Refusal {
  const [first] = module.mappings
  if (first === undefined) return refuse('file-unavailable', `${module.path} is not mapped`)
  const range = `${first.start.toString(16)}-${first.end.toString(16)}`
  const ways = [
    `/proc/${memory.pid}/root${module.path}`,
    `/proc/${memory.pid}/map_files/${range}`,
    `/proc/${memory.pid}/exe`,
  ]
  for (const path of ways) {
    const bytes = readIfSame(door, memory, first, path)
    if (bytes !== undefined) return bytes
  }
  return refuse(
    'file-unavailable',
    `${module.path} has been deleted or replaced since process ${memory.pid} mapped it, and reading the mapped file needs CAP_CHECKPOINT_RESTORE`,
  )
}

function readIfSame(door: KernelDoor, memory: Memory, first: Mapping, path: string): Uint8Array | undefined {
  const identity = identify(door, path)
  if (identity === undefined || !startsLikeMapping(door, memory, first, path)) return undefined
  return readFile(door, path, identity.size)
}

/** Compares the file with what is mapped: device numbers lie on some file systems, and inodes are used again. */
function startsLikeMapping(door: KernelDoor, memory: Memory, first: Mapping, path: string): boolean {
  const mapped = memory.tryRead(first.start, COMPARED_BYTES)
  try {
    using file = openFile(door, path, O_RDONLY)
    const bytes = Buffer.alloc(mapped.length)
    const args = [file.fd, bytes, bytes.length, first.fileOffset]
    return call(door, { name: 'pread64', args, purpose: path }) === mapped.length && bytes.equals(mapped)
  } catch (error) {
    if (error instanceof KernelError) return false
    throw error
  }
}

function biasOf(image: ElfImage, module: MappedModule): bigint | undefined {
  for (const mapping of module.mappings.filter(isText)) {
    const segment = image.segments.find(
      ({ type, executable, fileOffset, fileSize }) =>
        type === PT.LOAD &&
        executable &&
        mapping.fileOffset < fileOffset + fileSize &&
        mapping.fileOffset >= fileOffset - (fileOffset % PAGE_SIZE),
    )
    if (segment !== undefined) return mapping.start - BigInt(segment.vaddr + mapping.fileOffset - segment.fileOffset)
  }
  return undefined
}

/** What the loader mapped: a program may map parts of the same file once more elsewhere. */
function loadedRange(image: ElfImage, bias: bigint): { readonly start: Address; readonly end: Address } {
  const loaded = image.segments.filter(({ type }) => type === PT.LOAD)
  const start = Math.min(...loaded.map(({ vaddr }) => vaddr))
  const end = Math.max(...loaded.map(({ vaddr, memorySize }) => vaddr + memorySize))
  return { start: offsetBy(address(bias), start), end: offsetBy(address(bias), end) }
}

export function addressOf(module: LoadedModule, vaddr: Vaddr): Address {
  return offsetBy(address(module.bias), vaddr)
}
