// Old syntax on purpose: this file and run.js must load on any Node, if only to say that it is too old.

/**
 * What is wrong with a Node version (`v24.15.0`), or null. Holds the same rule as `engines` in package.json:
 * ^22.22.2 || ^24.15.0 || >=26.
 *
 * @param {string} version
 * @returns {string | null}
 */
export function nodeVersionProblem(version) {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version);
  const major = parts === null ? 0 : Number(parts[1]);
  const minor = parts === null ? 0 : Number(parts[2]);
  const patch = parts === null ? 0 : Number(parts[3]);
  if (major >= 26) return null;
  if (major === 24 && minor >= 15) return null;
  if (major === 22 && (minor > 22 || (minor === 22 && patch >= 2))) return null;
  return (
    "Error: Node.js " +
    version +
    " cannot run iotctl; it needs 22.22.2 or later, 24.15 or later, or 26 and up.\n" +
    "Code: IOT_NODE_TOO_OLD\n" +
    "Try: npx --package node@24 --package iotctl iotctl --version"
  );
}
