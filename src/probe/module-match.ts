import { compileGlob } from '../symbols/glob.js'

/** What the kernel puts behind the path of a file that was deleted or replaced while it is mapped. */
const DELETED = ' (deleted)'

/** musl's C library is its dynamic linker; users know it as libc. */
const muslLibc = /^(?:ld-musl-[\w-]+\.so\.1|libc\.musl-[\w-]+\.so\.1)$/

/** Distributions with a merged /usr keep these as links into /usr, and the kernel shows the place that is linked to. */
const usrMerged = /^\/(?=(?:bin|sbin|lib|lib32|lib64|libx32)\/)/

/**
 * The name by which users know a module: `libc` for `libc.so.6`, `libc-2.36.so` and musl's `ld-musl-x86_64.so.1`,
 * `libstdc++` for `libstdc++.so.6.0.30`, the file name for an executable.
 */
export function shortModuleName(path: string): string {
  const file = fileName(path)
  if (muslLibc.test(file)) return 'libc'
  const stem = /^(.+?)\.so(?:\.[\w.]+)?$/.exec(file)?.[1]
  if (stem === undefined) return file
  // Only where the version is not behind `.so`: in `libglib-2.0.so.0` the 2.0 is part of the name.
  return file.endsWith('.so') ? stem.replace(/-\d+(?:\.\d+)*$/, '') : stem
}

/**
 * Whether the module part of a pattern names the module at `path`. A name with a leading `/` is a glob over the path; one
 * with another `/` over its last components; any other is the short name or the file name.
 */
export function matchesModule(module: string, path: string): boolean {
  const clean = withoutDeleted(path)
  if (module.startsWith('/')) return matchesPath(withUsr(module), withUsr(clean))
  const relative = module.replace(/^(?:\.{1,2}\/)+/, '')
  if (relative.includes('/')) return tails(clean).some((tail) => matchesPath(relative, tail))
  if (relative !== module) return matchesFile(relative, fileName(clean))
  return matchesGlob(module, shortModuleName(clean)) || matchesFile(module, fileName(clean))
}

function matchesPath(glob: string, path: string): boolean {
  const cut = glob.lastIndexOf('/')
  const [directory, file] = [path.slice(0, path.lastIndexOf('/')), fileName(path)]
  return (
    matchesGlob(glob, path) || (matchesGlob(glob.slice(0, cut), directory) && matchesFile(glob.slice(cut + 1), file))
  )
}

/** Links carry less of the version than the files they point to: `libz.so.1` is `libz.so.1.2.13`, or `libz-1.2.13.so`. */
function matchesFile(glob: string, file: string): boolean {
  if (matchesGlob(glob, file)) return true
  if (!/\.so(?:\.\d+)*$/.test(glob)) return false
  return file.startsWith(`${glob}.`) || (isVersionedStem(file) && shortModuleName(glob) === shortModuleName(file))
}

function isVersionedStem(file: string): boolean {
  return /-\d+(?:\.\d+)*\.so$/.test(file)
}

function tails(path: string): string[] {
  const parts = path.split('/')
  return parts.map((_, at) => parts.slice(at).join('/'))
}

function withUsr(path: string): string {
  return path.replace(usrMerged, '/usr/')
}

function withoutDeleted(path: string): string {
  return path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path
}

function fileName(path: string): string {
  return withoutDeleted(path).slice(withoutDeleted(path).lastIndexOf('/') + 1)
}

function matchesGlob(glob: string, text: string): boolean {
  return compileGlob(glob)(text)
}
