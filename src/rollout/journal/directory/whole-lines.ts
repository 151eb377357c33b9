import { closeSync, openSync, readSync } from "node:fs";

export interface Line {
  /** Without its line feed. */
  readonly text: string;
  readonly startByte: number;
  /** Behind its line feed. */
  readonly endByte: number;
}

const chunkBytes = 256 * 1024;
/** Far more than a look at a million devices comes to, and less than a string may hold. */
export const lineBytesMax = 256 * 1024 * 1024;

/** The lines of a file from a byte on, as far as each ends with a line feed. Throws what the file system throws. */
export function* wholeLines(file: string, fromByte: number, maxBytes = lineBytesMax): Generator<Line> {
  const descriptor = openSync(file, "r");
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    let startByte = fromByte;
    let begun: Buffer[] = [];
    let begunBytes = 0;
    for (;;) {
      const read = chunk.subarray(0, readSync(descriptor, chunk, 0, chunkBytes, startByte + begunBytes));
      if (read.length === 0) return;
      let from = 0;
      for (let feed = read.indexOf("\n"); feed !== -1; feed = read.indexOf("\n", from)) {
        const line = Buffer.concat([...begun, read.subarray(from, feed)]);
        const endByte = startByte + line.length + 1;
        yield { text: line.toString("utf8"), startByte, endByte };
        [startByte, from, begun, begunBytes] = [endByte, feed + 1, [], 0];
      }
      begun.push(Buffer.from(read.subarray(from)));
      begunBytes += read.length - from;
      if (begunBytes > maxBytes) throw new Error(`a line of ${file} is longer than ${maxBytes} bytes`);
    }
  } finally {
    closeSync(descriptor);
  }
}
