/** A decoder with a fault behind three octets, each looked at when the one before is right: what guidance by blocks is for. */
export function planted(octets: Uint8Array): number {
  if (octets[0] !== 0x7b) return 0;
  if (octets[1] !== 0x21) return 1;
  if (octets[2] !== 0x3c) return 2;
  throw new Error("The planted fault");
}
