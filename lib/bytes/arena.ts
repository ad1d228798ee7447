/**
 * Memory outside of V8's heap, in blocks: the garbage collector never looks at what lies here.
 *
 * Two-level segregated fit (TLSF: Masmano, Ripoll, Crespo and Real, 2004). Free blocks are listed by
 * size, sizes of one list differ by less than 1/32, and bitmaps tell which lists are not empty. So
 * allocating and freeing take the same short time however many blocks there are. A block's size is
 * rounded up to where a list begins (above 504 bytes, that is up to 3%), so that what one leaves suits
 * the next of about its size.
 *
 * Memory comes in segments of 32 MiB. The system gives pages only where they are written to, so the
 * untouched rest of a segment costs nothing. All segments share one set of lists. One that becomes
 * wholly free is given back, unless little of it was ever in use: then it is kept for the next block, so that
 * a few blocks that come and go cost no segment each time. What "little" is can be chosen; then `tidy`
 * is to be called now and then, which gives back what was kept and is not needed.
 *
 * A block too large for them has a segment of its own, which goes with it. Smaller ones may have one, too
 * (`aloneBytes`): in a shared one, what a large block leaves stays in memory as long as any small one is there.
 * Only 64 of them, though, since each takes a number. No segment is smaller than others: what is smaller, the C
 * library may take from a heap that it cannot give back as long as anything lies behind.
 *
 * Counted in units of 8 bytes, a segment is
 *
 *     1 unit, unused (so that no block has the address 0)
 *     blocks, one behind the other
 *     1 unit, header of an empty block that is not free
 *
 * and a block, counted in words of 4 bytes, little-endian as the machine:
 *
 *     in use:  header, payload
 *     free:    header, address of next in list, of previous in list, ..., units
 *     free, one unit only (in no list):  header, units
 *
 *     header = units * 4 + (2 if the block before is free) + (1 if this one is free)
 *
 * No two free blocks lie side by side. An address is a 32-bit number, signed: the unit of the header
 * (22 bits), then the number of the segment (10 bits). So there is room for 32 GiB.
 */

const UNIT_BYTES = 8;
/** What a block takes beside its payload, before its size is rounded up. */
export const HEADER_BYTES = 4;

/** In an address, the unit is above these. */
const SEGMENT_BITS = 10;
const SEGMENT_MASK = (1 << SEGMENT_BITS) - 1;
const MAX_SEGMENTS = 1 << SEGMENT_BITS;
const SEGMENT_UNITS = 1 << 32 - SEGMENT_BITS;

/** Units of the one free block of a segment that is wholly free. */
const FREE_SEGMENT_UNITS = SEGMENT_UNITS - 2;

/** In a header. */
const FREE = 1, AFTER_FREE = 2, UNITS_SHIFT = 2;

/** Lists of each power of two: 32. */
const SPLIT_BITS = 5;
const LISTS = listOf(FREE_SEGMENT_UNITS) + 1;

/** Most that a fresh segment is sure to have: the smallest size of the list that its block is in. */
const MAX_SHARED_UNITS = 63 << 16;

/** Segments of single blocks, beyond which only a block too large for a shared one gets its own. */
const MAX_DEDICATED = 64;

/** In place of how far such a segment was in use. */
const DEDICATED = -1;

/** Most that a header can tell. */
const MAX_UNITS = 2 ** 30 - 1;

const MIB = 2 ** 20;

/** A free segment of which no more than this was ever in use costs so little that it is always kept. */
const ALWAYS_RETAINED_UNITS = MIB / UNIT_BYTES;

/** A free segment of which so many times more was in use once than is now is not kept any longer. */
const SURPLUS_RATIO = 2;

/** What an arena may do. */
export interface ArenaOptions {
  /** How many segments there may be at once (default: as many as have addresses). */
  readonly maxSegments?: number;
  /** A segment of which no more than this was ever in use is kept when it is free, in bytes (default: 1 MiB). */
  readonly retainedBytes?: number;
  /** From this size on, a block has a segment of its own, in bytes (default: where it fits in no other). */
  readonly dedicatedBytes?: number;
}

const NO_WORDS = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);

/** Bytes that a block takes in all. */
export function blockBytes(payloadBytes: number): number {
  return unitsFor(payloadBytes) * UNIT_BYTES;
}

/** Where a block's payload begins in the words of its segment. */
export function wordIndex(address: number): number {
  return (address >>> SEGMENT_BITS << 1) + 1;
}

/** Where a block's payload begins in the bytes of its segment. */
export function byteIndex(address: number): number {
  return (address >>> SEGMENT_BITS << 3) + HEADER_BYTES;
}

/** Blocks of memory, known by their addresses; 0 is the address of none. */
export class Arena {
  readonly #words: Int32Array[] = [];
  readonly #bytes: Uint8Array<ArrayBuffer>[] = [];
  /** Numbers of segments that were given back. */
  readonly #unusedNumbers: number[] = [];
  /** First block of each list. */
  readonly #heads = new Int32Array(LISTS);
  /** A bit for each list that is not empty, 32 in a word; and one for each word that is not 0. */
  readonly #maps = new Int32Array((LISTS + 31) >>> 5);
  #mapOfMaps = 0;
  #usedUnits = 0;
  #reservedUnits = 0;
  #freeSegments = 0;
  /** Blocks with segments of their own. */
  #dedicatedBlocks = 0;
  /** How far any segment was in use since the last `tidy`, in units from its beginning. */
  #recentHighUnits = 0;
  /** How far each segment was ever in use, in units from its beginning. */
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

  /** Bytes of all segments; what was never touched of them takes no memory. */
  get reservedBytes(): number {
    return this.#reservedUnits * UNIT_BYTES;
  }

  /**
   * A block; what its payload holds is arbitrary.
   *
   * @throws RangeError where there is no memory, or no address, for it
   */
  allocate(payloadBytes: number): number {
    const address = this.tryAllocate(payloadBytes);
    if (address !== 0) return address;
    throw new RangeError(
      `there is no memory for ${payloadBytes} bytes more than the ${this.reservedBytes} that are there`,
    );
  }

  /** A block as from `allocate`, or 0 where there is no memory for it. */
  tryAllocate(payloadBytes: number): number {
    const units = unitsFor(payloadBytes);
    const mayBeAlone = units >= this.#dedicatedUnits && this.#dedicatedBlocks < MAX_DEDICATED;
    if (mayBeAlone || units > MAX_SHARED_UNITS) return this.#allocateDedicated(units);
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
      const touchedUnits = this.#highUnits[address & SEGMENT_MASK] ?? 0;
      if (touchedUnits > this.#retainedUnits || this.#freeSegments > 0) {
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
   * Gives back memory that is free and was not in use since the last call, and sees to it that there is a
   * segment: where the system has no more memory, there is still room in it. To be called now and then.
   */
  trim(): void {
    const recentUnits = Math.max(this.#recentHighUnits, ALWAYS_RETAINED_UNITS);
    this.#recentHighUnits = 0;
    const whole = this.#findFreeSegment();
    if (whole === 0) {
      if (this.#reservedUnits === 0) this.#addSegment();
    } else if ((this.#highUnits[whole & SEGMENT_MASK] ?? 0) > SURPLUS_RATIO * recentUnits) {
      // The other one first: where there is no memory for it, this one stays.
      if (this.#addSegment() === 0) return;
      this.#unlink(this.segmentWords(whole), whole, FREE_SEGMENT_UNITS);
      this.#freeSegments--;
      this.#releaseSegment(whole);
    }
  }

  /** The one block of a segment that is wholly free; 0 where there is none. */
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

  /** The words of the segment that a block is in; its payload begins at `wordIndex`. */
  segmentWords(address: number): Int32Array {
    return this.#words[address & SEGMENT_MASK] ?? NO_WORDS;
  }

  /** The bytes of the segment that a block is in; its payload begins at `byteIndex`. */
  segmentBytes(address: number): Uint8Array<ArrayBuffer> {
    return this.#bytes[address & SEGMENT_MASK] ?? NO_BYTES;
  }

  /** The first bytes of a block's payload, as an array of their own; good until the block is freed. */
  payload(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.segmentBytes(address).buffer, byteIndex(address), length);
  }

  /** The first list at or behind one that is not empty; -1 where all are empty. */
  #findList(list: number): number {
    if (list >= LISTS) return -1;
    const map = (this.#maps[list >>> 5] ?? 0) & (-1 << (list & 31));
    if (map !== 0) return (list & ~31) + lowestBit(map);
    const maps = this.#mapOfMaps & (-2 << (list >>> 5));
    if (maps === 0) return -1;
    const at = lowestBit(maps);
    return (at << 5) + lowestBit(this.#maps[at] ?? 0);
  }

  /** Puts the first units of a free block to use; the rest stays free. */
  #useBlock(address: number, units: number): void {
    const words = this.segmentWords(address);
    const at = headerIndex(address);
    const found = (words[at] ?? 0) >>> UNITS_SHIFT;
    if (found === FREE_SEGMENT_UNITS) this.#freeSegments--;
    this.#unlink(words, address, found);
    const endUnit = (address >>> SEGMENT_BITS) + units;
    const number = address & SEGMENT_MASK;
    if (endUnit > this.#recentHighUnits) this.#recentHighUnits = endUnit;
    if (endUnit > (this.#highUnits[number] ?? 0)) this.#highUnits[number] = endUnit;
    // No free block lies before a free one, so the header needs no flag.
    words[at] = units << UNITS_SHIFT;
    if (found > units) this.#setFree(words, addressAfter(address, units), found - units);
    else words[at + 2 * units] = (words[at + 2 * units] ?? 0) & ~AFTER_FREE;
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

  /** Adds a segment, and gives the address of its one free block; 0 where there is no memory. */
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

  /** A block with a segment of its own; 0 where there is no memory. */
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

  /** Number of a new segment; -1 where there is none to be had. */
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
    // The memory goes back at once; otherwise it would wait for the garbage collector.
    buffer.transfer(0);
    this.#words[number] = NO_WORDS;
    this.#bytes[number] = NO_BYTES;
    this.#unusedNumbers.push(number);
  }
}

/** Units of a block, its size rounded up to where a list begins: then any block of that list will do. */
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

/** The address so many units behind another. */
function addressAfter(address: number, units: number): number {
  return address + (units << SEGMENT_BITS) | 0;
}

function headerIndex(address: number): number {
  return address >>> SEGMENT_BITS << 1;
}

/** Sizes of a list differ in the lowest bits only, so many: none up to 63 units. */
function shiftOf(units: number): number {
  return Math.max(0, 31 - SPLIT_BITS - Math.clz32(units));
}

/** The list that a free block is in. */
function listOf(units: number): number {
  const shift = shiftOf(units);
  return (shift << SPLIT_BITS) + (units >>> shift);
}

function lowestBit(map: number): number {
  return 31 - Math.clz32(map & -map);
}
