import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that package.json is in: tests run from the compiled tree below it. */
export const repositoryRoot = findRoot(dirname(fileURLToPath(import.meta.url)))

export function repositoryFile(path: string): string {
  return join(repositoryRoot, path)
}

export function readRepositoryFile(path: string): string {
  return readFileSync(repositoryFile(path), 'utf8')
}

/** Files below the given folders, as sorted paths from the root. */
export function filesBelow(folders: readonly string[], ending: string): string[] {
  return folders
    .filter((folder) => existsSync(repositoryFile(folder)))
    .flatMap((folder) =>
      readdirSync(repositoryFile(folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .filter((path) => path.endsWith(ending))
    .sort()
}

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  if (parent === folder) throw new Error('no package.json above the tests')
  return findRoot(parent)
}
