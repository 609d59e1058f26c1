"""How a picture looks: colours for light and dark, icons. Text on every ground has a contrast of at least 4.5.

All rules are below `.aldeia-picture`, so that a page which embeds a picture keeps its own look; the page may set the variables.
"""

_LIGHT = {
    "ground": "#ffffff",
    "ink": "#1f2328",
    "quiet": "#57606a",
    "line": "#6e7781",
    "vpc": "#f6f8fa",
    "public": "#eaf3ff",
    "public-line": "#0969da",
    "box": "#ffffff",
    "compute": "#0f766e",
    "compute-fill": "#e9f7f5",
    "data": "#8250df",
    "data-fill": "#f6efff",
    "added": "#116329",
    "changed": "#7d4e00",
    "replaced": "#a40e26",
    "deleted": "#a40e26",
    "on-mark": "#ffffff",
}
_DARK = {
    "ground": "#0d1117",
    "ink": "#e6edf3",
    "quiet": "#a3adb8",
    "line": "#7d8590",
    "vpc": "#151b23",
    "public": "#10233d",
    "public-line": "#6cb6ff",
    "box": "#1c232d",
    "compute": "#4fd1c0",
    "compute-fill": "#10302f",
    "data": "#c8a4ff",
    "data-fill": "#291d42",
    "added": "#56d364",
    "changed": "#e3b341",
    "replaced": "#ff8e86",
    "deleted": "#ff8e86",
    "on-mark": "#0d1117",
}
_RULES = """
P text{font:400 12px "Helvetica Neue",Helvetica,Arial,"Liberation Sans",sans-serif;fill:var(--p-ink)}
P .name,P .label,P .heading{font-weight:600}
P .title{font-size:18px;font-weight:600}
P .line,P .subtitle,P .legend{fill:var(--p-quiet)}
P .ground{fill:var(--p-ground)}
P .frame{fill:none;stroke:var(--p-line)}
P .vpc{fill:var(--p-vpc)}
P .public{fill:var(--p-public);stroke:none}
P .private{fill:var(--p-ground);stroke:none}
P .cluster{stroke:var(--p-compute);stroke-dasharray:2 3}
P .box{fill:var(--p-box);stroke:var(--p-line)}
P .edge .box{stroke:var(--p-public-line)}
P .compute .box{fill:var(--p-compute-fill);stroke:var(--p-compute)}
P .data .box{fill:var(--p-data-fill);stroke:var(--p-data)}
P .aside .box{fill:none;stroke:var(--p-line);stroke-dasharray:5 4}
P .icon{fill:none;stroke:var(--p-quiet);stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round}
P .edge .icon{stroke:var(--p-public-line)}
P .compute .icon,P .cluster-icon .icon{stroke:var(--p-compute)}
P .data .icon{stroke:var(--p-data)}
P .arrow{fill:none;stroke:var(--p-ink);stroke-width:1.5;stroke-linejoin:round}
P .head{fill:var(--p-ink)}
P .pill{fill:var(--p-ground);stroke:var(--p-line)}
P .aside .arrow{stroke:var(--p-quiet);stroke-dasharray:5 4}
P .aside .head{fill:var(--p-quiet)}
P .aside .label{fill:var(--p-quiet)}
P .way .arrow{stroke:var(--p-public-line);stroke-width:1.25}
P .way .head{fill:var(--p-public-line)}
P .host{fill:var(--p-public-line)}
P .mark rect{stroke:none}
P .mark text{fill:var(--p-on-mark);font-size:11px;font-weight:600}
"""
_MARKS = """P .M>.box,P .M>.frame{stroke:var(--p-M);stroke-width:2.5;stroke-dasharray:none}
P .M>.arrow{stroke:var(--p-M);stroke-width:2.5}
P .M>.head,P .mark-M rect{fill:var(--p-M)}
P .M>.pill{fill:var(--p-M);stroke:none}
P .M>.label{fill:var(--p-on-mark)}
"""

# Drawn in 16 by 16.
ICONS = {
    "balancer": "M2 8h4M6 8l6-5M6 8h8M6 8l6 5M12 3h2M12 13h2",
    "box": "M2.5 3.5h11v9h-11z",
    "bucket": "M2.5 4h11l-1.5 9.5h-8zM2.5 4c0-1.500 11-1.500 11 0",
    "chart": "M2 14h12M4 11V8M7.500 11V4M11 11V6",
    "clock": "M8 2a6 6 0 1 0 .01 0M8 5v3.500l2.500 1.500",
    "container": "M8 1.500l6 3v7l-6 3-6-3v-7zM2 4.500l6 3 6-3M8 7.500v7",
    "disk": "M2.500 4c0-2.500 11-2.500 11 0v8c0 2.500-11 2.500-11 0zM2.500 4c0 2.500 11 2.500 11 0M2.500 8c0 2.500 11 2.500 11 0",
    "globe": "M8 2a6 6 0 1 0 .01 0M2 8h12M8 2c-4 3-4 9 0 12M8 2c4 3 4 9 0 12",
    "host": "M2.500 2.500h11v4.500h-11zM2.500 9h11v4.500h-11zM5 4.750h.01M5 11.250h.01",
    "key": "M5 6.500a3 3 0 1 0 .01 0M7.200 7.600L13.500 2M11 4.200l2 2",
    "plug": "M8 14v-4M4.500 6h7v1.500a3.500 2.500 0 0 1-7 0zM6 6V2.500M10 6V2.500",
    "shield": "M8 1.500l5.500 2v4c0 3.500-2.500 5.500-5.500 7-3-1.500-5.500-3.500-5.500-7v-4z",
    "subnet": "M2.500 5.500h11v8h-11zM5 5.500v-3h6v3",
}


def css() -> str:
    """The style sheet of a picture."""
    rules = _RULES + "".join(_MARKS.replace("M", mark) for mark in ("added", "changed", "replaced", "deleted"))
    return (
        f".aldeia-picture{{{_variables(_LIGHT)}}}"
        f"@media (prefers-color-scheme:dark){{.aldeia-picture{{{_variables(_DARK)}}}}}"
        + rules.replace("P ", ".aldeia-picture ")
    )


def _variables(colours: dict[str, str]) -> str:
    return ";".join(f"--p-{name}:{value}" for name, value in colours.items())
