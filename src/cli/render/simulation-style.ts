/** The look of a simulation's page. */
export const simulationStyle = `
:root { color-scheme: light dark; --ink: #1c2430; --dim: #5c6877; --paper: #fbfbf9; --card: #ffffff; --line: #dfe3e8;
  --good: #1a7f4b; --bad: #b3261e; --c0: #2563c9; --c1: #c2571a; --c2: #1a7f4b; --c3: #8a3ffc; --c4: #b28600; --c5: #d12771; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --dim: #98a3b3; --paper: #12161c; --card: #1a2029; --line: #2c3542;
  --good: #4cc38a; --bad: #ff7a70; --c0: #7aa7ff; --c1: #ffa066; --c2: #4cc38a; --c3: #c4a1ff; --c4: #e3c04d; --c5: #ff7eb6; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 860px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; margin: 0 0 4px; } h1 span { color: var(--dim); font-weight: 400; }
h2 { font-size: 18px; margin: 36px 0 10px; } h3 { font-size: 13px; margin: 0; color: var(--dim); font-weight: 600; }
.lead, .small { color: var(--dim); } .lead { margin: 0 0 16px; } .small { font-size: 13px; margin: 0; }
.notes { color: var(--dim); font-size: 13px; padding-left: 18px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 14px; }
.tile { background: var(--card); border: 1px solid var(--line); border-left-width: 4px; border-radius: 8px; padding: 14px 16px; }
.tile p { margin: 2px 0 0; } .tile b { font-size: 26px; font-variant-numeric: tabular-nums; margin-right: 4px; }
.tile.good { border-left-color: var(--good); } .tile.good b { color: var(--good); }
.tile.bad { border-left-color: var(--bad); } .tile.bad b { color: var(--bad); }
figure { margin: 0 0 14px; background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px; }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--line); stroke-width: 1; } .axis { fill: var(--dim); font-size: 12px; }
.curve { fill: none; stroke: currentColor; stroke-width: 2.2; stroke-linejoin: round; }
.curve.dashed { stroke-dasharray: 6 5; opacity: .85; }
.legend { list-style: none; margin: 8px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; color: var(--ink); }
.legend i { display: inline-block; width: 22px; border-top: 3px solid currentColor; margin-right: 6px; vertical-align: middle; }
.legend i.dashed { border-top-style: dashed; }
.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
`;
