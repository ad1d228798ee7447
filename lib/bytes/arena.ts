/**
 * An allocator for memory outside of V8's heap: the garbage collector never visits its blocks.
 *
 * The algorithm is two-level segregated fit (TLSF: Masmano, Ripoll, Crespo and Real, 2004). Free blocks
 * are in lists by size, sizes of one list differ by less than 1/32, and bitmaps mark the lists that are
 * not empty. So allocating and freeing take the same short time, however many blocks there are. A block's
 * size is rounded up to the smallest size of a list (above 504 bytes, by up to 3%). Then a freed block
 * fits the next request of about its size.
 *
 * Memory comes in segments of 32 MiB. The system provides pages when they are first written, so the
 * untouched rest of a segment costs nothing. All segments share one set of lists. A segment that becomes
 * free returns to the system, unless it was hardly used (`retainedBytes`): then one such segment is
 * retained, so that a few short-lived blocks do not cost a segment each time. `trim`, called regularly,
 * releases the retained segment if it is larger than needed.
 *
 * A block that is too large for a shared segment has a dedicated one, which is released with it. Smaller
 * blocks from `dedicatedBytes` on have one, too: in a shared segment, the memory of a large freed block
 * stays until the segment has no block at all. An arena has at most 64 dedicated segments of that kind,
 * because each takes a segment number. No segment is smaller than 32 MiB: the C library may take smaller
 * ones from a heap that it cannot shrink.
 *
 * Counted in units of 8 bytes, a segment is
 *
 *     1 unit, unused (so no block has the address 0)
 *     blocks, one after the other
 *     1 unit, header of an empty block in use
 *
 * and a block, counted in words of 4 bytes, little-endian like the machine:
 *
 *     in use:  header, payload
 *     free:    header, address of next in list, of previous in list, ..., units
 *     free, one unit only (in no list):  header, units
 *
 *     header = units * 4 + (2 if the block before is free) + (1 if this one is free)
 *
 * Free blocks are never adjacent. An address is a signed 32-bit number: the unit of the header (22 bits),
 * then the number of the segment (10 bits). So an arena has at most 32 GiB.
 *
 * One file because all of it works on one memory layout, and most of its lines run for each allocation.
 */

const UNIT_BYTES = 8;
/** Bytes of a block beside its payload, before its size is rounded up. */
export const HEADER_BYTES = 4;

/** The lowest bits of an address, for the segment's number. */
const SEGMENT_BITS = 10;
const SEGMENT_MASK = (1 << SEGMENT_BITS) - 1;
const MAX_SEGMENTS = 1 << SEGMENT_BITS;
const SEGMENT_UNITS = 1 << 32 - SEGMENT_BITS;

/** Units of the one free block of a free segment. */
const FREE_SEGMENT_UNITS = SEGMENT_UNITS - 2;

/** Bits of a header. */
const FREE = 1, AFTER_FREE = 2, UNITS_SHIFT = 2;

/** There are 32 lists for each power of two. */
const SPLIT_BITS = 5;
const LISTS = listOf(FREE_SEGMENT_UNITS) + 1;

/** Largest block that always fits in a new segment: the smallest size of the list of its free block. */
const MAX_SHARED_UNITS = 63 << 16;

/** Dedicated segments of blocks that would fit in a shared one, at most. */
const MAX_DEDICATED = 64;

/** Marks a dedicated segment in `#highUnits`. */
const DEDICATED = -1;

/** Largest number of units in a header. */
const MAX_UNITS = 2 ** 30 - 1;

const MIB = 2 ** 20;

/** A free segment that was never used beyond this costs so little that it is always retained. */
const ALWAYS_RETAINED_UNITS = MIB / UNIT_BYTES;

/** A retained segment is released if its high-water mark is more than this many times the recent one. */
const SURPLUS_RATIO = 2;

/** Settings of an arena. */
interface ArenaOptions {
  /** Maximum number of segments (default: as many as addresses allow). */
  readonly maxSegments?: number;
  /** A free segment that was never used beyond this is retained, in bytes (default: 1 MiB). */
  readonly retainedBytes?: number;
  /** Blocks from this size on have a dedicated segment, in bytes (default: those that fit in no shared one). */
  readonly dedicatedBytes?: number;
}

const NO_WORDS = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);

/** Bytes of a block for a payload, header and rounding included. */
export function blockBytes(payloadBytes: number): number {
  return unitsFor(payloadBytes) * UNIT_BYTES;
}

/** Index of a block's payload in the words of its segment. */
export function wordIndex(address: number): number {
  return (address >>> SEGMENT_BITS << 1) + 1;
}

/** Index of a block's payload in the bytes of its segment. */
export function byteIndex(address: number): number {
  return (address >>> SEGMENT_BITS << 3) + HEADER_BYTES;
}

/** Blocks of memory, identified by their addresses; 0 is no address. */
export class Arena {
  readonly #words: Int32Array[] = [];
  readonly #bytes: Uint8Array<ArrayBuffer>[] = [];
  /** Numbers of released segments. */
  readonly #unusedNumbers: number[] = [];
  /** First block of each list. */
  readonly #heads = new Int32Array(LISTS);
  /** A bit for each list that is not empty, 32 in a word; `#mapOfMaps` has a bit for each word that is not 0. */
  readonly #maps = new Int32Array((LISTS + 31) >>> 5);
  #mapOfMaps = 0;
  #usedUnits = 0;
  #reservedUnits = 0;
  #freeSegments = 0;
  /** Number of blocks in dedicated segments. */
  #dedicatedBlocks = 0;
  /** High-water mark of all segments since the last `trim`, in units from their beginning. */
  #recentHighUnits = 0;
  /** High-water mark of each segment, in units from its beginning; or `DEDICATED`. */
  readonly #highUnits: number[] = [];
  readonly #maxSegments: number;
  readonly #retainedUnits: number;
  readonly #dedicatedUnits: number;

  constructor(
    { maxSegments = MAX_SEGMENTS, retainedBytes = MIB, dedicatedBytes = Infinity }: ArenaOptions =
      {},
  ) {
    this.#maxSegments = Math.min(maxSegments, MAX_SEGMENTS);
    this.#retainedUnits = retainedBytes / UNIT_BYTES;
    this.#dedicatedUnits = dedicatedBytes / UNIT_BYTES;
  }

  /** Bytes of all blocks in use, headers included. */
  get usedBytes(): number {
    return this.#usedUnits * UNIT_BYTES;
  }

  /** Bytes of all segments. Parts that were never touched take no memory. */
  get reservedBytes(): number {
    return this.#reservedUnits * UNIT_BYTES;
  }

  /**
   * Allocates a block. Its payload has arbitrary content.
   *
   * @throws RangeError if there is no memory, or no address, for it
   */
  allocate(payloadBytes: number): number {
    const address = this.tryAllocate(payloadBytes);
    if (address !== 0) return address;
    throw new RangeError(
      `there is no memory for ${payloadBytes} bytes more than the ${this.reservedBytes} that are reserved`,
    );
  }

  /** Allocates a block like `allocate`; 0: there is no memory for it. */
  tryAllocate(payloadBytes: number): number {
    const units = unitsFor(payloadBytes);
    const isLarge = units >= this.#dedicatedUnits && this.#dedicatedBlocks < MAX_DEDICATED;
    if (isLarge || units > MAX_SHARED_UNITS) return this.#allocateDedicated(units);
    const list = this.#findList(listOf(units));
    const address = list < 0 ? this.#addSegment() : this.#heads[list] ?? 0;
    if (address === 0) return 0;
    this.#usedUnits += units;
    this.#useBlock(address, units);
    return address;
  }

  /** Frees a block that is in use. */
  free(address: number): void {
    const words = this.segmentWords(address);
    const header = words[headerIndex(address)] ?? 0;
    let units = header >>> UNITS_SHIFT;
    this.#usedUnits -= units;
    if (this.#highUnits[address & SEGMENT_MASK] === DEDICATED) {
      this.#dedicatedBlocks--;
      return this.#releaseSegment(address);
    }
    const next = words[headerIndex(addressAfter(address, units))] ?? 0;
    if ((next & FREE) !== 0) {
      this.#unlink(words, addressAfter(address, units), next >>> UNITS_SHIFT);
      units += next >>> UNITS_SHIFT;
    }
    if ((header & AFTER_FREE) !== 0) {
      const before = words[headerIndex(address) - 1] ?? 0;
      address = addressAfter(address, -before);
      units += before;
      this.#unlink(words, address, before);
    }
    if (units === FREE_SEGMENT_UNITS) {
      const highUnits = this.#highUnits[address & SEGMENT_MASK] ?? 0;
      if (highUnits > this.#retainedUnits || this.#freeSegments > 0) {
        return this.#releaseSegment(address);
      }
      this.#freeSegments++;
    }
    this.#setFree(words, address, units);
    words[headerIndex(addressAfter(address, units))] =
      (words[headerIndex(addressAfter(address, units))] ?? 0) |
      AFTER_FREE;
  }

  /**
   * Releases the retained segment if it was hardly used since the last call, and ensures that there is at
   * least one segment: it has room even if the system has no more memory. Call it regularly.
   */
  trim(): void {
    const recentHighUnits = Math.max(this.#recentHighUnits, ALWAYS_RETAINED_UNITS);
    this.#recentHighUnits = 0;
    const retained = this.#findFreeSegment();
    if (retained === 0) {
      if (this.#reservedUnits === 0) this.#addSegment();
    } else if ((this.#highUnits[retained & SEGMENT_MASK] ?? 0) > SURPLUS_RATIO * recentHighUnits) {
      // The new segment comes first: without memory for it, the retained one stays.
      if (this.#addSegment() === 0) return;
      this.#unlink(this.segmentWords(retained), retained, FREE_SEGMENT_UNITS);
      this.#freeSegments--;
      this.#releaseSegment(retained);
    }
  }

  /** Address of the one block of a free segment; 0: no segment is free. */
  #findFreeSegment(): number {
    if (this.#freeSegments === 0) return 0;
    for (let number = 0; number < this.#words.length; number++) {
      const address = firstAddress(number);
      const header = this.segmentWords(address)[headerIndex(address)] ?? 0;
      if (header === (FREE_SEGMENT_UNITS << UNITS_SHIFT | FREE)) return address;
    }
    return 0;
  }

  /** Bytes of a block in use, its header included. */
  blockSizeAt(address: number): number {
    const header = this.segmentWords(address)[headerIndex(address)] ?? 0;
    return (header >>> UNITS_SHIFT) * UNIT_BYTES;
  }

  /** The words of a block's segment; its payload begins at `wordIndex`. */
  segmentWords(address: number): Int32Array {
    return this.#words[address & SEGMENT_MASK] ?? NO_WORDS;
  }

  /** The bytes of a block's segment; its payload begins at `byteIndex`. */
  segmentBytes(address: number): Uint8Array<ArrayBuffer> {
    return this.#bytes[address & SEGMENT_MASK] ?? NO_BYTES;
  }

  /** A view of the first bytes of a block's payload, valid until the block is freed. */
  payload(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.segmentBytes(address).buffer, byteIndex(address), length);
  }

  /** The first list that is not empty, from the given one on; -1: all of them are empty. */
  #findList(list: number): number {
    if (list >= LISTS) return -1;
    const map = (this.#maps[list >>> 5] ?? 0) & (-1 << (list & 31));
    if (map !== 0) return (list & ~31) + lowestBit(map);
    const maps = this.#mapOfMaps & (-2 << (list >>> 5));
    if (maps === 0) return -1;
    const at = lowestBit(maps);
    return (at << 5) + lowestBit(this.#maps[at] ?? 0);
  }

  /** Splits a free block: its first units are in use, the rest stays free. */
  #useBlock(address: number, units: number): void {
    const words = this.segmentWords(address);
    const at = headerIndex(address);
    const freeUnits = (words[at] ?? 0) >>> UNITS_SHIFT;
    if (freeUnits === FREE_SEGMENT_UNITS) this.#freeSegments--;
    this.#unlink(words, address, freeUnits);
    const endUnit = (address >>> SEGMENT_BITS) + units;
    const number = address & SEGMENT_MASK;
    if (endUnit > this.#recentHighUnits) this.#recentHighUnits = endUnit;
    if (endUnit > (this.#highUnits[number] ?? 0)) this.#highUnits[number] = endUnit;
    // The block before a free one is in use, so the header needs no flag.
    words[at] = units << UNITS_SHIFT;
    if (freeUnits > units) {
      this.#setFree(words, addressAfter(address, units), freeUnits - units);
    } else words[at + 2 * units] = (words[at + 2 * units] ?? 0) & ~AFTER_FREE;
  }

  #setFree(words: Int32Array, address: number, units: number): void {
    const at = headerIndex(address);
    words[at] = units << UNITS_SHIFT | FREE;
    words[at + 2 * units - 1] = units;
    if (units === 1) return;
    const list = listOf(units);
    const next = this.#heads[list] ?? 0;
    words[at + 1] = next;
    words[at + 2] = 0;
    if (next !== 0) this.segmentWords(next)[headerIndex(next) + 2] = address;
    this.#heads[list] = address;
    this.#maps[list >>> 5] = (this.#maps[list >>> 5] ?? 0) | 1 << (list & 31);
    this.#mapOfMaps |= 1 << (list >>> 5);
  }

  #unlink(words: Int32Array, address: number, units: number): void {
    if (units === 1) return;
    const at = headerIndex(address);
    const next = words[at + 1] ?? 0, previous = words[at + 2] ?? 0;
    if (next !== 0) this.segmentWords(next)[headerIndex(next) + 2] = previous;
    if (previous !== 0) {
      this.segmentWords(previous)[headerIndex(previous) + 1] = next;
      return;
    }
    const list = listOf(units);
    this.#heads[list] = next;
    if (next !== 0) return;
    const map = this.#maps[list >>> 5] = (this.#maps[list >>> 5] ?? 0) & ~(1 << (list & 31));
    if (map === 0) this.#mapOfMaps &= ~(1 << (list >>> 5));
  }

  /** Adds a shared segment and returns the address of its free block; 0: there is no memory. */
  #addSegment(): number {
    const number = this.#allocateSegment(SEGMENT_UNITS);
    if (number < 0) return 0;
    const address = firstAddress(number);
    const words = this.segmentWords(address);
    words[headerIndex(addressAfter(address, FREE_SEGMENT_UNITS))] = AFTER_FREE;
    this.#setFree(words, address, FREE_SEGMENT_UNITS);
    this.#freeSegments++;
    return address;
  }

  /** Allocates a block in a dedicated segment; 0: there is no memory. */
  #allocateDedicated(units: number): number {
    const number = this.#allocateSegment(Math.max(1 + units, SEGMENT_UNITS));
    if (number < 0) return 0;
    const address = firstAddress(number);
    this.segmentWords(address)[headerIndex(address)] = units << UNITS_SHIFT;
    this.#highUnits[number] = DEDICATED;
    this.#dedicatedBlocks++;
    this.#usedUnits += units;
    return address;
  }

  /** Allocates a segment and returns its number; -1: there is no memory or no number. */
  #allocateSegment(units: number): number {
    if (units > MAX_UNITS) return -1;
    if (this.#unusedNumbers.length === 0 && this.#words.length >= this.#maxSegments) return -1;
    let buffer: ArrayBuffer;
    try {
      buffer = new ArrayBuffer(units * UNIT_BYTES);
    } catch (error) {
      if (error instanceof RangeError) return -1;
      throw error;
    }
    const number = this.#unusedNumbers.pop() ?? this.#words.length;
    this.#highUnits[number] = 0;
    this.#words[number] = new Int32Array(buffer);
    this.#bytes[number] = new Uint8Array(buffer);
    this.#reservedUnits += units;
    return number;
  }

  #releaseSegment(address: number): void {
    const number = address & SEGMENT_MASK;
    const { buffer } = this.segmentBytes(address);
    this.#reservedUnits -= buffer.byteLength / UNIT_BYTES;
    // Releases the memory at once, without waiting for the garbage collector.
    buffer.transfer(0);
    this.#words[number] = NO_WORDS;
    this.#bytes[number] = NO_BYTES;
    this.#unusedNumbers.push(number);
  }
}

/** Units of a block, rounded up to the smallest size of a list: then any block of that list fits. */
function unitsFor(payloadBytes: number): number {
  const units = Math.floor((payloadBytes + HEADER_BYTES + UNIT_BYTES - 1) / UNIT_BYTES);
  if (units > MAX_SHARED_UNITS) return units;
  const step = 1 << shiftOf(units);
  return (units + step - 1) & -step;
}

/** The address of the first block of a segment. */
function firstAddress(segment: number): number {
  return 1 << SEGMENT_BITS | segment;
}

/** The address some units behind another one. */
function addressAfter(address: number, units: number): number {
  return address + (units << SEGMENT_BITS) | 0;
}

function headerIndex(address: number): number {
  return address >>> SEGMENT_BITS << 1;
}

/** Number of the lowest bits in which sizes of one list may differ: 0 up to 63 units. */
function shiftOf(units: number): number {
  return Math.max(0, 31 - SPLIT_BITS - Math.clz32(units));
}

/** The list of a free block. */
function listOf(units: number): number {
  const shift = shiftOf(units);
  return (shift << SPLIT_BITS) + (units >>> shift);
}

function lowestBit(map: number): number {
  return 31 - Math.clz32(map & -map);
}
