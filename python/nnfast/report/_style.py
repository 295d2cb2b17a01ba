"""The page's style: one for phones and desks, for light and dark, and for paper."""

STYLE = """
:root { color-scheme: light dark;
  --paper: #ffffff; --card: #f6f7f9; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0;
  --first: #0072b2; --second: #c04c00; --bad: #b3261e;
  --on: #000000; --full: #ffffff; --cell: 0, 105, 170; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14171b; --card: #1d2127; --ink: #e8eaed; --soft: #a3abb5; --line: #3a414a;
  --first: #56b4e9; --second: #f0a050; --bad: #ff8a80;
  --on: #e8eaed; --full: #ffffff; --cell: 36, 115, 178; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 16px; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 1.5rem 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; padding-top: .5rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; max-width: 75ch; overflow-wrap: anywhere; }
.soft, figcaption, caption, dt { color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; margin: 1rem 0;
  list-style: none; }
a { color: var(--first); }
:focus-visible { outline: 2px solid var(--first); outline-offset: 2px; }
.tiles { display: grid; gap: 12px; margin: 1rem 0; padding: 0;
  grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 14px; display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.tiles dt { font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; }
dl:not(.tiles) { display: grid; gap: .35rem 1.5rem; margin: .75rem 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); }
dl:not(.tiles) div { display: flex; gap: .75rem; align-items: baseline; }
dl:not(.tiles) dt { flex: 0 0 7.5rem; font-size: .9rem; }
dl:not(.tiles) dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.grid { display: grid; gap: 16px; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
.beside { display: grid; gap: 0 24px; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); }
figure { margin: 0; padding: 12px; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; min-width: 0; }
figcaption { font-size: .9rem; margin-bottom: 6px; }
figcaption b { color: var(--ink); }
svg.chart { display: block; width: 100%; max-width: 520px; height: auto; margin: 0 auto; }
.chart text { fill: var(--soft); font-size: 12px; font-family: inherit; }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.first { stroke: var(--first); } .line.second { stroke: var(--second); stroke-dasharray: 6 3; }
.point.first { fill: var(--first); } .point.second { fill: var(--second); }
.guide { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 3 4; fill: none; }
.dots { stroke: var(--first); stroke-width: 3.5; stroke-linecap: round; stroke-opacity: .5; }
.dots.few { stroke-width: 5; stroke-opacity: .6; }
.bar { fill: var(--first); } .faint { fill: var(--soft); fill-opacity: .3; }
.key { display: inline-block; width: 22px; height: 0; vertical-align: middle; margin: 0 4px 0 10px;
  border-top: 3px solid var(--first); }
.key.second { border-top: 3px dashed var(--second); }
.wide { overflow-x: auto; max-width: 100%; margin: .75rem 0; }
table { border-collapse: collapse; min-width: min(100%, 300px);
  font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 6px; font-size: .9rem; }
th, td { padding: 5px 14px 5px 0; text-align: left; border-bottom: 1px solid var(--line);
  vertical-align: middle; }
thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; }
tbody th { font-weight: 500; max-width: 16rem; overflow-wrap: break-word; }
.number, .lines td { white-space: nowrap; }
.number { text-align: right; }
.spark { width: 80px; height: 20px; display: block; fill: var(--first); }
.track { display: block; width: min(28vw, 340px); height: 12px; border-radius: 3px;
  background: var(--card); border: 1px solid var(--line); }
.track span { display: block; height: 100%; border-radius: 2px; background: var(--first); }
.track span.less { background: var(--second); }
.confusion td { background: rgba(var(--cell), var(--depth, 0)); color: var(--on); }
.confusion td, .confusion thead th { text-align: center; padding: 0 2px; min-width: 29px;
  height: 29px;
  border: 1px solid var(--line); font-size: 12px; }
.confusion tbody th { padding: 0 8px 0 0; text-align: right; border: 0; white-space: nowrap;
  max-width: 9rem; overflow: hidden; text-overflow: ellipsis; }
.confusion thead th { border: 0; max-width: 6rem; overflow: hidden; text-overflow: ellipsis;
  padding: 0 3px; }
.confusion .full { color: var(--full); }
.map { width: min(100%, 260px); height: auto; display: block; fill: var(--first);
  margin: .75rem 0; }
.map .frame { fill: none; stroke: var(--line); stroke-width: .1; }
.pictures { display: grid; gap: 12px; padding: 0; margin: .75rem 0; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); }
.pictures li { font-size: .82rem; line-height: 1.35; overflow-wrap: anywhere; }
.pictures img { display: block; width: 100%; max-width: 128px; height: auto; border-radius: 4px;
  image-rendering: pixelated; border: 1px solid var(--line); margin-bottom: 4px; }
.true { color: var(--first); font-weight: 600; } .said { color: var(--bad); font-weight: 600; }
.architecture { color: var(--soft); margin: .75rem 0; padding: 0 14px; overflow: hidden; }
.architecture svg { display: block; margin: 0 auto; overflow: visible; }
details { margin: .75rem 0; } summary { cursor: pointer; color: var(--first); }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .88em;
  overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .85rem; padding-top: 2rem; padding-bottom: 2rem; }
@media (max-width: 480px) { th, td { padding-right: 8px; } table { font-size: .84rem; } }
@media print { nav { display: none; } figure { break-inside: avoid; } }
"""
