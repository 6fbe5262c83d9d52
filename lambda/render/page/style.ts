/** The page's style sheet. Its hash stands in the page's policy: `hashes.ts`. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --bg: #fff; --card: #f4f6f8; --ink: #17212b; --dim: #4d5a66; --line: #c9d1d9; --keep: #1f6f50; --expire: #b3410e; --held: #5b3fa8; --focus: #0b5cad; --warn: #fdf0e6; }
@media (prefers-color-scheme: dark) { :root { --bg: #12171d; --card: #1c242d; --ink: #e8edf2; --dim: #a9b6c2; --line: #3a4653; --keep: #5fc79a; --expire: #ff9a62; --held: #b9a2ff; --focus: #7cc0ff; --warn: #3a2416; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 90rem; padding: 1rem; background: var(--bg); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: .75rem 0 .25rem; }
p { margin: .25rem 0; } ul { padding-left: 1.25rem; margin: .25rem 0; } .dim { color: var(--dim); }
a { color: var(--focus); } :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.skip { position: absolute; left: -999px; } .skip:focus { position: static; }
.warn { background: var(--warn); border-left: 4px solid var(--expire); padding: .5rem 1rem; }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(10rem, 1fr)); gap: .75rem; margin: 1rem 0; }
.totals div, .chart { background: var(--card); border-radius: .5rem; padding: .75rem 1rem; }
.totals dt { color: var(--dim); } .totals dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: .75rem; }
.chart table { width: 100%; border-collapse: collapse; font-size: .9rem; } .chart caption { text-align: left; font-weight: 600; }
.chart th { text-align: left; font-weight: 400; width: 35%; } .chart td { padding: .1rem .25rem; } .chart td:last-child { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.chart svg { display: block; width: 100%; height: .8rem; } .k { fill: var(--keep); } .x { fill: none; stroke: var(--expire); stroke-width: 2; vector-effect: non-scaling-stroke; }
.axis { display: flex; justify-content: space-between; color: var(--dim); font-size: .85rem; margin: 0 .6rem; }
.lane { content-visibility: auto; contain-intrinsic-size: auto 4rem; }
.track { position: relative; height: 1.75rem; background: var(--card); border-radius: .5rem; margin: 0 0 .5rem; }
.span { position: absolute; inset: 0 .6rem; }
.mark { position: absolute; top: 50%; width: .8rem; height: .8rem; margin: -.4rem; border-radius: 50%; background: var(--keep); border: 2px solid var(--keep); }
.mark:hover, .mark:focus { z-index: 2; transform: scale(1.4); }
.mark.expire { background: var(--bg); border-color: var(--expire); } .mark.held { background: var(--held); border-color: var(--held); border-radius: 0; transform: rotate(45deg); }
.mark.aside { background: var(--dim); border-color: var(--dim); border-radius: 2px; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; } .legend .mark { position: static; display: inline-block; margin: 0 .3rem -.1rem 0; }
#tip { position: fixed; z-index: 9; max-width: min(26rem, calc(100vw - 1rem)); background: var(--ink); color: var(--bg); border-radius: .4rem; padding: .4rem .6rem; font-size: .85rem; pointer-events: none; }
form { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; margin: .5rem 0; } label { display: grid; gap: .1rem; color: var(--dim); font-size: .85rem; }
input, select, button { font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--dim); border-radius: .35rem; padding: .35rem .6rem; min-height: 2.4rem; max-width: 100%; }
button { cursor: pointer; } button:disabled { opacity: .55; cursor: default; }
.pager { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .5rem 0; }
#rows { width: 100%; border-collapse: collapse; font-size: .9rem; } #rows th, #rows td { text-align: left; vertical-align: top; padding: .35rem .5rem; border-bottom: 1px solid var(--line); }
#rows thead button { border: 0; background: none; padding: 0; min-height: 0; font-weight: 600; text-align: left; } #rows th[aria-sort=ascending] button::after { content: " \\2191"; } #rows th[aria-sort=descending] button::after { content: " \\2193"; }
#rows .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; } #rows tr.here { background: var(--warn); }
#rows th, #rows td:nth-child(n+3):nth-child(-n+8) { overflow-wrap: normal; } #rows td:nth-child(4) { white-space: nowrap; }
.v { font-weight: 600; } .v.expire { color: var(--expire); } .v.keep { color: var(--keep); } .v.held { color: var(--held); }
@media (max-width: 800px) {
  #rows, #rows tbody, #rows tr, #rows td { display: block; } #rows thead { display: flex; flex-wrap: wrap; } #rows thead tr { display: flex; flex-wrap: wrap; gap: .25rem .75rem; border: 0; padding: 0; margin: 0; } #rows thead th { border: 0; padding: .25rem 0; }
  #rows tr { border: 1px solid var(--line); border-radius: .5rem; margin: 0 0 .75rem; padding: .4rem; } #rows td, #rows .n { border: 0; padding: .1rem .25rem; text-align: left; white-space: normal; } #rows td::before { content: attr(data-label) ": "; color: var(--dim); }
  .chart th { width: 45%; } label, label > * { width: 100%; }
}
@media print { form, .pager, .skip, #tip { display: none; } body { max-width: none; font-size: 9pt; } #rows tr, .lane, .chart { break-inside: avoid; } .mark, .track, .k { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
