/**
 * The hash function of keys: HalfSipHash-1-3 (Aumasson and Bernstein; the `hsiphash` of Linux), with 32
 * bits of output. Without the secret seed, an attacker cannot choose keys that collide.
 */

/** Hashes with a secret seed. */
export class KeyHash {
  readonly #k0: number;
  readonly #k1: number;

  /** @param seed two words; random by default */
  constructor(seed: Int32Array = crypto.getRandomValues(new Int32Array(2))) {
    const [k0 = 0, k1 = 0] = seed;
    this.#k0 = k0;
    this.#k1 = k1;
  }

  /** Hash of bytes `start` to `end`: 32 bits, as a signed number. */
  of(bytes: Uint8Array, start: number, end: number): number {
    let v0 = this.#k0, v1 = this.#k1, v2 = v0 ^ 0x6c796765, v3 = v1 ^ 0x74656462;
    // Each whole word takes a round. The length and the last bytes take one, and three final rounds follow.
    // One loop runs all of them, because a function for a round could not return four numbers.
    let roundsToGo = ((end - start) >>> 2) + 4;
    for (let at = start; roundsToGo > 0; roundsToGo--, at += 4) {
      let word = 0;
      if (roundsToGo > 4) {
        word = (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 |
          (bytes[at + 3] ?? 0) << 24;
      } else if (roundsToGo === 4) {
        word = (end - start) << 24;
        if (at < end) word |= bytes[at] ?? 0;
        if (at + 1 < end) word |= (bytes[at + 1] ?? 0) << 8;
        if (at + 2 < end) word |= (bytes[at + 2] ?? 0) << 16;
      } else if (roundsToGo === 3) {
        v2 ^= 0xff;
      }
      v3 ^= word;
      v0 = v0 + v1 | 0;
      v1 = (v1 << 5 | v1 >>> 27) ^ v0;
      v0 = v0 << 16 | v0 >>> 16;
      v2 = v2 + v3 | 0;
      v3 = (v3 << 8 | v3 >>> 24) ^ v2;
      v0 = v0 + v3 | 0;
      v3 = (v3 << 7 | v3 >>> 25) ^ v0;
      v2 = v2 + v1 | 0;
      v1 = (v1 << 13 | v1 >>> 19) ^ v2;
      v2 = v2 << 16 | v2 >>> 16;
      v0 ^= word;
    }
    return v1 ^ v3;
  }
}
