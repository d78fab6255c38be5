import type { Attached } from './session-types.js'

/** What two attachments did together. */
export function joinAttached(one: Attached, other: Attached): Attached {
  const mechanisms: Record<string, number> = { ...one.mechanisms }
  for (const [name, probes] of Object.entries(other.mechanisms)) mechanisms[name] = (mechanisms[name] ?? 0) + probes
  return {
    probes: one.probes + other.probes,
    mechanisms,
    refused: [...one.refused, ...other.refused],
    passedOver: [...one.passedOver, ...other.passedOver],
    stoppedNs: one.stoppedNs + other.stoppedNs,
    setupNs: one.setupNs + other.setupNs,
  }
}
