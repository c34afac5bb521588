"""Plots as SVG, by hand: horizontal bars on a logarithmic scale, and small charts of curves."""
import math
from xml.sax.saxutils import escape

COLOURS = {"ours": "#c8401a", "nodes": "#e0916f", "limit": "#7a8794", "peer": "#3a6ea5", "reference": "#b9c2cb"}
KINDS = {"ours": "Troupe", "nodes": "Troupe, two nodes", "limit": "raw limit", "peer": "peer", "reference": "inside one process"}


def text(x, y, what, anchor="start", size=12, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" {more}>{escape(what)}</text>'


def line(x1, y1, x2, y2, colour="#dde2e6"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def document(width, height, parts):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
    return "\n".join([head + 'font-family="sans-serif" fill="#222">', f'<rect width="{width}" height="{height}" fill="#fff"/>',
                      *parts, "</svg>"]) + "\n"


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Log:
    """Maps values to places: decades from the one below the smallest to the one above the largest."""

    def __init__(self, values, start, length):
        self.first = math.floor(math.log10(min(values)) - 1e-9)
        self.last = max(math.ceil(math.log10(max(values)) + 1e-9), self.first + 1)
        self.start, self.length = start, length

    def __call__(self, value):
        return self.start + self.length * (math.log10(value) - self.first) / (self.last - self.first)

    def decades(self):
        return [10.0**e for e in range(self.first, self.last + 1)]


def bars(title, unit, better, entries):
    """`entries`: objects with name, kind and value, in the order to be shown."""
    entries = [e for e in entries if e.value > 0]
    left, width, step, top = 210, 760, 20, 58
    bottom = top + step * len(entries)
    at = Log([e.value for e in entries], left, width - left - 80)
    parts = [text(12, 22, f"{title} ({unit}, {better} is better)", size=15, more='font-weight="bold"')]
    x = 12
    for kind in (k for k in COLOURS if any(e.kind == k for e in entries)):
        parts += [f'<rect x="{x}" y="33" width="11" height="11" fill="{COLOURS[kind]}"/>', text(x + 16, 43, KINDS[kind], size=11)]
        x += 40 + 7 * len(KINDS[kind])
    for value in at.decades():
        parts += [line(at(value), top - 4, at(value), bottom), text(at(value), bottom + 16, number(value), "middle", 11)]
    for i, e in enumerate(entries):
        y = top + step * i
        weight = 'font-weight="bold"' if e.kind == "ours" else ""
        parts += [text(left - 8, y + 13, e.name, "end", more=weight),
                  f'<rect x="{left}" y="{y + 2}" width="{max(at(e.value) - left, 1):.1f}" height="{step - 5}" '
                  f'fill="{COLOURS[e.kind]}"/>',
                  text(at(e.value) + 6, y + 13, number(e.value), more=weight)]
    return document(width, bottom + 28, parts)


def curves(title, x_label, charts):
    """A grid of small charts, both axes logarithmic. `charts`: (title, {x: y})."""
    columns, width, height = 3, 290, 200
    parts = [text(12, 22, title, size=15, more='font-weight="bold"')]
    charts = [(name, {x: y for x, y in curve.items() if y > 0}) for name, curve in charts]
    charts = [(name, curve) for name, curve in charts if curve]
    for i, (name, curve) in enumerate(charts):
        left, top = 10 + i % columns * width, 40 + i // columns * height
        parts += chart(left, top, width, height, name, x_label, curve)
    rows = math.ceil(len(charts) / columns)
    return document(20 + columns * width, 50 + rows * height, parts)


def chart(left, top, width, height, title, x_label, curve):
    x0, y0, x1, y1 = left + 56, top + height - 40, left + width - 24, top + 24
    across, up = Log(list(curve), x0, x1 - x0), Log(list(curve.values()), y0, y1 - y0)
    parts = [text(left + 4, top + 12, title, size=12)]
    for value in up.decades():
        parts += [line(x0, up(value), x1, up(value)), text(x0 - 5, up(value) + 4, number(value), "end", 10)]
    for value in across.decades():
        parts += [line(across(value), y0, across(value), y1), text(across(value), y0 + 14, number(value), "middle", 10)]
    points = [(across(x), up(y)) for x, y in sorted(curve.items())]
    parts.append(f'<polyline fill="none" stroke="{COLOURS["ours"]}" stroke-width="2" points="'
                 + " ".join(f"{x:.1f},{y:.1f}" for x, y in points) + '"/>')
    for (x, y), value in zip(points, (y for _, y in sorted(curve.items()))):
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS["ours"]}"/>',
                  text(x, y - 6, number(value), "middle", 10)]
    return parts + [text((x0 + x1) / 2, y0 + 28, x_label, "middle", 10)]
