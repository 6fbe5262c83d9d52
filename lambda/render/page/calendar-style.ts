/**
 * The style sheet of the page of a simulation, and the hash by which the page's policy lets it through. A test fails
 * when it is stale.
 */
export const CALENDAR_STYLE = `
:root { color-scheme: light dark; --bg: #fff; --card: #f4f6f8; --ink: #17212b; --dim: #4d5a66; --line: #c9d1d9; --keep: #1f6f50; --on: #fff; }
@media (prefers-color-scheme: dark) { :root { --bg: #12171d; --card: #1c242d; --ink: #e8edf2; --dim: #a9b6c2; --line: #3a4653; --keep: #5fc79a; --on: #10211a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 1rem; background: var(--bg); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; } p { margin: .25rem 0; } .dim { color: var(--dim); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } caption { text-align: left; font-weight: 600; } caption span { font-weight: 400; color: var(--dim); }
th { font-weight: 400; color: var(--dim); } .list th, .list td { text-align: left; padding: .1rem .75rem .1rem 0; } .list td.n { text-align: right; }
.months { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18.5rem), 1fr)); gap: 1.25rem; align-items: start; margin: 1rem 0; } .months table { width: 100%; max-width: 20rem; table-layout: fixed; }
.months td, .months th { text-align: center; padding: .1rem 0; height: 1.9rem; } .months td { color: var(--dim); } .months td.none { color: var(--line); }
.months td.kept { background: var(--keep); color: var(--on); border: 2px solid var(--bg); border-radius: .4rem; font-weight: 600; white-space: nowrap; overflow-wrap: normal; } .months small { font-size: .75em; }
.mark { display: inline-block; min-width: 1.5rem; text-align: center; background: var(--keep); color: var(--on); border-radius: .3rem; font-weight: 600; }
svg { display: block; width: 100%; min-width: 5rem; height: .8rem; } rect { fill: var(--keep); } .list { width: 100%; max-width: 40rem; } .list .bar { width: 50%; }
.wide { overflow-x: auto; } .wide .list { width: auto; } .wide thead th { text-align: right; vertical-align: bottom; } a { color: inherit; }
`;

export const CALENDAR_STYLE_HASH = 'sha256-7oPvp2WZkDYTJAQaUw7G9J054b2najQEs0X9YinWS7g=';
