"""How the page looks: colours for light and dark, a phone's width, paper. Pure."""

LIGHT = {
    "paper": "#ffffff",
    "panel": "#f4f5f7",
    "ink": "#1b1f24",
    "quiet": "#535b66",
    "line": "#c9ced6",
    "new": "#0a5cc2",
    "old": "#5f6773",
    "bad": "#b3261e",
    "good": "#17692f",
    "odd": "#7a5200",
}
DARK = {
    "paper": "#14171b",
    "panel": "#1e2329",
    "ink": "#e6e9ed",
    "quiet": "#a3acb8",
    "line": "#3a424d",
    "new": "#6fb3ff",
    "old": "#a7b0bc",
    "bad": "#ff8f86",
    "good": "#73d795",
    "odd": "#f0c04f",
}
"""Words are written in ink, quiet, bad, good and odd, on paper and on panels: 4.5 to 1 at least."""


def _palette(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())


_RULES = """
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
 font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main,header,footer{max-width:68rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.25rem}
h1{font-size:1.35rem;line-height:1.3;margin:.4rem 0 .6rem;font-weight:600}
h2{font-size:1.1rem;margin:2rem 0 .6rem}
h3{font-size:1.05rem;margin:0;display:inline}
article p{margin:.35rem 0}.named{display:flex;flex-wrap:wrap;gap:.2rem .7rem;align-items:center}
.named .verdict{font-size:.85rem;border-width:1.5px}
h1,h2,h3,p,dd,li,summary,pre{overflow-wrap:anywhere}
td{overflow-wrap:break-word;max-width:26rem}
.verdict{display:inline-block;font-weight:700;letter-spacing:.02em;padding:.15rem .6rem;
 border:2px solid currentColor;border-radius:.4rem}
.bad{color:var(--bad)}.good{color:var(--good)}.odd{color:var(--odd)}.quiet{color:var(--quiet)}
.next{border-left:.3rem solid var(--new);background:var(--panel);padding:.6rem .9rem;
 border-radius:0 .4rem .4rem 0;margin:1rem 0}
.next b{display:block;font-size:.85rem;color:var(--quiet);font-weight:600}
code{font:.92em/1.4 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;
 background:var(--panel);border:1px solid var(--line);border-radius:.25rem;padding:0 .25em;
 user-select:all;-webkit-user-select:all;overflow-wrap:anywhere}
.next code{background:var(--paper)}
dl{display:grid;grid-template-columns:minmax(5rem,auto) 1fr;gap:.15rem .9rem;margin:.6rem 0}
dt{color:var(--quiet)}dd{margin:0;min-width:0}
article{border:1px solid var(--line);border-radius:.5rem;padding:.8rem 1rem;margin:0 0 1rem}
article.failed{border-left:.3rem solid var(--bad)}
pre{background:var(--panel);border-radius:.4rem;padding:.6rem .8rem;margin:.4rem 0;
 font:.85rem/1.45 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;
 white-space:pre-wrap}
details{margin:.5rem 0}summary{cursor:pointer;color:var(--quiet)}
summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--new);outline-offset:2px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.875rem;min-width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .7rem .25rem 0;
 border-bottom:1px solid var(--line)}
th{color:var(--quiet);font-weight:600}
.lane{display:grid;grid-template-columns:3.2rem minmax(0,1fr);column-gap:.4rem;margin:.3rem 0 .2rem;
 font-size:.8rem}
.lane>span{color:var(--quiet);line-height:14px;font-size:.75rem;align-self:start;padding-top:1px}
.held{margin-top:.9rem}
.row{padding:.3rem 0;border-top:1px solid var(--line);display:grid;align-items:center;
 grid-template-columns:minmax(0,15rem) minmax(0,1fr);column-gap:1rem;font-size:.9rem}
.row .lane{margin:0}.row details{grid-column:1/-1;margin:.1rem 0}
.row .lane.held{margin-top:.9rem}.scale{padding:0}
svg{display:block;overflow:visible;font:11px/1 system-ui,-apple-system,"Segoe UI",Roboto,
 "DejaVu Sans",sans-serif}
figure{margin:.7rem 0}
.marks{margin:.3rem 0 0;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;
 font-size:.85rem}
.legend{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;list-style:none;padding:0;
 margin:.2rem 0 .8rem;font-size:.85rem;color:var(--quiet)}
.legend svg{display:inline-block;vertical-align:-2px;margin-right:.35rem}
text{fill:var(--quiet);paint-order:stroke;stroke:var(--paper);stroke-width:3px;
 stroke-linejoin:round}
.grid{stroke:var(--line)}
.run-new{fill:var(--new)}.wait-new{fill:var(--new);fill-opacity:.22;stroke:var(--new)}
.run-old{fill:var(--panel);stroke:var(--old);stroke-width:1.5}
.wait-old{fill:none;stroke:var(--old);stroke-dasharray:2 2}
.death{fill:var(--bad);font-weight:700;font-size:14px}
.cause{fill:var(--bad);font-weight:600}
.mark{stroke:var(--ink);stroke-width:1}
.disc{fill:var(--paper);stroke:var(--ink)}.digit{fill:var(--ink);font-weight:600;font-size:10px}
.held-new,.held-old,.held-both{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}
.held-new{stroke:var(--new)}.held-old{stroke:var(--old);stroke-dasharray:7 3}
.held-both{stroke:var(--ink);stroke-width:1.25;stroke-dasharray:2 3}
.limit{stroke:var(--bad);stroke-width:1.25;stroke-dasharray:10 4}
.limit-text{fill:var(--bad)}
footer{color:var(--quiet);font-size:.85rem;padding-top:1rem;padding-bottom:2rem}
@media (max-width:44rem){.row{grid-template-columns:minmax(0,1fr)}}
@media (max-width:30rem){
 body{font-size:15px}main,header,footer{padding-left:.7rem;padding-right:.7rem}
 article{padding:.6rem .7rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.35rem}
}
@media print{
 body{font-size:11pt;background:#fff}article,.row{break-inside:avoid}
 details::details-content{content-visibility:visible;height:auto}
 .scroll{overflow:visible}
}
"""

CSS = (
    f":root{{color-scheme:light dark;{_palette(LIGHT)}}}\n"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{_palette(DARK)}}}}}"
    f"{_RULES}"
)
