import { nearestNames } from '../symbols/nearest-names.js'

/** `; did you mean ‘printf’?` for a name like one of those, else nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const [nearest] = nearestNames(name, names, 1)
  return nearest === undefined ? '' : `; did you mean '${nearest}'?`
}
